"""Choosing proxies and their signs on trained candidates."""

from __future__ import annotations

import numpy as np

from surrogates.combination import Combination, Scored, Trained, check_scored
from surrogates.combinations.entropies import information_gain, joined, quantile_bins
from surrogates.combinations.ranks import correlations, mean_log_ranks
from surrogates.predictor import FloatArray
from surrogates.ranking import kendall_tau


class InformationGain(Combination):
    """Ranks by a few proxies, which trained candidates choose and turn the right way round.

    First the proxy with the largest |Kendall tau| on the trained; then, one at a time, the proxy with the largest
    information gain ``H(y | chosen) - H(y | chosen, proxy)`` (Krishnakumar et al., NAS-Bench-Suite-Zero, NeurIPS 2022,
    section 4). A proxy that anti-correlates on the trained is turned over. The chosen are aggregated by the mean
    logarithm of ranks. ``libra`` takes the least gain instead, and a third proxy by its bias.

    Args:
        chosen: How many proxies at most, at least 1.
        bins: Quantile bins of scores and measurements, at least 2.
    """

    least_trained = 8

    def __init__(self, chosen: int = 3, bins: int = 3) -> None:
        if chosen < 1 or bins < 2:
            raise ValueError(f"information_gain: chosen must be at least 1 and bins 2; got {chosen} and {bins}")
        self._chosen = chosen
        self._bins = bins

    def combine(self, candidates: Scored, trained: Trained, rng: np.random.Generator) -> FloatArray:
        check_scored(candidates, trained, self.least_trained)
        taus = correlations(kendall_tau, trained.scored.scores, trained.values)
        columns = self._choose(trained, taus)
        return mean_log_ranks(candidates.scores * np.where(taus < 0, -1.0, 1.0), columns)

    def _choose(self, trained: Trained, taus: FloatArray) -> list[int]:
        binned = [quantile_bins(column, self._bins) for column in trained.scored.scores.T]
        target = quantile_bins(trained.values, self._bins)
        left = list(range(len(taus)))
        columns: list[int] = []
        known = np.zeros(len(target), np.int64)
        while left and len(columns) < self._chosen:
            if not columns:
                best = max(left, key=lambda column: abs(taus[column]))
            else:
                gains = {column: information_gain(target, known, binned[column]) for column in left}
                best = max(left, key=lambda column: gains[column])
                if gains[best] <= 0:
                    break
            columns.append(best)
            left.remove(best)
            known = joined(known, binned[best])
        return columns
