"""Ranks of scores of which some are not known."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from surrogates.predictor import FloatArray


def relative_ranks(scores: FloatArray) -> FloatArray:
    """Ranks within each column ``(n, k)``, in (0, 1]: the best known candidate has 1; ties share their mean rank.

    What is not known (NaN) stays so and takes no rank; the others' are relative to those known.
    """
    ranks = np.full(scores.shape, np.nan)
    for column in range(scores.shape[1]):
        known = ~np.isnan(scores[:, column])
        if known.any():
            ranks[known, column] = rankdata(scores[known, column]) / known.sum()
    return ranks


def mean_of_known(values: FloatArray) -> FloatArray:
    """Mean over each row's known values, ``(n, k)`` to ``(n,)``; NaN where none is known."""
    known = ~np.isnan(values)
    counts = known.sum(axis=1)
    sums = np.where(known, values, 0.0).sum(axis=1)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
