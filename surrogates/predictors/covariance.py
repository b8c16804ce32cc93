"""The covariance of the Gaussian process and the marginal likelihood that chooses it.

"R&W" is Rasmussen & Williams, Gaussian Processes for Machine Learning, MIT Press 2006.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve, cholesky
from scipy.optimize import minimize

from surrogates.predictor import FloatArray
from surrogates.predictors._column_weights import ColumnWeights

_BROADNESS = 0.05  # of r² in the broad part: it is flat where the local part has long forgotten
_NUMBERS_AT_ONCE = 1 << 15  # covariances computed at a time: 256 KB, which a processor's cache holds
_JITTERS = (0.0, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2)  # of the mean variance, tried in this order

# Medians and deviation of the log-normal priors, for targets of variance 1.
_LOCAL, _BROAD, _NOISE = 0.5, 1.0, 0.05
_SPREAD = 1.0
_FARTHEST = 5.0  # deviations that a logarithm may lie from its median: keeps the search where numbers are finite


@dataclass(frozen=True, slots=True)
class Covariance:
    """``k(x, z) = local (1 + r) exp(-r) + broad exp(-0.05 r²)`` with ``r² = Σ ((x - z) scales)²``.

    The first part is a Matérn 3/2 (R&W eq. 4.17), which learns what is particular to similar rows; the second a broad
    squared exponential, which learns the trend over all.

    Attributes:
        local: Variance of the Matérn part.
        broad: Variance of the squared exponential part.
        noise: Variance of a target about the function.
        scales: Shape ``(d,)``: inverse lengthscale of each column.
    """

    local: float
    broad: float
    noise: float
    scales: FloatArray

    @property
    def variance(self) -> float:
        """Of the function at any one row, before targets are known and without noise."""
        return self.local + self.broad

    def between(self, left: FloatArray, right: FloatArray) -> FloatArray:
        """Covariances of rows ``(n, d)`` with rows ``(m, d)``, without noise: ``(n, m)``."""
        left, right = left * self.scales, right * self.scales
        ours, theirs = (left**2).sum(axis=1), (right**2).sum(axis=1)
        result = np.asarray(2 * left @ right.T, np.float64)
        step = max(1, _NUMBERS_AT_ONCE // max(len(right), 1))
        for start in range(0, len(left), step):
            some = np.s_[start : start + step]
            local, broad, _ = self.parts(_squared_distances(ours[some], theirs, result[some]))
            np.add(local, broad, out=result[some])
        return result

    def among(self, rows: FloatArray) -> FloatArray:
        """Covariances of noisy targets at rows ``(n, d)``: ``(n, n)``."""
        result = self.between(rows, rows)
        np.fill_diagonal(result, self.variance + self.noise)
        return result

    def parts(self, squared: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """The Matérn part, the broad part and exp(-r) where r² is ``squared``, which the broad part overwrites."""
        distance = np.sqrt(squared)
        decay = np.negative(distance)
        np.exp(decay, out=decay)
        distance += 1
        distance *= self.local
        distance *= decay
        squared *= -_BROADNESS
        np.exp(squared, out=squared)
        squared *= self.broad
        return distance, squared, decay


def triangle(matrix: FloatArray) -> FloatArray:
    """Lower Cholesky factor of a covariance, with the least jitter on its diagonal that makes it one.

    Raises:
        LinAlgError: It is far from positive definite.
    """
    level = float(np.trace(matrix)) / max(len(matrix), 1)
    for jitter in _JITTERS:
        shifted = matrix + jitter * level * np.eye(len(matrix)) if jitter else matrix
        try:
            return np.asarray(cholesky(shifted, lower=True), np.float64)
        except np.linalg.LinAlgError:
            continue
    raise np.linalg.LinAlgError("a covariance must be positive definite; its Cholesky factorisation failed")


def most_probable(rows: FloatArray, weights: ColumnWeights, targets: FloatArray, iterations: int) -> Covariance:
    """The covariance of the highest posterior density: marginal likelihood times log-normal priors.

    L-BFGS-B on logarithms, from the priors' medians.

    Args:
        rows: Shape ``(n, d)``, columns of mean 0 and variance 1.
        weights: What is believed of the columns' weights.
        targets: Shape ``(n,)``, of mean 0 and variance 1.
        iterations: Most steps of the optimiser.
    """
    centre, spread = prior(weights)
    found = minimize(
        negative_log_posterior,
        centre,
        (rows, weights, targets),
        method="L-BFGS-B",
        jac=True,
        bounds=np.column_stack([centre - _FARTHEST * spread, centre + _FARTHEST * spread]),
        options={"maxiter": iterations},
    )
    return covariance_of(np.asarray(found.x, np.float64), weights)


def prior(weights: ColumnWeights) -> tuple[FloatArray, FloatArray]:
    """Means and deviations of the logarithms of (local, broad, noise) and of the weights' parameters."""
    centre = np.concatenate([np.log([_LOCAL, _BROAD, _NOISE]), np.zeros(len(weights.spread))])
    return centre, np.concatenate([np.full(3, _SPREAD), weights.spread])


