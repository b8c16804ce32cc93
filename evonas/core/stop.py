"""A training that was given up, as a value."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a training ended early: it would surely have been dominated. Neither a failure nor a number.

    Attributes:
        full_epochs: Epochs that it would have had.
        message: What was seen, in words for the user.
        losses: Mean training loss of each epoch until then, at least one.
    """

    full_epochs: int
    message: str
    losses: tuple[float, ...] = field(repr=False)

    @property
    def saved(self) -> Fraction:
        """Share of the training that was not done."""
        return 1 - Fraction(len(self.losses), self.full_epochs)

    def __str__(self) -> str:
        return f"stopped after {len(self.losses)} of {self.full_epochs} epochs: {self.message}"
