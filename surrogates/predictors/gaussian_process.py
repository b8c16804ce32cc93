"""An exact Gaussian process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from spaces.architecture import Architecture
from spaces.discovery import find
from spaces.space import Space
from surrogates import ENCODINGS
from surrogates.conformal import conformal_factor
from surrogates.cross_validated import CrossValidated
from surrogates.encoding import Encoding, check_columns
from surrogates.mean_first import MeanFirst
from surrogates.predictor import FloatArray, Prediction, check_targets, smallest_deviation
from surrogates.predictors._column_weights import ColumnWeights
from surrogates.predictors.covariance import most_probable
from surrogates.predictors.posterior import Posterior
from surrogates.predictors.standardisation import Standardisation
from surrogates.predictors.target_warp import TargetWarp

_PARTS = 3


@dataclass(frozen=True, slots=True)
class _Learned:
    """What is learned of targets that differ; the posterior is on the fitted scale."""

    warp: TargetWarp
    columns: Standardisation
    posterior: Posterior
    stretch: float


@dataclass(frozen=True, slots=True)
class _Fitted:
    """What a fit leaves: nothing is ``learned`` where the targets were the constant ``level``."""

    level: float
    smallest_std: float
    left_out: Prediction
    learned: _Learned | None = None


class GaussianProcess(CrossValidated, MeanFirst):
    """An exact Gaussian process (Rasmussen & Williams, 2006, eq. 2.25 and 2.26) on warped targets.

    Targets are fitted on the scale of ``TargetWarp`` and the posterior mean is mapped back to their unit; the map is
    increasing, so ranks are those of the posterior mean. Columns are standardised on the training rows and constant
    ones dropped; what is not known (NaN, such as a proxy that failed) stands at the column's training median. Each
    column has a lengthscale; those of columns whose names agree before the first bracket, such as ``count(…)``, or from
    it on, such as ``…(skip_connect)``, are believed to be alike (``ColumnWeights``). The covariance is a Matérn 3/2
    plus a broad squared exponential plus noise; lengthscales and variances are those of the highest posterior density
    on at most ``likelihood_rows`` targets, and all targets enter the one factorisation that predicts.

    The deviation is the posterior's, noise included, times the slope of the map, times one factor for all, the
    ``conformal_factor`` of left-out errors. Where lengthscales are learned of many targets, these are leave-one-out
    errors, which have a closed form (eq. 5.10 to 5.12). Of up to ``likelihood_rows`` targets lengthscales have seen too
    much for that (measured: 80 % intervals covered 61 % at 50 trained), so there the targets are left out by thirds,
    and lengthscales are learned anew for each.

    One thread is used; time grows with the cube of the targets, and 2,000 are a sensible most.

    Args:
        space: Passed to the default encoding, ``concatenated``.
        encoding: Columns to learn from.
        likelihood_rows: Most targets that choose lengthscales and variances, drawn at random where there are more.
        iterations: Most steps of the optimiser of the posterior density.
        coverage: Share of unseen values that intervals are calibrated to cover, between 0 and 1.
    """

    def __init__(
        self,
        space: Space,
        encoding: Encoding | None = None,
        likelihood_rows: int = 300,
        iterations: int = 40,
        coverage: float = 0.8,
    ) -> None:
        for name, value, least in (("likelihood_rows", likelihood_rows, 4), ("iterations", iterations, 1)):
            if value < least:
                raise ValueError(f"{name} must be at least {least}; got {value}")
        if not 0 < coverage < 1:
            raise ValueError(f"coverage must lie between 0 and 1; got {coverage}. Try 0.8")
        self._encoding = cast(Encoding, find(ENCODINGS, "concatenated")(space)) if encoding is None else encoding
        self._likelihood_rows = likelihood_rows
        self._iterations = iterations
        self._coverage = coverage
        self._fitted: _Fitted | None = None

    def fit(self, architectures: Sequence[Architecture], targets: FloatArray, rng: np.random.Generator) -> None:
        check_targets(len(architectures), targets)
        targets = np.asarray(targets, np.float64)
        self._fitted = None  # a fit that fails leaves no earlier one behind
        check_columns(self._encoding)
        smallest_std = smallest_deviation(targets)
        warp = TargetWarp.fitted(targets)
        level, n = float(targets.mean()), len(targets)
        if warp is None:
            self._fitted = _Fitted(level, smallest_std, Prediction(np.full(n, level), np.full(n, smallest_std)))
            return
        with threadpool_limits(limits=1, user_api="blas"):
            learned, left_out = self._learn(self._encoding.encode(architectures), targets, warp, smallest_std, rng)
        self._fitted = _Fitted(level, smallest_std, left_out, learned)

    def predict(self, architectures: Sequence[Architecture]) -> Prediction:
        fitted = self._known()
        n, learned = len(architectures), fitted.learned
        if learned is None or n == 0:
            return Prediction(np.full(n, fitted.level), np.full(n, fitted.smallest_std))
        with threadpool_limits(limits=1, user_api="blas"):
            mean, variance = learned.posterior.at(learned.columns.apply(self._encoding.encode(architectures)))
        deviation = learned.warp.slope(mean) * np.sqrt(variance)
        return Prediction(learned.warp.backward(mean), learned.stretch * deviation + fitted.smallest_std)

    def means(self, architectures: Sequence[Architecture]) -> FloatArray:
        fitted = self._known()
        n, learned = len(architectures), fitted.learned
        if learned is None or n == 0:
            return np.full(n, fitted.level)
        with threadpool_limits(limits=1, user_api="blas"):
            mean = learned.posterior.means(learned.columns.apply(self._encoding.encode(architectures)))
        return learned.warp.backward(mean)

    def left_out(self) -> Prediction:
        """Predicts each of the ``n`` fitted architectures, in their order, as if its own target were not known.

        As for the deviations: by thirds with lengthscales of their own where there are up to ``likelihood_rows``
        targets, else by the closed form of ``Posterior.left_out``. The warp and the factor of the deviations have seen
        the target. Deviations are those of ``predict``, factor included.

        Raises:
            RuntimeError: ``fit`` was not called.
        """
        fitted = self._known()
        return Prediction(fitted.left_out.mean.copy(), fitted.left_out.std.copy())

    def _known(self) -> _Fitted:
        if self._fitted is None:
            raise RuntimeError("a Gaussian process tells what fit has learned; nothing is fitted, so call fit first")
        return self._fitted

    def _learn(
        self,
        rows: npt.NDArray[np.float32],
        targets: FloatArray,
        warp: TargetWarp,
        smallest_std: float,
        rng: np.random.Generator,
    ) -> tuple[_Learned, Prediction]:
        columns = Standardisation.of(rows)
        standardised, warped = columns.apply(rows), warp.forward(targets)
        weights = ColumnWeights.of([self._encoding.names[column] for column in columns.kept])
        n = len(targets)
        some = rng.choice(n, self._likelihood_rows, replace=False) if n > self._likelihood_rows else np.arange(n)
        covariance = most_probable(standardised[some], weights, warped[some], self._iterations)
        posterior = Posterior.of(covariance, standardised, warped)
        few = n <= self._likelihood_rows
        left_out = self._left_out_of_all(standardised, weights, warped) if few else posterior.left_out(warped)
        unseen = _in_unit(warp, left_out)
        stretch = conformal_factor(np.abs(targets - unseen.mean) / (unseen.std + smallest_std), self._coverage)
        calibrated = Prediction(unseen.mean, stretch * unseen.std + smallest_std)
        return _Learned(warp, columns, posterior, stretch), calibrated

    def _left_out_of_all(
        self, rows: FloatArray, weights: ColumnWeights, targets: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Mean and variance of each target by a process whose lengthscales have not seen its part of the targets."""
        part = np.arange(len(targets)) % _PARTS
        mean, variance = np.empty((2, len(targets)))
        for number in range(_PARTS):
            here, rest = part == number, part != number
            covariance = most_probable(rows[rest], weights, targets[rest], self._iterations)
            mean[here], variance[here] = Posterior.of(covariance, rows[rest], targets[rest]).at(rows[here])
        return mean, variance


def _in_unit(warp: TargetWarp, warped: tuple[FloatArray, FloatArray]) -> Prediction:
    """A mean and variance on the fitted scale in the targets' unit."""
    mean, variance = warped
    return Prediction(warp.backward(mean), warp.slope(mean) * np.sqrt(variance))
