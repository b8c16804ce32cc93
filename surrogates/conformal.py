"""Deviations that keep their promise: one factor for all, from errors on targets that were left out."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from surrogates.predictor import FloatArray


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
    rank = min(math.ceil((len(errors) + 1) * coverage), len(errors))
    return float(np.sort(errors)[rank - 1]) / NormalDist().inv_cdf((1 + coverage) / 2)
