"""Checks a component's keyword arguments against its constructor before anything is constructed."""

from __future__ import annotations

import inspect
import json
import types
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, PydanticSchemaGenerationError, PydanticUserError, TypeAdapter, ValidationError

from evonas.campaign.reading.fault import Fault, did_you_mean, rewritten, shown
from evonas.campaign.reading.rooms import NOTHING, Supply

_NAMED_KINDS = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
_WORDS: Mapping[Any, str] = {
    int: "a whole number",
    float: "a number",
    str: "a text",
    bool: "true or false",
    Path: "a path",
    type(None): "null",
}
_TRUTHS = {"yes": "true", "on": "true", "true": "true", "no": "false", "off": "false", "false": "false"}
_PLURALS: Mapping[Any, str] = {int: "whole numbers", float: "numbers", str: "texts", bool: "true or false"}


def check_arguments(
    component: Callable[..., Any], arguments: Mapping[str, Any], supply: Supply = NOTHING
) -> list[Fault]:
    """Checks keyword arguments against a constructor's signature and annotations.

    Args:
        component: A class, or a function.
        arguments: Plain values by name, as a campaign file holds them; a list stands for any sequence.
        supply: What the engine gives, see ``rooms.SUPPLIES``.

    Returns:
        One fault an argument, its path the argument's name; a missing argument's path is empty. What has no annotation,
        or one that only Python can express, is not checked.
    """
    parameters, takes_any = _parameters(component, supply)
    annotations = _annotations(component)
    own = [name for name in parameters if name not in supply.always]
    faults = []
    for name, value in arguments.items():
        if name in supply.always and name in parameters:
            faults.append(Fault((name,), f"the engine gives {name!r} to the component itself; leave it out here."))
        elif name in parameters:
            problem = _problem(annotations.get(name, Any), value)
            faults += [Fault((name,), problem)] if problem else []
        elif not takes_any:
            choices = f"expected one of {', '.join(own)}" if own else "the component takes no arguments"
            faults.append(Fault((name,), f"unknown argument; {choices}. Got {name!r}.{did_you_mean(name, own)}"))
    for name, parameter in parameters.items():
        given = name in arguments or name in supply.always or name in supply.unless_given
        if parameter.default is parameter.empty and not given:
            expected = describe(annotations.get(name, Any))
            faults.append(Fault((), f"the argument {name!r} is required: expected {expected}. Got none."))
    return faults


def converted_arguments(component: Callable[..., Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Checked arguments as their annotations ask for them: lists as tuples, texts as paths, whole numbers as floats."""
    annotations = _annotations(component)
    converted = {}
    for name, value in arguments.items():
        adapter = _adapter(annotations.get(name, Any))
        converted[name] = adapter.validate_json(json.dumps(value), strict=True) if adapter is not None else value
    return converted


def own_parameters(component: Callable[..., Any], supply: Supply = NOTHING) -> dict[str, tuple[Any, Any]]:
    """What a campaign may set: annotation and default (``inspect.Parameter.empty`` where required) by name."""
    parameters, _ = _parameters(component, supply)
    annotations = _annotations(component)
    return {
        name: (annotations.get(name, Any), parameter.default)
        for name, parameter in parameters.items()
        if name not in supply.always
    }


def describe(annotation: Any) -> str:
    """A type in the words of an error: ``a whole number``, ``one of hinge, listmle``, ``a list of numbers or null``."""
    if annotation in _WORDS:
        return _WORDS[annotation]
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return "one of " + ", ".join(value if isinstance(value, str) else shown(value) for value in inner)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(describe(member) for member in inner)
    if origin is typing.Annotated:
        return describe(inner[0])
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return "a mapping"
    if origin is tuple and inner and inner[-1] is not ...:
        return f"a list of {len(inner)}: {', '.join(describe(member) for member in inner)}"
    if isinstance(origin or annotation, type) and issubclass(origin or annotation, typing.Collection):
        members = f" of {_PLURALS[inner[0]]}" if inner and inner[0] in _PLURALS else ""
        return f"a list{members}"
    return str(getattr(annotation, "__name__", annotation))


def _parameters(component: Callable[..., Any], supply: Supply) -> tuple[dict[str, inspect.Parameter], bool]:
    """Parameters that are passed by name, without the one that the engine passes first; whether any name is taken."""
    try:
        parameters = list(inspect.signature(component).parameters.values())
    except (TypeError, ValueError):
        return {}, True
    if supply.first and parameters and parameters[0].kind is not inspect.Parameter.VAR_KEYWORD:
        parameters = parameters[1:]
    takes_any = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters)
    return {parameter.name: parameter for parameter in parameters if parameter.kind in _NAMED_KINDS}, takes_any


def _annotations(component: Callable[..., Any]) -> dict[str, Any]:
    """Resolved annotations; one that names what only a type checker imports is left out."""
    function = component.__init__ if isinstance(component, type) else component  # type: ignore[misc]
    try:
        return typing.get_type_hints(function, include_extras=True)
    except Exception:  # they are evaluated, so they may raise anything; below each is tried by itself
        pass
    resolved: dict[str, Any] = {}
    for name, annotation in getattr(function, "__annotations__", {}).items():
        single = types.SimpleNamespace(__annotations__={name: annotation})
        try:
            resolved |= typing.get_type_hints(single, getattr(function, "__globals__", {}), include_extras=True)
        except Exception:
            continue
    return resolved


def _adapter(annotation: Any) -> TypeAdapter[Any] | None:
    try:
        return TypeAdapter(annotation)
    except PydanticSchemaGenerationError:
        pass
    except (PydanticUserError, TypeError, NameError):
        return None
    try:
        return TypeAdapter(annotation, config=ConfigDict(arbitrary_types_allowed=True))
    except (PydanticUserError, PydanticSchemaGenerationError, TypeError, NameError):
        return None


def _problem(annotation: Any, value: Any) -> str:
    """Why ``value`` is none of ``annotation``, or nothing. JSON's strict rules: lists are sequences, true is no 1."""
    adapter = _adapter(annotation)
    if adapter is None:
        return ""
    try:
        adapter.validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        return f"expected {describe(annotation)}. Got {shown(value)}{_remedy(annotation, value, first['msg'])}"
    return ""


def _remedy(annotation: Any, value: Any, said: str) -> str:
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    kinds = set(inner) if origin in (typing.Union, types.UnionType) else {annotation}
    if bool in kinds and isinstance(value, str) and value.lower() in _TRUTHS:
        return f"; write {_TRUTHS[value.lower()]}."
    if origin is typing.Literal:
        return "." + (did_you_mean(value, [str(choice) for choice in inner]) if isinstance(value, str) else "")
    if origin is typing.Annotated:
        return f": {said[0].lower()}{said[1:]}."
    if kinds & {int, float} and not kinds & {str}:
        return f"{rewritten(value)}."
    if str in kinds and isinstance(value, bool | int | float):
        return "; write it in quotes."
    return "."
