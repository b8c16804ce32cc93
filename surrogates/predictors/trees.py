"""Bagged gradient-boosted trees."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
import xgboost

from spaces.architecture import Architecture
from spaces.discovery import find
from spaces.space import Space
from surrogates import ENCODINGS
from surrogates.conformal import conformal_factor
from surrogates.encoding import Encoding, check_columns
from surrogates.predictor import FloatArray, Prediction, Predictor, check_targets, smallest_deviation
from surrogates.predictors.target_warp import TargetWarp

Rows = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Fitted:
    """What a fit leaves: ``warp`` is None where the targets were the constant ``level``.

    ``noise`` is the root mean square error of left-out predictions and ``stretch`` the factor that makes their
    intervals cover; both on the fitted scale, as are the outputs of ``bags``.
    """

    level: float
    smallest_std: float
    warp: TargetWarp | None = None
    bags: tuple[xgboost.Booster, ...] = ()
    noise: float = 0.0
    stretch: float = 1.0


class Trees(Predictor):
    """XGBoost (Chen & Guestrin, KDD 2016) on squared errors of warped targets, averaged over bags.

    Targets are fitted on the scale of ``TargetWarp``, which spreads the best end, and the bags' mean is mapped back to
    the targets' unit; the map is increasing, so ranks are those of the bags' mean. Each bag leaves out one of ``bags``
    parts of the training set, so each target is predicted once by a bag that never saw it. The deviation is the bags'
    spread and the root mean square left-out error, added in squares, times the slope of the map, times one factor for
    all, the ``conformal_factor`` of left-out errors.

    A bag has seen less than the whole ensemble and is a little worse, so intervals err on the wide side.

    Args:
        space: Passed to the default encoding: graph features and log cost.
        encoding: Columns to learn from; NaN is a missing value, for which each split learns a direction.
        bags: Boosters, at least 2; each leaves out one part. No more than targets are used.
        trees: Boosting rounds of each bag.
        depth: Largest depth of a tree.
        learning_rate: Shrinkage of each tree.
        coverage: Share of unseen values that intervals are calibrated to cover, between 0 and 1.
    """

    def __init__(
        self,
        space: Space,
        encoding: Encoding | None = None,
        bags: int = 8,
        trees: int = 200,
        depth: int = 4,
        learning_rate: float = 0.05,
        coverage: float = 0.8,
    ) -> None:
        for name, value, least in (("bags", bags, 2), ("trees", trees, 1), ("depth", depth, 1)):
            if value < least:
                raise ValueError(f"{name} must be at least {least}; got {value}")
        if not 0 < learning_rate <= 1:
            raise ValueError(f"learning_rate must lie above 0 and at most at 1; got {learning_rate}. Try 0.05")
        if not 0 < coverage < 1:
            raise ValueError(f"coverage must lie between 0 and 1; got {coverage}. Try 0.8")
        self._encoding = cast(Encoding, find(ENCODINGS, "concatenated")(space)) if encoding is None else encoding
        self._bags = bags
        self._trees = trees
        self._coverage = coverage
        self._parameters = {
            "objective": "reg:squarederror",
            "base_score": 0.0,  # warped targets have mean 0
            "max_depth": depth,
            "eta": learning_rate,
            "subsample": 0.6,
            "colsample_bynode": 0.2,  # graph features overlap, and each split from few of them decorrelates the trees
            "tree_method": "hist",
            "nthread": 1,  # two threads were ten times slower at these sizes
        }
        self._fitted: _Fitted | None = None

    def fit(self, architectures: Sequence[Architecture], targets: FloatArray, rng: np.random.Generator) -> None:
        check_targets(len(architectures), targets)
        targets = np.asarray(targets, np.float64)
        self._fitted = None  # a fit that fails leaves no earlier one behind
        check_columns(self._encoding)
        smallest_std = smallest_deviation(targets)
        warp = TargetWarp.fitted(targets)
        if warp is None:
            self._fitted = _Fitted(float(targets.mean()), smallest_std)
            return
        rows = self._encoding.encode(architectures)
        warped = warp.forward(targets)
        count = min(self._bags, len(targets))
        parts = rng.permutation(len(targets)) % count
        seeds = rng.integers(2**31, size=count).tolist()
        kept = [parts != part for part in range(count)]
        bags = tuple(self._bag(rows[rest], warped[rest], seed) for rest, seed in zip(kept, seeds, strict=True))
        everyone = _outputs(bags, rows)
        left_out = everyone[parts, np.arange(len(targets))]
        noise = math.sqrt(float(np.mean((left_out - warped) ** 2)))
        # Spread at a training point is read from all bags, of which one had not seen it: a little too small,
        # which the factor makes up for.
        deviation = warp.slope(left_out) * np.hypot(everyone.std(axis=0), noise) + smallest_std
        errors = np.abs(targets - warp.backward(left_out)) / deviation
        stretch = conformal_factor(errors, self._coverage)
        self._fitted = _Fitted(float(targets.mean()), smallest_std, warp, bags, noise, stretch)

    def predict(self, architectures: Sequence[Architecture]) -> Prediction:
        fitted = self._fitted
        if fitted is None:
            raise RuntimeError("trees predict what fit has learned, and nothing is fitted; call fit first")
        n = len(architectures)
        if fitted.warp is None or n == 0:
            return Prediction(np.full(n, fitted.level), np.full(n, fitted.smallest_std))
        outputs = _outputs(fitted.bags, self._encoding.encode(architectures))
        mean = outputs.mean(axis=0)
        deviation = fitted.warp.slope(mean) * np.hypot(outputs.std(axis=0), fitted.noise)
        return Prediction(fitted.warp.backward(mean), fitted.stretch * deviation + fitted.smallest_std)

    def _bag(self, rows: Rows, warped: FloatArray, seed: int) -> xgboost.Booster:
        data = xgboost.DMatrix(rows, warped, nthread=1)
        return xgboost.train({**self._parameters, "seed": seed}, data, self._trees)


def _outputs(bags: tuple[xgboost.Booster, ...], rows: Rows) -> FloatArray:
    """What each of ``b`` bags says of ``n`` rows on the fitted scale, shape ``(b, n)``."""
    return np.array([bag.inplace_predict(rows, validate_features=False) for bag in bags], np.float64)
