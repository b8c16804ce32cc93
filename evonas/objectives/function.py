"""Any callable as an objective."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, cast

from evonas.core.objective import GOALS, NEEDS, Goal, Needs, Objective, Subject

_COSTS: dict[str, Needs] = {
    "architecture": "architecture",
    "space": "architecture",
    "cost": "architecture",
    "model": "model",
    "training": "training",
}


class Function(Objective):
    """A callable of your own as an objective; its parameters' names say what it needs.

    ``architecture``, ``space`` and ``cost`` (parameters, MACs) are known at once; ``model`` is the built network, not
    yet trained; ``training`` is the trained one with its record. The dearest of them is what the objective needs, and
    those that need no training are computed before any training:

        lambda cost: cost.macs / 1e6
        def widest_layer(model): ...
        def calibration_error(training): ...

    A callable of one parameter with another name receives what ``needs`` says, the architecture where it says nothing.
    Parameters with defaults keep them.

    Args:
        measure: The callable; a dotted path to one in a campaign file. It returns a finite number.
        name: Its column's name; the callable's own name where it has one.
        needs: ``architecture``, ``model`` or ``training``; read off the parameters' names where not given. A ``model``
            asked for together with ``needs="training"`` is the trained one.
        goal: ``min`` or ``max``.
        unit: Shown beside the figure, e.g. ``"ms"``.

    Raises:
        ValueError: A parameter that nothing can be passed for, an unknown need or goal, or no name to be had.
    """

    def __init__(
        self,
        measure: Callable[..., float],
        name: str | None = None,
        needs: Needs | None = None,
        goal: Goal = "min",
        unit: str = "",
    ) -> None:
        if not callable(measure):
            raise ValueError(f"an objective is a callable or a component's name; got {measure!r}")
        self.name = name if name is not None else _own_name(measure)
        if not isinstance(self.name, str) or not self.name:
            raise ValueError(f"an objective's name is a text that is not empty; got {self.name!r}")
        if needs is not None and needs not in NEEDS:
            raise ValueError(f"objective {self.name!r}: needs must be one of {', '.join(NEEDS)}. Got {needs!r}")
        if goal not in GOALS:
            raise ValueError(f"objective {self.name!r}: goal must be one of {', '.join(GOALS)}. Got {goal!r}")
        self.function = measure
        self.positional, self.keywords = _wanted(self.name, measure, needs)
        asked = (*self.positional, *self.keywords.values())
        dearest = max((_COSTS[source] for source in asked), key=NEEDS.index)
        self.needs = needs if needs is not None else dearest
        if NEEDS.index(dearest) > NEEDS.index(self.needs):
            raise ValueError(
                f"objective {self.name!r} asks for {dearest!r} but says needs={needs!r}; say needs={dearest!r}"
            )
        self.goal = goal
        self.unit = unit

    def measure(self, subject: Subject) -> float:
        available: dict[str, Callable[[], Any]] = {
            "architecture": lambda: subject.architecture,
            "space": lambda: subject.space,
            "cost": lambda: subject.cost,
            "model": lambda: subject.model,
            "training": lambda: subject.training,
        }
        positional = [available[source]() for source in self.positional]
        keywords = {parameter: available[source]() for parameter, source in self.keywords.items()}
        return self.function(*positional, **keywords)


def _own_name(measure: Callable[..., float]) -> str:
    inner: object = measure
    while isinstance(inner, functools.partial):
        inner = inner.func
    name = cast(str, getattr(inner, "__name__", type(inner).__name__))
    return "objective" if name == "<lambda>" else name


def _wanted(name: str, function: Callable[..., float], needs: Needs | None) -> tuple[tuple[str, ...], dict[str, str]]:
    """What is passed by position, and by the parameters' own names where they are keyword-only."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return (needs or "architecture",), {}
    wanted = [
        parameter
        for parameter in signature.parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    names = [parameter.name for parameter in wanted]
    if not wanted or (len(wanted) > 1 and not _COSTS.keys() >= set(names)):
        raise ValueError(f"objective {name!r}: its parameters may be {', '.join(_COSTS)}. Got ({', '.join(names)})")
    sources = {one: one if one in _COSTS else (needs or "architecture") for one in names}
    keyword_only = [parameter.name for parameter in wanted if parameter.kind is parameter.KEYWORD_ONLY]
    return (
        tuple(source for one, source in sources.items() if one not in keyword_only),
        {one: sources[one] for one in keyword_only},
    )
