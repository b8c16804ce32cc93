"""Shapes that spaces of image networks share, read as YAML gives them."""

from __future__ import annotations

from spaces._argument_checks import image_shape


def halved_twice(input_shape: object) -> tuple[int, int, int]:
    """``(channels, height, width)`` of images that a network halves twice without a remainder.

    Raises:
        ValueError: It is no such shape, or height or width is no multiple of 4.
    """
    channels, height, width = image_shape(input_shape)
    if height % 4 or width % 4:
        raise ValueError(
            "the network halves height and width twice without a remainder, so both must be multiples of 4; "
            f"got {height}x{width}: pad or resize the images"
        )
    return channels, height, width
