"""Checks of a space's arguments, which may come from YAML: each refusal says the rule, the value and the remedy."""

from __future__ import annotations

import operator
from collections.abc import Sequence

import numpy as np


def whole(value: object, name: str, least: int = 1, most: int | None = None) -> int:
    """``value`` as an integer of at least ``least`` and, where given, at most ``most``.

    Raises:
        ValueError: It is no whole number (True and 2.5 are none) or out of range.
    """
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = least - 1
    if isinstance(value, bool) or number < least or (most is not None and number > most):
        rule = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise ValueError(f"{name} must be a whole number {rule}; got {value!r}")
    return number


def listed(values: object, name: str) -> tuple[object, ...]:
    """``values`` as a tuple.

    Raises:
        ValueError: It is no list, tuple or array.
    """
    if isinstance(values, str) or not isinstance(values, Sequence | np.ndarray):
        raise ValueError(f"{name} must be a list; got {values!r}")
    return tuple(values)


def chosen(values: object, name: str, known: Sequence[str], least: int) -> tuple[str, ...]:
    """``values`` as a tuple of at least ``least`` different names, all of them ``known``.

    Raises:
        ValueError: It is no list, a name is unknown or repeated, or there are too few.
    """
    given = tuple(str(value) for value in listed(values, name))
    for value in given:
        if value not in known:
            raise ValueError(f"{name} must be among {', '.join(known)}; got {value!r}")
    if len(given) < least or len(set(given)) < len(given):
        raise ValueError(f"{name} must be at least {least} different of {', '.join(known)}; got {list(given)}")
    return given


def image_shape(values: object) -> tuple[int, int, int]:
    """``input_shape`` as ``(channels, height, width)``.

    Raises:
        ValueError: It is no list of three whole numbers of at least 1.
    """
    given = listed(values, "input_shape")
    if len(given) != 3:
        other = "; for a table take the space mlp, for a text transformer" if len(given) == 1 else ""
        raise ValueError(f"input_shape must be (channels, height, width); got {values!r}{other}")
    channels, height, width = (whole(value, "input_shape") for value in given)
    return channels, height, width
