"""Objectives as a campaign file names them: a component, or any callable of the user's by its dotted path."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any, cast

from evonas.campaign.reading.arguments import check_arguments, converted_arguments
from evonas.campaign.reading.fault import Fault
from evonas.campaign.reading.rooms import ROOMS, Supply
from evonas.campaign.reading.specification import Component
from evonas.core.objective import Objective
from spaces.discovery import find

_GIVEN_BY_NAME = Supply(always=frozenset({"measure", "name"}))


def objective_faults(component: Component) -> list[Fault]:
    """What is wrong with an objective's arguments, constructing nothing.

    Raises:
        UnknownComponent: Nothing has that name.
    """
    path, arguments = _path_and_arguments(component)
    target = _target(path)
    if _is_objective(target):
        return check_arguments(target, arguments)
    return check_arguments(_function_class(), arguments, _GIVEN_BY_NAME)


def build_objective(component: Component) -> Objective:
    """The objective; a callable becomes ``evonas.objectives.function.Function`` with ``needs``, ``goal`` and ``unit``.

    Raises:
        UnknownComponent: Nothing has that name.
        ValueError: Its constructor refuses the arguments.
    """
    path, arguments = _path_and_arguments(component)
    target = _target(path)
    if _is_objective(target):
        return cast(Objective, target(**converted_arguments(target, arguments)))
    return cast(Objective, _function_class()(target, **arguments))


def _path_and_arguments(component: Component) -> tuple[str, Mapping[str, Any]]:
    """``{name: function, measure: my.module.f}`` says the same as ``{name: my.module.f}``."""
    arguments = component.arguments
    measure = arguments.get("measure")
    if component.name == "function" and isinstance(measure, str) and "." in measure:
        del arguments["measure"]
        return measure, arguments
    return component.name, arguments


def _target(name: str) -> Callable[..., Any]:
    """The class or callable of that name; what cannot be found raises the room's own error."""
    path, _, attribute = name.rpartition(".")
    if path:
        try:
            value = getattr(importlib.import_module(path), attribute, None)
        except ModuleNotFoundError:
            value = None
        if callable(value) and not (inspect.isclass(value) and issubclass(value, Objective)):
            return cast(Callable[..., Any], value)
    return find(ROOMS["objectives"], name)


def _is_objective(target: Callable[..., Any]) -> bool:
    return inspect.isclass(target) and issubclass(target, Objective)


def _function_class() -> type:
    return find(ROOMS["objectives"], "function")
