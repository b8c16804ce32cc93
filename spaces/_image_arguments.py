"""Arguments that spaces of image networks share, read as YAML gives them."""

from __future__ import annotations

import operator
from collections.abc import Sequence

import numpy as np


def whole(value: object, name: str, least: int = 1) -> int:
    """A whole number of at least ``least``.

    Raises:
        ValueError: It is none.
    """
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = least - 1
    if number < least or isinstance(value, bool):
        raise ValueError(f"{name} must be a whole number of at least {least}; got {value!r}")
    return number


def listed(values: object, name: str) -> tuple[object, ...]:
    """The entries of a list; a single value and a text are no lists.

    Raises:
        ValueError: It is no list.
    """
    if isinstance(values, str) or not isinstance(values, Sequence | np.ndarray):
        raise ValueError(f"{name} must be a list; got {values!r}")
    return tuple(values)


def halved_twice(input_shape: object) -> tuple[int, int, int]:
    """``(channels, height, width)`` of images that a network halves twice without a remainder.

    Raises:
        ValueError: It is no such shape, or height or width is no multiple of 4.
    """
    given = listed(input_shape, "input_shape")
    if len(given) != 3:
        raise ValueError(f"input_shape must be (channels, height, width); got {input_shape!r}")
    channels, height, width = (whole(value, "input_shape") for value in given)
    if height % 4 or width % 4:
        raise ValueError(
            "the network halves height and width twice without a remainder, so both must be multiples of 4; "
            f"got {height}x{width}: pad or resize the images"
        )
    return channels, height, width
