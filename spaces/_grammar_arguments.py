"""Arguments of ``grammar``, checked; and the primitives that they make."""

from __future__ import annotations

import operator
from collections.abc import Sequence

import numpy as np

from spaces._grammar_shapes import PRIMITIVES
from spaces.architecture import Node

Family = tuple[Node, ...]


def families(
    primitives: Sequence[str], widths: Sequence[float], strides: Sequence[int], patches: Sequence[int]
) -> tuple[Family, ...]:
    """The primitives by name, each with every choice of its attributes.

    Raises:
        ValueError: A name is unknown or repeated, or a choice is outside its range.
    """
    names = tuple(str(name) for name in listed(primitives, "primitives"))
    for name in names:
        if name not in PRIMITIVES:
            raise ValueError(f"primitives must be among {', '.join(PRIMITIVES)}; got {name!r}")
    if not names or len(set(names)) < len(names):
        raise ValueError(f"primitives must be one or more different names; got {', '.join(names) or 'none'}")
    factors = _different([_factor(width) for width in listed(widths, "widths")], "widths")
    steps = _different([whole(stride, "strides") for stride in listed(strides, "strides")], "strides")
    sizes = _different([whole(patch, "patches") for patch in listed(patches, "patches")], "patches")
    attributed: dict[str, Family] = {
        "linear": tuple(Node("linear", (("width", factor),)) for factor in factors),
        "conv": tuple(Node("conv", (("stride", step), ("width", factor))) for step in steps for factor in factors),
        "patch": tuple(Node("patch", (("patch", size),)) for size in sizes),
    }
    return tuple(attributed.get(name, (Node(name),)) for name in names)


def whole(value: object, name: str) -> int:
    """A whole number of at least 1.

    Raises:
        ValueError: ``value`` is none.
    """
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = 0
    if number < 1 or isinstance(value, bool):
        raise ValueError(f"{name} must be a whole number of at least 1; got {value!r}")
    return number


def image(input_shape: Sequence[int]) -> tuple[int, int, int]:
    """``(channels, height, width)``.

    Raises:
        ValueError: ``input_shape`` is something else.
    """
    given = listed(input_shape, "input_shape")
    if len(given) != 3:
        raise ValueError(f"input_shape must be (channels, height, width); got {input_shape!r}")
    channels, height, width = (whole(value, "input_shape") for value in given)
    return channels, height, width


def listed(values: object, name: str) -> tuple[object, ...]:
    """The values of a list, tuple or array.

    Raises:
        ValueError: ``values`` is something else.
    """
    if isinstance(values, str) or not isinstance(values, Sequence | np.ndarray):
        raise ValueError(f"{name} must be a list; got {values!r}")
    return tuple(values)


def _factor(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0 < float(value) < 1e6:
        raise ValueError(f"widths must be positive numbers, such as 0.5 or 2; got {value!r}")
    return float(value)


def _different(values: Sequence[float], name: str) -> tuple[float, ...]:
    if not values or len(set(values)) < len(values):
        raise ValueError(f"{name} must be one or more different numbers; got {list(values)}")
    return tuple(float(value) for value in values)
