"""Constraints on objectives, written as ``macs: "<= 2e5"``."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
_PATTERN = re.compile(r"\s*(<=|>=|<|>)\s*(\S+)\s*")


@dataclass(frozen=True, slots=True)
class Constraint:
    """A bound on one objective, in the objective's own unit and direction.

    Attributes:
        objective: Name of the objective.
        comparison: One of ``<=``, ``>=``, ``<``, ``>``.
        bound: Finite.
    """

    objective: str
    comparison: str
    bound: float

    @classmethod
    def parse(cls, objective: str, text: str) -> Constraint:
        """Reads ``"<= 2e5"``.

        Raises:
            ValueError: The text is no comparison with a finite number.
        """
        match = _PATTERN.fullmatch(text) if isinstance(text, str) else None
        try:
            bound = float(match[2]) if match else math.nan
        except ValueError:
            bound = math.nan
        if match is None or not math.isfinite(bound):
            raise ValueError(
                f"a constraint is a comparison with a number, as in '{objective}: \"<= 2e5\"'. Got {text!r}"
            )
        return cls(objective, match[1], bound)

    @classmethod
    def parse_whole(cls, text: str) -> Constraint:
        """Reads ``"macs <= 2e5"``.

        Raises:
            ValueError: The text is no comparison of a name with a finite number.
        """
        match = re.fullmatch(r"\s*(\w+)\s*([<>].*)", text)
        if match is None:
            raise ValueError(f"a bound is a name, a comparison and a number, as in 'macs <= 2e5'. Got {text!r}")
        return cls.parse(match[1], match[2])

    def holds(self, value: float) -> bool:
        """Whether ``value`` meets the bound."""
        return _COMPARISONS[self.comparison](value, self.bound)

    def __str__(self) -> str:
        short = f"{self.bound:g}"
        return f"{self.objective} {self.comparison} {short if float(short) == self.bound else repr(self.bound)}"
