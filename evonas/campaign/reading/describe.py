"""Parts of a campaign as plain values, so that a changed campaign can be told from the one that was begun."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evonas.campaign.reading.specification import Component


def described(part: object) -> Any:
    """What is journalled of a part: a component's mapping, a callable's name and source, an object's plain fields."""
    if part is None:
        return None
    if isinstance(part, str):
        return {"name": part}
    if isinstance(part, Component):
        return part.resolved()
    if isinstance(part, Mapping):
        return {str(key): _plain(value) for key, value in part.items()}
    if inspect.isroutine(part) or inspect.isclass(part):
        return _callable(part)
    kind = type(part)
    fields = {
        name: _plain(value)
        for name, value in sorted(_fields(part).items())
        if not name.startswith("_") and is_plain(value)
    }
    own = {"function": _callable(value)} if callable(value := _fields(part).get("function")) else {}
    return {"name": f"{kind.__module__}.{kind.__qualname__}", **fields, **own}


def _fields(part: object) -> dict[str, Any]:
    slots = [name for kind in type(part).__mro__ for name in getattr(kind, "__slots__", ())]
    return {**{name: getattr(part, name, None) for name in slots}, **getattr(part, "__dict__", {})}


def _callable(part: Any) -> dict[str, Any]:
    name = f"{getattr(part, '__module__', '')}.{getattr(part, '__qualname__', type(part).__qualname__)}"
    try:
        source = hashlib.sha256(inspect.getsource(part).encode()).hexdigest()[:16]
    except (OSError, TypeError):
        return {"name": name}
    return {"name": name, "source": source}


def file_contents(path: Path) -> Any:
    """What is journalled of a file that a component reads: its JSON, or the SHA-256 of anything else.

    Raises:
        OSError: It cannot be read.
    """
    held = path.read_bytes()
    try:
        return json.loads(held)
    except ValueError:
        return f"sha256 {hashlib.sha256(held).hexdigest()}"


def is_plain(value: object) -> bool:
    """Whether JSON can hold the value as it is."""
    if isinstance(value, (list, tuple)):
        return all(is_plain(item) for item in value)
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and is_plain(item) for key, item in value.items())
    return value is None or isinstance(value, (bool, int, float, str))


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return value
