"""How well predictions rank, and how honest their intervals are. Values are minimised: lower is better."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from surrogates.predictor import FloatArray, Prediction


def kendall_tau(predicted: FloatArray, measured: FloatArray) -> float | None:
    """Kendall's rank correlation tau-b, which corrects for ties (Kendall, Biometrika 1945).

    Args:
        predicted: Shape ``(n,)``.
        measured: Shape ``(n,)``.

    Returns:
        1 for the same order, -1 for the reverse; None where no order exists: fewer than 2 values, or one side constant.

    Raises:
        ValueError: Shapes differ or a value is not finite.
    """
    return _correlation("kendalltau", predicted, measured)


def spearman(predicted: FloatArray, measured: FloatArray) -> float | None:
    """Spearman's rank correlation rho: Pearson's of the ranks, where the tied share their mean rank (Spearman 1904).

    Args:
        predicted: Shape ``(n,)``.
        measured: Shape ``(n,)``.

    Returns:
        1 for the same order, -1 for the reverse; None where no order exists: fewer than 2 values, or one side constant.

    Raises:
        ValueError: Shapes differ or a value is not finite.
    """
    return _correlation("spearmanr", predicted, measured)


def precision_at_k(predicted: FloatArray, measured: FloatArray, k: int) -> float:
    """Share of the ``k`` best by prediction that are among the ``k`` best by measurement.

    A measured value equal to the k-th best counts as among the best. Where predictions tie across the k-th place, the
    result is the expectation over random orders of the tied, so a constant prediction scores as chance does.

    Args:
        predicted: Shape ``(n,)``, lower is better.
        measured: Shape ``(n,)``, lower is better.
        k: 1 … n.

    Raises:
        ValueError: Shapes differ, a value is not finite, or ``k`` is out of range.
    """
    _check(predicted, measured)
    _check_k(len(predicted), k)
    good = measured <= np.partition(measured, k - 1)[k - 1]
    last = np.partition(predicted, k - 1)[k - 1]
    sure, tied = predicted < last, predicted == last
    open_places = k - np.count_nonzero(sure)
    return float((np.count_nonzero(good & sure) + open_places * np.mean(good[tied])) / k)


def true_rank_of_best(predicted: FloatArray, measured: FloatArray, k: int) -> float:
    """N@k: the rank by measurement, from 1, of the best among the ``k`` best by prediction (Ning et al., ECCV 2020).

    Equal measurements share the best of their ranks. Where predictions tie across the k-th place, the result is the
    expectation over random orders of the tied, so a constant prediction scores as chance does.

    Args:
        predicted: Shape ``(n,)``, lower is better.
        measured: Shape ``(n,)``, lower is better.
        k: 1 … n.

    Raises:
        ValueError: Shapes differ, a value is not finite, or ``k`` is out of range.
    """
    _check(predicted, measured)
    _check_k(len(predicted), k)
    return _smallest_of_top(predicted, 1.0 + np.searchsorted(np.sort(measured), measured).astype(np.float64), k)


def coverage(prediction: Prediction, measured: FloatArray, nominal: float = 0.8) -> float | None:
    """Share of measured values inside the central interval of the prediction, ends included.

    The interval is ``mean ± z std`` where ``z`` is the standard normal quantile of ``(1 + nominal) / 2``: 1.2816 for
    80 %. Honest predictions cover ``nominal``.

    Args:
        prediction: Of ``n`` architectures, written before they were measured.
        measured: Shape ``(n,)``.
        nominal: Between 0 and 1.

    Returns:
        Between 0 and 1; None where ``n`` is 0.

    Raises:
        ValueError: Shapes differ, a value is not finite, or ``nominal`` is not between 0 and 1.
    """
    _check(prediction.mean, measured)
    _check(prediction.std, measured)
    if not 0 < nominal < 1:
        raise ValueError(f"the nominal coverage must lie between 0 and 1; got {nominal}")
    if len(measured) == 0:
        return None
    reach = NormalDist().inv_cdf((1 + nominal) / 2) * prediction.std
    return float(np.mean(np.abs(measured - prediction.mean) <= reach))


def _smallest_of_top(predicted: FloatArray, values: FloatArray, k: int) -> float:
    """The smallest of ``values`` among the ``k`` best by prediction, expected over random orders of the tied."""
    last = np.partition(predicted, k - 1)[k - 1]
    sure, tied = values[predicted < last], np.sort(values[predicted == last])
    places = np.arange(len(tied))
    # The chance that each tied one is left out, given that the better ones among them were.
    left_out = (len(tied) - (k - len(sure)) - places).clip(0) / (len(tied) - places)
    none_before = np.cumprod(np.concatenate([[1.0], left_out]))
    return float(np.minimum(tied, sure.min(initial=values.max())) @ -np.diff(none_before))


def _check_k(n: int, k: int) -> None:
    if not 1 <= k <= n:
        raise ValueError(f"k must lie between 1 and the number of values, {n}; got {k}")


def _correlation(name: str, predicted: FloatArray, measured: FloatArray) -> float | None:
    """A rank correlation of scipy's; None where no order exists."""
    _check(predicted, measured)
    if len(predicted) < 2 or np.ptp(predicted) == 0 or np.ptp(measured) == 0:
        return None
    from scipy import stats  # slow to import, and this module is imported with the package

    return float(getattr(stats, name)(predicted, measured).statistic)


def _check(predicted: FloatArray, measured: FloatArray) -> None:
    if predicted.ndim != 1 or predicted.shape != measured.shape:
        raise ValueError(
            f"predictions and measurements must both have shape (n,); got {predicted.shape} and {measured.shape}"
        )
    for name, values in (("predictions", predicted), ("measurements", measured)):
        bad = int(np.count_nonzero(~np.isfinite(values)))
        if bad:
            raise ValueError(f"{name} must be finite; {bad} of {math.prod(values.shape)} are not. Leave failures out")
