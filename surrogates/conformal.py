"""Intervals that keep their promise whatever the errors' distribution, from targets that were left out.

All scale with the predicted deviation: an error counts relative to what was expected of it.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from surrogates.predictor import FloatArray, Prediction


def conformal_quantile(scores: FloatArray, coverage: float) -> float:
    """The score of rank ``ceil((n + 1) coverage)``, which a further score exceeds at most ``1 - coverage`` of the time.

    That holds for any ``n`` where all ``n + 1`` scores are exchangeable (Vovk, Gammerman & Shafer, 2005).

    Args:
        scores: Shape ``(n,)``, finite or not.
        coverage: Between 0 and 1.

    Returns:
        Infinity where the rank exceeds ``n``: too few scores to promise so much.
    """
    rank = _rank(len(scores), coverage)
    return float(np.partition(scores, rank - 1)[rank - 1]) if rank <= len(scores) else math.inf


def conformal_factor(errors: FloatArray, coverage: float) -> float:
    """What deviations are multiplied with, so that their normal intervals of nominal ``coverage`` cover.

    The errors' quantile of rank ``ceil((n + 1) coverage)``, the finite-sample correction of split conformal prediction
    (Papadopoulos et al., ECML 2002), divided by the normal quantile of the same coverage: ``mean ± 1.2816 factor
    deviation`` then covers 80 % where ``coverage`` is 0.8. Where that rank exceeds n, the largest error stands in and
    coverage is a little below nominal.

    Args:
        errors: Shape ``(n,)``, at least one: left-out errors, absolute, each divided by its own deviation.
        coverage: Share of unseen values to be covered, between 0 and 1.
    """
    return min(conformal_quantile(errors, coverage), float(errors.max())) / NormalDist().inv_cdf((1 + coverage) / 2)


def split_interval(prediction: Prediction, errors: FloatArray, coverage: float) -> tuple[FloatArray, FloatArray]:
    """Split conformal intervals, normalised by the deviation (Lei et al., JASA 2018, algorithm 2 and section 5.2).

    They cover at least ``coverage`` where ``errors`` come from targets that the predictor never saw.

    Args:
        prediction: Of ``m`` architectures.
        errors: Shape ``(n,)``: absolute errors on other architectures, each divided by its own deviation.
        coverage: Between 0 and 1.

    Returns:
        Lower and upper ends, both ``(m,)``; infinite where ``n`` errors cannot promise so much.
    """
    reach = conformal_quantile(errors, coverage) * prediction.std
    return prediction.mean - reach, prediction.mean + reach


def jackknife_plus_interval(
    mean: FloatArray, std: FloatArray, errors: FloatArray, coverage: float
) -> tuple[FloatArray, FloatArray]:
    """Jackknife+ intervals (Barber, Candès, Ramdas & Tibshirani, Annals of Statistics 2021).

    From ``n`` predictors that each left one target out, or with it its part (the paper's CV+). They cover at least
    ``2 coverage - 1`` whatever the predictor and the distribution (theorem 1), and about ``coverage`` in practice. Here
    errors are normalised by deviations, as in ``split_interval``; deviations of 1 give the paper's intervals.

    Args:
        mean: Shape ``(n, m)``: of ``m`` architectures, by the predictor that left target i out.
        std: Shape ``(n, m)``, their deviations.
        errors: Shape ``(n,)``: absolute error on target i of the predictor that left it out, by its deviation.
        coverage: Between 0 and 1.

    Returns:
        Lower and upper ends, both ``(m,)``; infinite where ``n`` errors cannot promise so much.
    """
    rank, n = _rank(len(errors), coverage), len(errors)
    if rank > n:
        return np.full(mean.shape[1], -math.inf), np.full(mean.shape[1], math.inf)
    reach = errors[:, None] * std
    lower = np.partition(mean - reach, n - rank, axis=0)[n - rank]
    upper = np.partition(mean + reach, rank - 1, axis=0)[rank - 1]
    return lower, upper


def _rank(count: int, coverage: float) -> int:
    """``ceil((n + 1) coverage)``, where a product that is whole but for rounding counts as whole."""
    return math.ceil((count + 1) * coverage - 1e-9)
