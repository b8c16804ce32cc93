"""Choosing proxies and their signs on trained candidates."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from surrogates.combination import Combination, Trained, check_scores
from surrogates.combinations.ranks import mean_of_known, relative_ranks
from surrogates.predictor import FloatArray
from surrogates.ranking import kendall_tau

Integers = npt.NDArray[np.int64]


class InformationGain(Combination):
    """Ranks by a few proxies, which trained candidates choose and turn the right way round.

    First the proxy with the largest |Kendall tau| on the trained; then, one at a time, the proxy with the largest
    information gain ``H(y | chosen) - H(y | chosen, proxy)`` (Krishnakumar et al., NAS-Bench-Suite-Zero, NeurIPS 2022,
    section 4). A proxy that anti-correlates on the trained is turned over. The chosen are aggregated by the mean
    logarithm of ranks. After LIBRA (Casarin et al., CVPR 2025), which chooses per space likewise, and differs: it
    aligns a third proxy's bias towards network size with that of the measurements, for which it is told the sizes, and
    has a whole benchmark to choose on. Entropies are of quantile bins with Miller and Madow's correction, without
    which a proxy of pure chance would seem to tell more the fewer are trained.

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

    def combine(self, scores: FloatArray, trained: Trained, rng: np.random.Generator) -> FloatArray:
        check_scores(scores, trained, self.least_trained)
        taus = np.array([_tau(trained.scores[:, column], trained.values) for column in range(scores.shape[1])])
        columns = self._choose(trained, taus)
        signs = np.where(taus[columns] < 0, -1.0, 1.0)
        return mean_of_known(np.log(relative_ranks(scores[:, columns] * signs)))

    def _choose(self, trained: Trained, taus: FloatArray) -> list[int]:
        binned = [_binned(column, self._bins) for column in trained.scores.T]
        target = _binned(trained.values, self._bins)
        left = list(range(len(taus)))
        columns: list[int] = []
        known = np.zeros(len(target), np.int64)
        while left and len(columns) < self._chosen:
            if not columns:
                best = max(left, key=lambda column: abs(taus[column]))
            else:
                gains = {column: _gain(target, known, binned[column]) for column in left}
                best = max(left, key=lambda column: gains[column])
                if gains[best] <= 0:
                    break
            columns.append(best)
            left.remove(best)
            known = known * (self._bins + 1) + binned[best]
        return columns


def _tau(scores: FloatArray, values: FloatArray) -> float:
    known = ~np.isnan(scores)
    return kendall_tau(scores[known], values[known]) or 0.0


def _binned(values: FloatArray, bins: int) -> Integers:
    """Quantile bins from 1; 0 is "not known"."""
    known = ~np.isnan(values)
    result = np.zeros(len(values), np.int64)
    if known.any():
        edges = np.quantile(values[known], np.linspace(0, 1, bins + 1)[1:-1])
        result[known] = 1 + np.searchsorted(edges, values[known], side="right")
    return result


def _gain(target: Integers, known: Integers, more: Integers) -> float:
    """``I(target; more | known)`` in nats."""
    both = known * (more.max() + 1) + more
    top = target.max() + 1
    return _entropy(known * top + target) - _entropy(known) - _entropy(both * top + target) + _entropy(both)


def _entropy(labels: Integers) -> float:
    counts = np.unique(labels, return_counts=True)[1]
    shares = counts / counts.sum()
    return float(-(shares * np.log(shares)).sum() + (len(counts) - 1) / (2 * counts.sum()))
