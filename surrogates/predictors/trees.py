"""Bagged gradient-boosted trees."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast, get_args

import numpy as np
import numpy.typing as npt
import xgboost

from spaces.architecture import Architecture
from spaces.discovery import find
from spaces.space import Space
from surrogates import ENCODINGS
from surrogates.cross_validated import CrossValidated
from surrogates.encoding import Encoding, check_columns
from surrogates.predictor import FloatArray, Prediction, check_targets
from surrogates.predictors.ensemble_calibration import EnsembleCalibration, FittedEnsemble, Rows
from surrogates.predictors.target_warp import TargetWarp

TreeObjective = Literal["reg:squarederror", "rank:pairwise", "rank:ndcg"]

_LEAST_CORRELATION = 0.05  # of scores with targets: keeps their order where left-out errors show no more


@dataclass(frozen=True, slots=True)
class _Bag:
    """A booster, and the line that maps what it says to the fitted scale."""

    booster: xgboost.Booster
    shift: float = 0.0
    factor: float = 1.0

    def outputs(self, rows: Rows) -> FloatArray:
        said = self.booster.inplace_predict(rows, validate_features=False)
        return self.shift + self.factor * np.asarray(said, np.float64)


class Trees(CrossValidated):
    """XGBoost (Chen & Guestrin, KDD 2016) on warped targets, averaged over bags.

    Targets are fitted on the scale of ``TargetWarp``, which spreads the best end, and the bags' mean is mapped back to
    the targets' unit; the map is increasing, so ranks are those of the bags' mean. Each bag leaves out one of ``bags``
    parts of the training set, so each target is predicted once by a bag that never saw it: these errors calibrate the
    deviation, as ``EnsembleCalibration`` says.

    Two objectives learn from pairs, after LambdaMART (Burges, MSR-TR-2010-82): ``rank:pairwise`` wants each pair in
    order, ``rank:ndcg`` most of all the pairs that move the top, with gains linear in the target's rank. Their scores
    have no unit: each bag's are standardised over the training rows, and one increasing line, the least squares fit of
    warped targets to left-out scores, maps them to the fitted scale. Pairs are drawn evenly (``mean``): XGBoost's own
    way pairs only with the few that are ranked first, and ranks worse the more targets there are.

    Args:
        space: Passed to the default encoding: graph features and log cost.
        encoding: Columns to learn from; NaN is a missing value, for which each split learns a direction.
        objective: What boosting minimises: ``reg:squarederror``, ``rank:pairwise`` or ``rank:ndcg``.
        bags: Boosters, at least 2; each leaves out one part. No more than targets are used.
        trees: Boosting rounds of each bag.
        depth: Largest depth of a tree.
        learning_rate: Shrinkage of each tree.
        pairs: Drawn for each target and round by the ranking objectives; 32 to 64 are enough.
        coverage: Share of unseen values that intervals are calibrated to cover, between 0 and 1.
    """

    def __init__(
        self,
        space: Space,
        encoding: Encoding | None = None,
        objective: TreeObjective = "reg:squarederror",
        bags: int = 8,
        trees: int = 200,
        depth: int = 4,
        learning_rate: float = 0.05,
        pairs: int = 32,
        coverage: float = 0.8,
    ) -> None:
        if objective not in get_args(TreeObjective):
            raise ValueError(f"objective must be one of {', '.join(get_args(TreeObjective))}; got {objective!r}")
        for name, value, least in (("bags", bags, 2), ("trees", trees, 1), ("depth", depth, 1), ("pairs", pairs, 1)):
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
        self._objective = objective
        self._parameters = {
            "objective": objective,
            "base_score": 0.0,  # warped targets have mean 0
            "max_depth": depth,
            "eta": learning_rate,
            "subsample": 0.6,
            "colsample_bynode": 0.2,  # graph features overlap, and each split from few of them decorrelates the trees
            "tree_method": "hist",
            "nthread": 1,  # two threads were ten times slower at these sizes
            **_pair_parameters(objective, pairs),
        }
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
        rows = self._encoding.encode(architectures)
        warped = warp.forward(targets)
        count = min(self._bags, n)
        parts = rng.permutation(n) % count
        unseen = parts == np.arange(count)[:, None]
        seeds = rng.integers(2**31, size=count).tolist()
        bags = tuple(self._bag(rows[~out], warped[~out], seed) for out, seed in zip(unseen, seeds, strict=True))
        if self._objective != "reg:squarederror":
            bags = _on_the_scale_of(warped, bags, rows, unseen)
        outputs = functools.partial(_outputs, bags)
        calibration = EnsembleCalibration.of(warp, targets, outputs(rows), unseen, self._coverage)
        self._fitted = FittedEnsemble.of(targets, outputs, calibration)

    def predict(self, architectures: Sequence[Architecture]) -> Prediction:
        return self._learned().predict(len(architectures), lambda: self._encoding.encode(architectures))

    def left_out(self) -> Prediction:
        return self._learned().left_out()

    def _learned(self) -> FittedEnsemble:
        if self._fitted is None:
            raise RuntimeError("trees predict what fit has learned, and nothing is fitted; call fit first")
        return self._fitted

    def _bag(self, rows: Rows, warped: FloatArray, seed: int) -> _Bag:
        data = xgboost.DMatrix(rows, _labels(self._objective, warped), nthread=1)
        if self._objective != "reg:squarederror":
            data.set_group([len(rows)])  # all are compared with all
        return _Bag(xgboost.train({**self._parameters, "seed": seed}, data, self._trees))


def _pair_parameters(objective: TreeObjective, pairs: int) -> dict[str, object]:
    """What XGBoost must be told about pairs, by its documentation of learning to rank."""
    if objective == "reg:squarederror":
        return {}
    drawn: dict[str, object] = {"lambdarank_pair_method": "mean", "lambdarank_num_pair_per_sample": pairs}
    if objective == "rank:pairwise":
        return drawn
    # Swapping two of n moves NDCG by about 1 / n: the default penalties on so small a curvature would forbid any split.
    unpenalised = {"min_child_weight": 0.0, "lambda": 1e-3, "lambdarank_normalization": False}
    return {**drawn, **unpenalised, "ndcg_exp_gain": False}


def _labels(objective: TreeObjective, warped: FloatArray) -> FloatArray:
    """What each objective learns from: warped targets, their negatives, or how many targets are worse."""
    if objective == "reg:squarederror":
        return warped
    if objective == "rank:pairwise":
        return -warped
    return np.asarray(np.searchsorted(np.sort(-warped), -warped), np.float64)


def _on_the_scale_of(
    warped: FloatArray, bags: tuple[_Bag, ...], rows: Rows, unseen: npt.NDArray[np.bool_]
) -> tuple[_Bag, ...]:
    """The bags with lines from scores, where more is better, to ``warped``, where less is."""
    scores = -_outputs(bags, rows)
    centre, spread = scores.mean(axis=1, keepdims=True), scores.std(axis=1, keepdims=True)
    spread[spread == 0] = 1.0
    left_out = ((scores - centre) / spread)[unseen.argmax(axis=0), np.arange(len(warped))]
    middle, width = float(left_out.mean()), float(left_out.std()) or 1.0
    correlation = float(np.mean((left_out - middle) / width * warped))
    slope = max(correlation, _LEAST_CORRELATION) / width
    return tuple(
        _Bag(bag.booster, -slope * (float(zero) / float(one) + middle), -slope / float(one))
        for bag, zero, one in zip(bags, centre[:, 0], spread[:, 0], strict=True)
    )


def _outputs(bags: tuple[_Bag, ...], rows: Rows) -> FloatArray:
    """What each of ``b`` bags says of ``n`` rows on the fitted scale, shape ``(b, n)``."""
    return np.array([bag.outputs(rows) for bag in bags], np.float64)
