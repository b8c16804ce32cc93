"""Comparing repeated scores as distributions."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from surrogates.combination import Combination, Scored, Trained, check_scored
from surrogates.predictor import FloatArray

_AT_ONCE = 4_000_000  # comparisons of single scores held in memory


class StochasticOrdering(Combination):
    """Orders candidates by significant Mann-Whitney comparisons of repeated scores: training-free.

    After Rumiantsev and Coates, "Variation Matters" (TMLR 2025, arXiv 2502.19657). The ``k`` columns are repeated
    scores of one proxy (other weights, another batch), in no order. A candidate is stochastically larger than another
    where the one-sided Mann-Whitney U test says so. The paper finds a maximum and a top k by such comparisons in turn,
    which depend on the order of the candidates, as "not significantly larger" is not transitive. Here every pair is
    compared: a candidate scores the number of the others that it is larger than minus the number that are larger than
    it (Copeland's score); among equals the mean of P(a score of it > a score of another), half for ties, decides. The
    test is the normal approximation without corrections for continuity or ties.

    Args:
        level: Probability of a false difference in one comparison, in (0, 0.5]. With few repeats a small level finds no
            difference at all, and the tie-break alone orders.
    """

    of_repeats = True

    def __init__(self, level: float = 0.05) -> None:
        if not 0 < level <= 0.5:
            raise ValueError(f"stochastic_ordering: level must lie in (0, 0.5]; got {level}")
        self._level = level

    def combine(self, candidates: Scored, trained: Trained, rng: np.random.Generator) -> FloatArray:
        check_scored(candidates, trained, self.least_trained)
        scores = candidates.scores
        result = np.full(len(scores), np.nan)
        known = np.flatnonzero(~np.isnan(scores).all(axis=1))
        n = len(known)
        if n == 0:
            return result
        rows = scores[known]
        counts = (~np.isnan(rows)).sum(axis=1).astype(np.float64)
        step = max(1, _AT_ONCE // (n * rows.shape[1] ** 2))
        wins = np.vstack([_u(rows[start : start + step], rows) for start in range(0, n, step)])
        chance = wins / np.outer(counts, counts)
        deviation = np.sqrt(np.add.outer(counts, counts + 1) / (12 * np.outer(counts, counts)))
        larger = ndtr((chance - 0.5) / deviation) > 1 - self._level
        copeland = (larger.sum(axis=1) - larger.sum(axis=0)).astype(np.float64)
        result[known] = copeland + (chance.mean(axis=1) - 0.5)  # below half of one comparison: it breaks ties alone
        return result


def _u(some: FloatArray, rows: FloatArray) -> FloatArray:
    """Mann-Whitney's U of each of ``a`` rows against each of ``n``: ``(a, n)``, pairs of scores won, half for ties."""
    left, right = some[:, None, :, None], rows[None, :, None, :]
    return np.asarray(((left > right).sum(axis=(2, 3)) + 0.5 * (left == right).sum(axis=(2, 3))), np.float64)
