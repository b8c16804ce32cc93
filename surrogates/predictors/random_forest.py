"""A random forest."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import cast

import numpy as np
from sklearn.ensemble import RandomForestRegressor

from spaces.architecture import Architecture
from spaces.discovery import find
from spaces.space import Space
from surrogates import ENCODINGS
from surrogates.cross_validated import CrossValidated
from surrogates.encoding import Encoding, check_columns
from surrogates.predictor import FloatArray, Prediction, check_targets
from surrogates.predictors.ensemble_calibration import EnsembleCalibration, FittedEnsemble, Rows
from surrogates.predictors.target_warp import TargetWarp


class RandomForest(CrossValidated):
    """Trees on bootstrap samples (Breiman, Machine Learning 2001), by scikit-learn, on warped targets.

    Targets are fitted on the scale of ``TargetWarp`` and the trees' mean is mapped back to their unit. About 37 % of
    the trees have not seen a given target; their mean is its left-out (out-of-bag) prediction, and the errors of these
    calibrate the deviation, as ``EnsembleCalibration`` says.

    Args:
        space: Passed to the default encoding: graph features and log cost.
        encoding: Columns to learn from; NaN is a missing value, for which each split learns a direction.
        trees: In the forest, at least 2.
        columns: Share of the columns that each split may choose from, above 0 and at most 1.
        leaf: Fewest training rows in a leaf.
        coverage: Share of unseen values that intervals are calibrated to cover, between 0 and 1.
    """

    def __init__(
        self,
        space: Space,
        encoding: Encoding | None = None,
        trees: int = 200,
        columns: float = 0.33,
        leaf: int = 1,
        coverage: float = 0.8,
    ) -> None:
        for name, value, least in (("trees", trees, 2), ("leaf", leaf, 1)):
            if value < least:
                raise ValueError(f"{name} must be at least {least}; got {value}")
        if not 0 < columns <= 1:
            raise ValueError(f"columns must lie above 0 and at most at 1; got {columns}. Try 0.33")
        if not 0 < coverage < 1:
            raise ValueError(f"coverage must lie between 0 and 1; got {coverage}. Try 0.8")
        self._encoding = cast(Encoding, find(ENCODINGS, "concatenated")(space)) if encoding is None else encoding
        self._trees = trees
        self._columns = columns
        self._leaf = leaf
        self._coverage = coverage
        self._fitted: FittedEnsemble | None = None

    def fit(self, architectures: Sequence[Architecture], targets: FloatArray, rng: np.random.Generator) -> None:
        check_targets(len(architectures), targets)
        targets = np.asarray(targets, np.float64)
        self._fitted = None  # a fit that fails leaves no earlier one behind
        check_columns(self._encoding)
        n, warp = len(targets), TargetWarp.fitted(targets)
        if warp is None:
            self._fitted = FittedEnsemble.of(targets)
            return
        forest = RandomForestRegressor(
            self._trees,
            max_features=self._columns,
            min_samples_leaf=self._leaf,
            n_jobs=1,
            random_state=int(rng.integers(2**31)),
        )
        rows = self._encoding.encode(architectures)
        # Splits of equal worth are told apart by the last digits, which must not depend on the targets' unit.
        forest.fit(rows, np.round(warp.forward(targets), 9))
        unseen = np.ones((self._trees, n), bool)
        for tree, drawn in enumerate(forest.estimators_samples_):
            unseen[tree, drawn] = False
        outputs = functools.partial(_outputs, forest)
        calibration = EnsembleCalibration.of(warp, targets, outputs(rows), unseen, self._coverage)
        self._fitted = FittedEnsemble.of(targets, outputs, calibration)

    def predict(self, architectures: Sequence[Architecture]) -> Prediction:
        return self._learned().predict(len(architectures), lambda: self._encoding.encode(architectures))

    def left_out(self) -> Prediction:
        return self._learned().left_out()

    def _learned(self) -> FittedEnsemble:
        if self._fitted is None:
            raise RuntimeError("a random forest predicts what fit has learned; nothing is fitted, so call fit first")
        return self._fitted


def _outputs(forest: RandomForestRegressor, rows: Rows) -> FloatArray:
    """What each of ``b`` trees says of ``n`` rows on the fitted scale, shape ``(b, n)``."""
    return np.array([tree.predict(rows, check_input=False) for tree in forest.estimators_], np.float64)
