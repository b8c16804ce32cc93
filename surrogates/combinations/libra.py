"""Choosing three proxies by correlation, information gain and bias."""

from __future__ import annotations

import numpy as np

from surrogates.combination import Combination, Scored, Trained, check_scored
from surrogates.combinations.entropies import information_gain, quantile_bins
from surrogates.combinations.ranks import correlations, mean_log_ranks
from surrogates.predictor import FloatArray
from surrogates.ranking import spearman


class Libra(Combination):
    """LIBRA, low information gain and bias re-alignment (Casarin, Escalera and Lanz, CVPR 2025, algorithm 1).

    First the proxy with the largest correlation. Of the others whose correlation is less than ``margin`` below it:
    second the one with the *least* information gain ``H(y | first) - H(y | first, proxy)`` (equation 9), which confirms
    what the first says; third the one whose bias is nearest to that of the measurements. A bias is the correlation of
    ranks with the number of parameters: it is matched, not removed.

    The paper chooses on a benchmark of measured networks, here the trained candidates are all there is; correlations
    are Spearman's, which the paper reports. Where it leaves open how the three are combined, the mean logarithm of
    ranks is taken, and a proxy that anti-correlates on the trained is turned over first. Where sizes are not known or
    all alike, there is no bias and no third proxy.

    Args:
        margin: Of correlation, above 0; the paper's is 0.1.
        bins: Quantile bins of scores and measurements, at least 2.
    """

    least_trained = 8

    def __init__(self, margin: float = 0.1, bins: int = 3) -> None:
        if margin <= 0 or bins < 2:
            raise ValueError(f"libra: margin must be above 0 and bins at least 2; got {margin} and {bins}")
        self._margin = margin
        self._bins = bins

    def combine(self, candidates: Scored, trained: Trained, rng: np.random.Generator) -> FloatArray:
        check_scored(candidates, trained, self.least_trained)
        told = correlations(spearman, trained.scored.scores, trained.values)
        signs = np.where(told < 0, -1.0, 1.0)
        columns = self._choose(trained.scored.scores * signs, trained, told * signs)
        return mean_log_ranks(candidates.scores * signs, columns)

    def _choose(self, scores: FloatArray, trained: Trained, told: FloatArray) -> list[int]:
        if not len(told):
            return []
        first = int(told.argmax())
        near = [column for column in range(len(told)) if told[column] > told[first] - self._margin and column != first]
        chosen = [first]
        if near:
            target = quantile_bins(trained.values, self._bins)
            binned = {column: quantile_bins(scores[:, column], self._bins) for column in (first, *near)}
            chosen.append(min(near, key=lambda column: information_gain(target, binned[first], binned[column])))
            near.remove(chosen[-1])
        sized = ~np.isnan(trained.scored.sizes)
        sizes = trained.scored.sizes[sized]
        wanted = spearman(trained.values[sized], sizes)
        if near and wanted is not None:
            biases = correlations(spearman, scores[sized], sizes)
            chosen.append(min(near, key=lambda column: abs(wanted - biases[column])))
        return chosen
