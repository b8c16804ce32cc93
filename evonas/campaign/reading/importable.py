"""Makes the user's own modules importable."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def importable(folder: str | Path) -> Iterator[None]:
    """While it lasts, modules in ``folder`` and in the current folder can be imported; ``folder`` comes first.

    That is how ``name: my_spaces.MySpace`` in a campaign finds ``my_spaces.py`` beside the campaign file or where the
    command is typed. The folders stand behind everything installed, so that a file called ``random.py`` beside a
    campaign cannot take the place of the standard library's. Worker processes started while it lasts take the search
    path over. Modules that were imported stay imported, as always in Python: two campaigns of one process cannot each
    have their own ``my_spaces.py``.
    """
    added = [path for path in dict.fromkeys((str(Path(folder).resolve()), str(Path.cwd()))) if path not in sys.path]
    sys.path.extend(added)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        for path in added:
            if path in sys.path:
                sys.path.remove(path)
