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
    _check(predicted, measured)
    if len(predicted) < 2 or np.ptp(predicted) == 0 or np.ptp(measured) == 0:
        return None
    from scipy.stats import kendalltau  # slow to import, and this module is imported with the package

    return float(kendalltau(predicted, measured).statistic)


def spearman_rho(predicted: FloatArray, measured: FloatArray) -> float | None:
    """Spearman's rank correlation: Pearson's of the ranks, where the tied share their mean rank.

    Args:
        predicted: Shape ``(n,)``.
        measured: Shape ``(n,)``.

    Returns:
        1 for the same order, -1 for the reverse; None where no order exists: fewer than 2 values, or one side constant.

    Raises:
        ValueError: Shapes differ or a value is not finite.
    """
    _check(predicted, measured)
    if len(predicted) < 2 or np.ptp(predicted) == 0 or np.ptp(measured) == 0:
        return None
    from scipy.stats import spearmanr  # slow to import, and this module is imported with the package

    return float(spearmanr(predicted, measured).statistic)


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
    _check_top(predicted, measured, k)
    good = measured <= np.partition(measured, k - 1)[k - 1]
    last = np.partition(predicted, k - 1)[k - 1]
    sure, tied = predicted < last, predicted == last
    open_places = k - np.count_nonzero(sure)
    return float((np.count_nonzero(good & sure) + open_places * np.mean(good[tied])) / k)


def best_rank_at_k(predicted: FloatArray, measured: FloatArray, k: int) -> float:
    """True rank of the best among the ``k`` best by prediction ("N@k" of Ning et al., ECCV 2020).

    1 where the truly best is among them. Where predictions tie across the k-th place, the result is the expectation
    over random orders of the tied.

    Args:
        predicted: Shape ``(n,)``, lower is better.
        measured: Shape ``(n,)``, lower is better; the tied share their smallest rank.
        k: 1 … n.

    Raises:
        ValueError: Shapes differ, a value is not finite, or ``k`` is out of range.
    """
    _check_top(predicted, measured, k)
    return _expected_of_best(predicted, k, 1.0 + np.searchsorted(np.sort(measured), measured).astype(np.float64))


def regret_at_k(predicted: FloatArray, measured: FloatArray, k: int) -> float:
    """How far the best among the ``k`` best by prediction falls short of the best of all, in the targets' unit.

    Arguments, ties and errors are those of ``best_rank_at_k``.
    """
    _check_top(predicted, measured, k)
    return _expected_of_best(predicted, k, measured - measured.min())


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


def _expected_of_best(predicted: FloatArray, k: int, values: FloatArray) -> float:
    """The smallest of ``values`` among the ``k`` best by prediction, expected over random orders of the tied."""
    last = np.partition(predicted, k - 1)[k - 1]
    sure, tied = values[predicted < last], np.sort(values[predicted == last])
    best_sure = float(sure.min(initial=math.inf))
    drawn, expected, none_before = k - len(sure), 0.0, 1.0
    for place, value in enumerate(tied):
        if value >= best_sure or none_before == 0:
            break
        missed = none_before * (1 - drawn / (len(tied) - place))
        expected += (none_before - missed) * float(value)
        none_before = missed
    return expected + (none_before * best_sure if none_before > 0 else 0.0)


def _check_top(predicted: FloatArray, measured: FloatArray, k: int) -> None:
    _check(predicted, measured)
    if not 1 <= k <= len(predicted):
        raise ValueError(f"k must lie between 1 and the number of values, {len(predicted)}; got {k}")


def _check(predicted: FloatArray, measured: FloatArray) -> None:
    if predicted.ndim != 1 or predicted.shape != measured.shape:
        raise ValueError(
            f"predictions and measurements must both have shape (n,); got {predicted.shape} and {measured.shape}"
        )
    for name, values in (("predictions", predicted), ("measurements", measured)):
        bad = int(np.count_nonzero(~np.isfinite(values)))
        if bad:
            raise ValueError(f"{name} must be finite; {bad} of {math.prod(values.shape)} are not. Leave failures out")
