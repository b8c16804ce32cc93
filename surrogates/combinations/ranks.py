"""Ranks and rank correlations of scores of which some are not known."""

from __future__ import annotations

from collections.abc import Callable, Sequence

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


def mean_log_ranks(scores: FloatArray, chosen: Sequence[int]) -> FloatArray:
    """Mean logarithm of the relative ranks by the known among the chosen columns of ``(n, k)``: ``(n,)``.

    By all columns for a candidate of which none of the chosen is known; NaN where none at all is.
    """
    logs = np.log(relative_ranks(scores))
    means = mean_of_known(logs[:, chosen])
    return np.where(np.isnan(means), mean_of_known(logs), means)


def correlations(
    correlation: Callable[[FloatArray, FloatArray], float | None], scores: FloatArray, values: FloatArray
) -> FloatArray:
    """Each column's correlation, of its known scores ``(n, k)`` with values ``(n,)``: ``(k,)``, 0 where undefined."""
    known = ~np.isnan(scores)
    return np.array(
        [correlation(column[row], values[row]) or 0.0 for column, row in zip(scores.T, known.T, strict=True)]
    )
