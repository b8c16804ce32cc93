"""Checks the arguments of ``mixed_precision``, and makes the space it wraps."""

from __future__ import annotations

import inspect
import math
import operator
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, cast

import numpy as np

from spaces import ROOM
from spaces.discovery import find
from spaces.space import Space

FLOAT_BITS = 32
MOST_BITS = 16
RULES = {
    "augmentation": "numbers of at least 0",
    "epochs": "whole numbers of at least 1",
    "learning_rate": "numbers above 0",
    "weight_decay": "numbers of at least 0",
}


def wrapped(space: object, input_shape: Sequence[int] | None, classes: int | None) -> Space:
    """The space to wrap: itself, or made from its name and arguments for the data's shape.

    Raises:
        ValueError: There is no such space, or it builds networks for other data.
    """
    if isinstance(space, str):
        space = {"name": space}
    if isinstance(space, Mapping):
        space = _made(space, {"input_shape": input_shape, "classes": classes})
    if not isinstance(space, Space):
        raise ValueError(f"space must be a name, a mapping with 'name' and arguments, or a space; got {space!r}")
    if "bits" in space.attributes:
        raise ValueError("the wrapped space's nodes have bits already: wrap the space that is inside it")
    if input_shape is not None and tuple(input_shape) != tuple(space.input_shape):
        raise ValueError(
            f"the wrapped space takes inputs of {tuple(space.input_shape)}; got input_shape={tuple(input_shape)}: "
            "leave it out, or make the space with it"
        )
    if classes is not None and classes != space.classes:
        raise ValueError(
            f"the wrapped space has {space.classes} classes; got classes={classes}: leave it out, or make the space "
            "with it"
        )
    return space


def _made(described: Mapping[Any, Any], data: Mapping[str, Any]) -> Space:
    arguments = dict(described)
    name = arguments.pop("name", None)
    if not isinstance(name, str):
        raise ValueError(f"a wrapped space is described with its 'name'; got {dict(described)}: add name: cell201")
    component = find(ROOM, name)
    known = inspect.signature(component).parameters
    for argument, value in data.items():
        if value is not None and argument in known:
            arguments.setdefault(argument, value)
    try:
        return cast(Space, component(**arguments))
    except TypeError as error:
        raise ValueError(f"space {name!r} takes {', '.join(known)}; got {', '.join(arguments)} ({error})") from error


def bit_widths(bits: object) -> tuple[int, ...]:
    """One or more different widths of 2 to 16 bits, or 32 for weights as they are."""
    widths = []
    for value in _listed([bits] if isinstance(bits, int | np.integer) else bits, "bits"):
        try:
            width = operator.index(value)  # type: ignore[arg-type]
        except TypeError:
            width = 0
        if not 2 <= width <= MOST_BITS and width != FLOAT_BITS:
            raise ValueError(
                f"bits must be whole numbers from 2 to {MOST_BITS}, or {FLOAT_BITS} for weights as they are; "
                f"got {value!r}"
            )
        widths.append(width)
    return tuple(widths)


def quantised_ops(quantised: object, space: Space) -> tuple[str, ...]:
    """One or more different operations of the wrapped space."""
    given = tuple(str(op) for op in _listed([quantised] if isinstance(quantised, str) else quantised, "quantised"))
    for op in given:
        if op not in space.ops:
            raise ValueError(
                f"quantised must be operations of the wrapped space, {', '.join(space.ops)}; got {op!r}: name those "
                "that have weights"
            )
    return given


def recipes(recipe: object, space: Space) -> tuple[tuple[str, tuple[float, ...]], ...]:
    """Names and choices of the training recipe's settings, sorted by name."""
    if recipe is None:
        return ()
    if not isinstance(recipe, Mapping):
        raise ValueError(f"recipe must be a mapping of names to lists of values; got {recipe!r}")
    taken = {name for name, _ in space.sample(np.random.default_rng(0)).settings}
    found = []
    for name, values in recipe.items():
        if name not in RULES:
            raise ValueError(f"a recipe's settings are {', '.join(RULES)}; got {name!r}")
        if name in taken:
            raise ValueError(f"the wrapped space's architectures have a setting {name!r} already: leave it out")
        choices = _listed([values] if isinstance(values, Real) else values, name)
        for value in choices:
            if not _allowed(name, value):
                raise ValueError(f"{name} must be {RULES[name]}; got {value!r}")
        found.append((str(name), tuple(float(cast(float, value)) for value in choices)))
    return tuple(sorted(found))


def _allowed(name: str, value: object) -> bool:
    if not isinstance(value, Real) or not math.isfinite(number := float(value)):
        return False
    if name == "epochs":
        return number >= 1 and number.is_integer() and not isinstance(value, bool)
    return number > 0 if name == "learning_rate" else number >= 0


def _listed(values: object, name: str) -> tuple[object, ...]:
    if isinstance(values, str) or not isinstance(values, Sequence | np.ndarray):
        raise ValueError(f"{name} must be a list; got {values!r}")
    given = tuple(values)
    if not given or len(set(given)) < len(given):
        raise ValueError(f"{name} must be one or more different values; got {values!r}")
    return given
