"""Checks of the numbers that Python callers give; those of campaign files are checked as they are read."""

from __future__ import annotations

from numbers import Integral

_LEAST = {
    "budget": 1,
    "seed": 0,
    "workers": 0,
    "initial": 1,
    "batch": 1,
    "retrain_seeds": 0,
    "replicates": 1,
    "epochs": 0,
    "count": 1,
}


def check_numbers(function: str, **numbers: object) -> None:
    """Passes where each is a whole number and large enough.

    Raises:
        ValueError: One is not; the message names ``function`` and the parameter.
    """
    for what, number in numbers.items():
        if isinstance(number, bool) or not isinstance(number, Integral) or number < _LEAST[what]:
            raise ValueError(f"{function}: {what} must be a whole number of at least {_LEAST[what]}. Got {number!r}")
