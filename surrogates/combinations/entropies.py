"""What proxies tell about measurements, in nats, counted on quantile bins."""

from __future__ import annotations

import numpy as np

from surrogates.combination import Integers
from surrogates.predictor import FloatArray


def quantile_bins(values: FloatArray, bins: int) -> Integers:
    """The bin of each of ``(n,)`` values, from 1; 0 is "not known" (NaN)."""
    known = ~np.isnan(values)
    result = np.zeros(len(values), np.int64)
    if known.any():
        edges = np.quantile(values[known], np.linspace(0, 1, bins + 1)[1:-1])
        result[known] = 1 + np.searchsorted(edges, values[known], side="right")
    return result


def joined(one: Integers, other: Integers) -> Integers:
    """One label for each pair of labels, all ``(n,)``."""
    return np.asarray(one * (other.max(initial=0) + 1) + other, np.int64)


def information_gain(target: Integers, known: Integers, more: Integers) -> float:
    """``H(target | known) - H(target | known, more)`` of labels ``(n,)``.

    Source: Krishnakumar et al., NAS-Bench-Suite-Zero, NeurIPS 2022, section 4.
    """
    both = joined(known, more)
    return _entropy(joined(known, target)) - _entropy(known) - _entropy(joined(both, target)) + _entropy(both)


def _entropy(labels: Integers) -> float:
    """With Miller and Madow's correction, without which pure chance would seem to tell more the fewer are known."""
    counts = np.unique(labels, return_counts=True)[1]
    shares = counts / counts.sum()
    return float(-(shares * np.log(shares)).sum() + (len(counts) - 1) / (2 * counts.sum()))
