"""Regressing measurements on scores."""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import RandomForestRegressor

from surrogates.combination import Combination, Scored, Trained, check_scored
from surrogates.combinations.ranks import mean_of_known
from surrogates.predictor import FloatArray


class RandomForest(Combination):
    """A random forest from scores to measured values, after GreenFactory (Cortês et al., 2025, arXiv 2505.09344).

    GreenFactory trains on thousands of a benchmark's networks; here the trained candidates of the campaign itself are
    all that is learned from. Trees split on order alone, so scales and tails of the scores do not matter. Missing
    scores go to the better side of each split (scikit-learn).

    Args:
        trees: Number of trees, at least 1.
    """

    least_trained = 8

    def __init__(self, trees: int = 100) -> None:
        if trees < 1:
            raise ValueError(f"random_forest: trees must be at least 1; got {trees}")
        self._trees = trees

    def combine(self, candidates: Scored, trained: Trained, rng: np.random.Generator) -> FloatArray:
        check_scored(candidates, trained, self.least_trained)
        scores = candidates.scores
        if not len(scores):
            return np.zeros(0)
        seed = int(rng.integers(2**31))
        forest = RandomForestRegressor(self._trees, max_features=1 / 3, random_state=seed, n_jobs=1)
        forest.fit(trained.scored.scores, trained.values)
        return np.where(np.isnan(mean_of_known(scores)), np.nan, forest.predict(scores))