def covariance_of(logarithms: FloatArray, weights: ColumnWeights) -> Covariance:
    """The covariance that logarithms of (local, broad, noise) and the weights' parameters stand for."""
    local, broad, noise = np.exp(logarithms[:3]).tolist()
    return Covariance(local, broad, noise, weights.scales(logarithms[3:]))


def negative_log_posterior(
    logarithms: FloatArray, rows: FloatArray, weights: ColumnWeights, targets: FloatArray
) -> tuple[float, FloatArray]:
    """Minus the log marginal likelihood (R&W eq. 2.30) and minus the log prior, and their gradient (R&W eq. 5.9).

    Args:
        logarithms: Shape ``(3 + p,)``: of local, broad and noise, then the weights' parameters.
        rows: Shape ``(n, d)``.
        weights: Of the columns, with ``p`` parameters.
        targets: Shape ``(n,)``.
    """
    covariance = covariance_of(logarithms, weights)
    n = len(targets)
    scaled = rows * covariance.scales
    squares = (scaled**2).sum(axis=1)
    squared = _squared_distances(squares, squares, 2 * scaled @ scaled.T)
    np.fill_diagonal(squared, 0.0)
    local, broad, decay = covariance.parts(squared)
    among = local + broad
    among.flat[:: n + 1] += covariance.noise
    factor = triangle(among)
    inverse = np.asarray(cho_solve((factor, True), np.eye(n, order="F"), overwrite_b=True))
    solved = inverse @ targets
    value = 0.5 * targets @ solved + np.log(np.diag(factor)).sum() + 0.5 * n * np.log(2 * np.pi)
    sensitivity = np.outer(solved, solved)
    np.subtract(inverse, sensitivity, out=sensitivity)
    sensitivity *= 0.5  # of the value to each covariance
    decay *= -0.5 * covariance.local
    decay -= _BROADNESS * broad
    by_squared = np.multiply(decay, sensitivity, out=decay)  # of the value to each squared distance
    # Σ_ij S_ij (x_i - x_j)² of each column, without the n x n x d array of differences
    by_column = 2 * (by_squared.sum(axis=1) @ scaled**2 - (scaled * (by_squared @ scaled)).sum(axis=0))
    by_variance = [(sensitivity * local).sum(), (sensitivity * broad).sum(), covariance.noise * np.trace(sensitivity)]
    gradient = np.concatenate([by_variance, by_column @ weights.shares])
    centre, spread = prior(weights)
    away = (logarithms - centre) / spread
    return float(value + 0.5 * away @ away), gradient + away / spread


def _squared_distances(left: FloatArray, right: FloatArray, twice_products: FloatArray) -> FloatArray:
    """``(n, m)`` of rows whose squares sum to ``left`` and ``right``, by twice their products."""
    squared = np.add.outer(left, right)
    squared -= twice_products
    return np.asarray(np.maximum(squared, 0.0, out=squared), np.float64)
