"""Weighing proxies for each architecture by what trained ones taught."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import RidgeCV

from surrogates.combination import Combination, Scored, Trained, check_scored
from surrogates.combinations.ranks import mean_of_known, relative_ranks
from surrogates.predictor import FloatArray

_PENALTIES = np.logspace(-3, 2, 6)  # beside rows of mean square 1


class PerArchitectureWeights(Combination):
    """A sum of the proxies' ranks whose weights depend on the architecture: ``S(A) = sum_i w_i(A) z_i(A)``.

    After PO-NAS (Lin and Luo, "Per-Architecture Training-Free Metric Optimization for Neural Architecture Search",
    NeurIPS 2025, equation 1). Each weight is linear in the architecture's features ``x(A)``, standardised:
    ``w_i(A) = u_i + v_i x(A)``, a varying-coefficient model (Hastie and Tibshirani, JRSS B 1993). Ridge regression of
    the trained candidates' ranks gives all ``u`` and ``v`` at once; beforehand the part of a weight that all
    architectures share and the part of its own are held to vary alike, and the penalty is the one with the least
    leave-one-out error. A weight may be negative.

    PO-NAS makes the weights by a network: a graph attention encoder, pretrained to restore masked nodes and to predict
    the proxies, whose output meets an embedding of each proxy in cross-attention; it is trained for correlation,
    direction and alignment of differences, on scores scaled to [0, 1] and weights scaled to an absolute sum of 1. Its
    search trains the best by this score, one at a time, and varies them. None of that is here.
    """

    least_trained = 8

    def combine(self, candidates: Scored, trained: Trained, rng: np.random.Generator) -> FloatArray:
        check_scored(candidates, trained, self.least_trained)
        n = len(candidates.scores)
        ranks = relative_ranks(np.vstack([candidates.scores, trained.scored.scores])) - 0.5
        ranks[np.isnan(ranks)] = 0.0  # in the middle, where its weight does not matter
        features = _with_one(np.vstack([candidates.features, trained.scored.features]))
        products = (ranks[n:, :, None] * features[n:, None, :]).reshape(len(trained.values), -1)
        scale = np.sqrt(np.square(products).sum(axis=1).mean()) or 1.0
        model = RidgeCV(_PENALTIES).fit(products / scale, relative_ranks(trained.values[:, None])[:, 0])
        weights = features[:n] @ (model.coef_ / scale).reshape(ranks.shape[1], -1).T
        return np.where(np.isnan(mean_of_known(candidates.scores)), np.nan, (weights * ranks[:n]).sum(axis=1))


def _with_one(features: FloatArray) -> FloatArray:
    """Standardised columns of together one variance, NaN as their mean, behind a column of ones."""
    centred = np.nan_to_num(features - mean_of_known(features.T))
    deviation = centred.std(axis=0)
    varying = centred[:, deviation > 0] / deviation[deviation > 0]
    return np.hstack([np.ones((len(features), 1)), varying / np.sqrt(max(1, varying.shape[1]))])
