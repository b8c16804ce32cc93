"""Any callable as an objective."""

from __future__ import annotations

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
        own_name = getattr(measure, "__name__", type(measure).__name__)
        self.name = name if name is not None else ("objective" if own_name == "<lambda>" else own_name)
        if not self.name:
            raise ValueError("an objective's name must not be empty")
        if needs is not None and needs not in NEEDS:
            raise ValueError(f"objective {self.name!r}: needs must be one of {', '.join(NEEDS)}. Got {needs!r}")
        if goal not in GOALS:
            raise ValueError(f"objective {self.name!r}: goal must be one of {', '.join(GOALS)}. Got {goal!r}")
        self.function = measure
        self.parameters = _parameters(self.name, measure, needs)
        dearest = max((_COSTS[parameter] for parameter in self.parameters), key=NEEDS.index, default="architecture")
        self.needs = needs if needs is not None else cast(Needs, dearest)
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
        return self.function(*(available[parameter]() for parameter in self.parameters))


def _parameters(name: str, function: Callable[..., float], needs: Needs | None) -> tuple[str, ...]:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return (needs or "architecture",)
    wanted = [
        parameter
        for parameter in signature.parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    if any(parameter.kind is parameter.KEYWORD_ONLY for parameter in wanted):
        raise ValueError(f"objective {name!r}: keyword-only parameters are not passed; give them defaults")
    unknown = [parameter.name for parameter in wanted if parameter.name not in _COSTS]
    if len(wanted) == 1 and unknown:
        return (needs or "architecture",)
    if unknown or not wanted:
        raise ValueError(
            f"objective {name!r}: its parameters may be {', '.join(_COSTS)}. Got ({', '.join(p.name for p in wanted)})"
        )
    return tuple(parameter.name for parameter in wanted)
