"""A Gaussian process after its targets are known. "R&W" is Rasmussen & Williams, MIT Press 2006."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve, solve_triangular

from surrogates.predictor import FloatArray
from surrogates.predictors.covariance import Covariance, triangle

_ROWS_AT_ONCE = 2048  # bounds the memory of predicting many rows


@dataclass(frozen=True, slots=True)
class Posterior:
    """The exact posterior of a process of mean 0, by one Cholesky factorisation (R&W algorithm 2.1).

    Attributes:
        covariance: What is believed before.
        rows: Shape ``(n, d)``: where targets are known.
        factor: Lower Cholesky factor of the targets' covariance ``K``, noise included.
        solved: ``K⁻¹ targets``.
    """

    covariance: Covariance
    rows: FloatArray
    factor: FloatArray
    solved: FloatArray

    @classmethod
    def of(cls, covariance: Covariance, rows: FloatArray, targets: FloatArray) -> Posterior:
        """Of targets ``(n,)`` at rows ``(n, d)``."""
        factor = triangle(covariance.among(rows))
        return cls(covariance, rows, factor, np.asarray(cho_solve((factor, True), targets), np.float64))

    def means(self, rows: FloatArray) -> FloatArray:
        """Mean ``(m,)`` of targets at rows ``(m, d)`` (R&W eq. 2.25)."""
        mean = np.empty(len(rows))
        for some in _lots(len(rows)):
            mean[some] = self.solved @ self.covariance.between(self.rows, rows[some])
        return mean

    def at(self, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mean and variance, both ``(m,)``, of new noisy targets at rows ``(m, d)`` (R&W eq. 2.25 and 2.26)."""
        mean, variance = np.empty((2, len(rows)))
        for some in _lots(len(rows)):
            shared = self.covariance.between(self.rows, rows[some])
            mean[some] = self.solved @ shared
            explained = (solve_triangular(self.factor, shared, lower=True, check_finite=False) ** 2).sum(axis=0)
            variance[some] = np.maximum(self.covariance.variance - explained, 0.0) + self.covariance.noise
        return mean, variance

    def left_out(self, targets: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mean and variance of each target given all the others, both ``(n,)``, without refitting (R&W eq. 5.12)."""
        half = solve_triangular(self.factor, np.eye(len(targets)), lower=True, check_finite=False)
        precision = (half**2).sum(axis=0)  # the diagonal of K⁻¹
        return targets - self.solved / precision, np.asarray(1 / precision, np.float64)


def _lots(count: int) -> Iterator[slice]:
    return (slice(start, start + _ROWS_AT_ONCE) for start in range(0, count, _ROWS_AT_ONCE))
