"""The scale on which targets are fitted: wide where the best are, narrow where all are bad."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from surrogates.predictor import FloatArray

_OFFSET = 0.5  # between 0.15 and 1.5 it hardly matters; smaller spreads the very best further apart


@dataclass(frozen=True, slots=True)
class TargetWarp:
    """The increasing map ``t = (log((y - best) / typical + 0.5) - centre) / spread`` and its inverse.

    A gap to the best target counts relative to the typical gap, so that errors among the best weigh as much as errors
    among the bad, whatever the targets' unit. Over the fitted targets ``t`` has mean 0 and standard deviation 1.

    Attributes:
        best: Smallest target.
        typical: Median gap to the best; the mean gap where more than half of the targets are best.
        centre: Mean of the logarithms.
        spread: Standard deviation of the logarithms.
    """

    best: float
    typical: float
    centre: float
    spread: float

    @classmethod
    def fitted(cls, targets: FloatArray) -> TargetWarp | None:
        """The warp of targets ``(n,)``; None where they are constant, to within rounding."""
        best = float(targets.min())
        gaps = targets - best
        if gaps.max() <= 1e-12 * np.abs(targets).max():
            return None
        typical = float(np.median(gaps)) or float(gaps.mean())
        logs = np.log(gaps / typical + _OFFSET)
        return cls(best, typical, float(logs.mean()), float(logs.std()))

    @property
    def lowest(self) -> float:
        """What ``backward`` never falls below, in the targets' own unit; ``forward`` takes what lies above."""
        return self.best - _OFFSET * self.typical

    def forward(self, targets: FloatArray) -> FloatArray:
        """Targets above ``lowest``, in their own unit, to the fitted scale."""
        return np.asarray((np.log((targets - self.best) / self.typical + _OFFSET) - self.centre) / self.spread)

    def backward(self, warped: FloatArray) -> FloatArray:
        """The fitted scale to the targets' own unit; never below the best by more than half a typical gap."""
        return self.best + self.typical * (np.exp(warped * self.spread + self.centre) - _OFFSET)

    def slope(self, warped: FloatArray) -> FloatArray:
        """Derivative of ``backward``: the targets' unit for one unit of the fitted scale."""
        return np.asarray(self.typical * self.spread * np.exp(warped * self.spread + self.centre))
