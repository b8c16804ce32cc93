"""A training that is shorter than the full one."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Rung:
    """One of the shorter trainings that candidates pass before the full one, each with its own whole schedule.

    Attributes:
        epochs: Of this training, at least 1.
        full_epochs: Of the full one, more than ``epochs``.
    """

    epochs: int
    full_epochs: int

    def __post_init__(self) -> None:
        if not 1 <= self.epochs < self.full_epochs:
            raise ValueError(f"a rung has at least 1 epoch and fewer than {self.full_epochs}; got {self.epochs}")

    @property
    def share(self) -> Fraction:
        """What it costs, in full trainings."""
        return Fraction(self.epochs, self.full_epochs)

    def __str__(self) -> str:
        return f"{self.epochs} of {self.full_epochs} epochs"
