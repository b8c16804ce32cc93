"""A straight line through targets: the least that a predictor must beat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from surrogates.predictor import FloatArray


@dataclass(frozen=True, slots=True)
class Line:
    """The least squares line of targets on one column; level where the column is constant.

    Attributes:
        middle: Mean of the column.
        level: Mean of the targets.
        slope: Of the targets with the column.
        left_out: Shape ``(n,)``: what the line through all the other targets says of each.
    """

    middle: float
    level: float
    slope: float
    left_out: FloatArray

    @classmethod
    def through(cls, column: FloatArray, targets: FloatArray) -> Line:
        """Of ``n`` targets at a column, both ``(n,)``.

        What is left out follows in closed form from the leverages (Allen's PRESS; Hastie, Tibshirani & Friedman,
        The Elements of Statistical Learning, eq. 7.64). A target of leverage 1 is left to the level.
        """
        middle, level = float(column.mean()), float(targets.mean())
        away = column - middle
        total = float(away @ away)
        varies = total > 1e-12 * len(column) * (1 + middle**2)
        slope = float(away @ targets) / total if varies else 0.0
        leverage = 1 / len(column) + (away**2 / total if varies else 0.0)
        free = np.maximum(1 - leverage, 1e-9)
        residuals = targets - level - slope * away
        left_out = np.where(free > 1e-6, targets - residuals / free, level)
        return cls(middle, level, slope, np.asarray(left_out, np.float64))

    def at(self, column: FloatArray) -> FloatArray:
        """The line at a column ``(m,)``."""
        return self.level + self.slope * (column - self.middle)
