"""evonas: evolutionary and surrogate-based neural architecture search.

    result = evonas.search({"name": "cell201", "skeleton": "compact"}, dataset="digits", budget=64)
    print(result.best(validation_error="min", macs="<= 2e5"))

- ``evonas.search`` searches and trains; ``help(evonas.search)`` has every argument. It returns a ``Result``.
- ``evonas.Search`` asks and tells: it proposes, and you train and report (``help(evonas.Search)``).
- ``evonas.Function`` makes an objective of a callable, ``evonas.Objective`` is their interface.

The top floor. Its rooms, each a package that imports only those after it:

- ``cli``: the command line.
- ``campaign``: campaign files and the Python API; makes every part and runs them.
- ``report``, ``journal``, ``searchers``, ``executors``: what is shown, what is kept, what is chosen, where it runs.
- ``evaluators``: from an architecture to its values.
- ``trainers``, ``datasets``, ``objectives``.
- ``packing``: several networks trained as one program.
- ``core``: the vocabulary of a campaign.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evonas.campaign.api import search
    from evonas.campaign.elsewhere import Search
    from evonas.campaign.running.result import Result
    from evonas.core.objective import Objective
    from evonas.objectives.function import Function

__version__ = "0.1.0"

_HOMES = {
    "search": "evonas.campaign.api",
    "Search": "evonas.campaign.elsewhere",
    "Result": "evonas.campaign.running.result",
    "Objective": "evonas.core.objective",
    "Function": "evonas.objectives.function",
}

__all__ = ["Function", "Objective", "Result", "Search", "search"]


def __getattr__(name: str) -> Any:
    # Names are imported when they are first used, so that `evonas --help` imports no torch.
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'evonas' has no attribute {name!r}")
