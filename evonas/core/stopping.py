"""When a training is given up: learnt from trainings that finished, and carried to the worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from surrogates.curve_end import CurveEnd
from surrogates.predictor import FloatArray

LOOKS = (Fraction(1, 4), Fraction(1, 2))
"""After which shares of a training it is looked at; each look at each objective has its part of the error rate."""


@dataclass(frozen=True, slots=True)
class StoppingRule:
    """Gives a training up that surely ends dominated by one that was trained before. Picklable.

    It knows what is known when the training is proposed, and sees the training's own losses: so the same training is
    stopped in the same epoch whatever else happens meanwhile.

    Attributes:
        ends: By the epochs after which is looked: of each objective that needs training, what finished trainings tell.
        rivals: Those objectives, minimised, of trained candidates that are no worse in all others: ``(m, k)``.
    """

    ends: Mapping[int, Sequence[CurveEnd]]
    rivals: FloatArray

    @classmethod
    def learned(
        cls, losses: FloatArray, ends: FloatArray, rivals: FloatArray, full_epochs: int, error_rate: float
    ) -> StoppingRule:
        """The rule from ``n`` finished trainings, at least one.

        Args:
            losses: Mean training loss of each epoch: shape ``(n, epochs)``.
            ends: The ``k`` objectives that need training, minimised: shape ``(n, k)``.
            rivals: Shape ``(m, k)``.
            full_epochs: Of a training.
            error_rate: Rate at which trainings that are stopped may have ended better than they were read, in (0, 1).
        """
        looks = sorted({round(share * full_epochs) for share in LOOKS} - {0, full_epochs})
        rate = error_rate / max(1, len(looks) * ends.shape[1])
        told = {look: tuple(CurveEnd.fitted(losses[:, look - 1], end, rate) for end in ends.T) for look in looks}
        return cls(told, rivals)

    def verdict(self, losses: Sequence[float]) -> str:
        """Why a training with these losses is given up; empty where it goes on."""
        ends = self.ends.get(len(losses))
        if not ends or len(self.rivals) == 0:
            return ""
        lowest = np.array([end.lowest(losses[-1]) for end in ends])
        if not (self.rivals < lowest).all(axis=1).any():
            return ""
        return f"a training loss of {losses[-1]:.3g} then ends dominated"
