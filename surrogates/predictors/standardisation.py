"""Columns of an encoding on one scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from surrogates.predictor import FloatArray


@dataclass(frozen=True, slots=True)
class Standardisation:
    """Columns with mean 0 and variance 1 over the training rows; constant ones are dropped.

    What is not known (NaN) stands at the column's median over the training rows, as if it were typical; a column of
    which nothing is known is dropped, too.

    Attributes:
        kept: Shape ``(d,)``, the numbers of the kept columns.
        typical: Shape ``(d,)``, their medians.
        centre: Shape ``(d,)``, their means, after filling in.
        spread: Shape ``(d,)``, their standard deviations, after filling in.
    """

    kept: npt.NDArray[np.int64]
    typical: FloatArray
    centre: FloatArray
    spread: FloatArray

    @classmethod
    def of(cls, rows: npt.NDArray[np.float32]) -> Standardisation:
        """Of training rows ``(n, columns)``."""
        known = np.flatnonzero(~np.isnan(rows).all(axis=0))
        values = rows[:, known].astype(np.float64)
        typical = np.nanmedian(values, axis=0) if values.size else np.zeros(len(known))
        filled = np.where(np.isnan(values), typical, values)
        spread = filled.std(axis=0)
        varies = spread > 1e-6 * np.abs(filled).max(axis=0, initial=0.0)  # single precision resolves no less
        return cls(known[varies], typical[varies], filled.mean(axis=0)[varies], spread[varies])

    def apply(self, rows: npt.NDArray[np.float32]) -> FloatArray:
        """Rows ``(n, columns)`` to ``(n, d)``."""
        values = rows[:, self.kept].astype(np.float64)
        np.copyto(values, self.typical, where=np.isnan(values))
        values -= self.centre
        values /= self.spread
        return np.asarray(values, np.float64)
