"""What list-of-choices spaces ask of their arguments; each fault says the rule and the value."""

from __future__ import annotations

import math
import re
from numbers import Integral, Real

import numpy as np

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_TEXT = re.compile(r"[A-Za-z0-9_.+-]+")


def one_or_more(values: object) -> object:
    """``values`` themselves where they are a list, else the list of the one value."""
    return [values] if isinstance(values, int | float | np.number | str) else values


def finite_or_text(value: object, name: str) -> int | float | str | bool:
    """``value`` as a plain number, truth value or text.

    Raises:
        ValueError: It is none, infinite, or has characters that the notation needs.
    """
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real) and math.isfinite(value):
        return float(value)
    if isinstance(value, str) and _TEXT.fullmatch(value):
        return value
    raise ValueError(
        f"values of {name} must be finite numbers, true, false, or texts of letters, digits, '_', '.', '+' and '-'; "
        f"got {value!r}"
    )


def value_text(value: int | float | str | bool) -> str:
    """A value as the notation writes it: ``true``, ``relu``, ``3``, ``1.2``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value)


def require_name(name: object, what: str) -> None:
    """Passes where ``name`` is letters, digits and underscores.

    Raises:
        ValueError: It is not.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(f"{what} must begin with a letter and have letters, digits and '_' only; got {name!r}")
