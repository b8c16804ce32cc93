"""The calibrated gate: rejects only what is dominated even when the predictor is generously wrong."""

from __future__ import annotations

import moocore
import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from evonas.core.archive import FloatArray
from surrogates.conformal import conformal_quantile

Mask = npt.NDArray[np.bool_]


def passes(mean: FloatArray, std: FloatArray, front: FloatArray, error_rate: float, allowed: float = 0.0) -> Mask:
    """Which candidates the archive's front does not dominate at an optimistic reading.

    Each predicted objective is read some deviations below its mean: as many as make the quantile ``error_rate`` of a
    normal distribution, or ``allowed`` where that is more. Exact objectives have deviation 0 and are read as they are.

    Args:
        mean: Objectives of the candidates, minimised: shape ``(n, objectives)``.
        std: Their deviations, 0 for exact ones: shape ``(n, objectives)``.
        front: The archive's front, minimised: shape ``(m, objectives)``.
        error_rate: In (0, 0.5].
        allowed: Fewest deviations, from ``caution``; where infinite, everything passes.

    Returns:
        Shape ``(n,)``, true for those that pass.
    """
    if len(front) == 0 or np.isinf(allowed):
        return np.ones(len(mean), dtype=np.bool_)
    return ~_dominated(mean - max(-norm.ppf(error_rate), allowed) * std, front)


def caution(left_out: tuple[FloatArray, FloatArray] | None, values: FloatArray, error_rate: float) -> float:
    """How many deviations the gate must allow, so that it rejects what is not dominated at most at ``error_rate``.

    What is not dominated is among the best, and the best are predicted worse than they are: intervals that cover all
    candidates at a rate miss these more often. So the rate is kept among them alone (class-conditional conformal
    prediction: Vovk, Machine Learning 2013). Each trained candidate that no other trained one dominates is read at what
    was predicted of it as if it had not been trained; its score is the deviations at which the front of the others
    would no longer reject it; and the scores' conformal quantile is exceeded by a further such candidate at most at
    half of ``error_rate``, were it exchangeable with them. The other half is for what is not: left-out predictions
    promise half of what they show (theorem 1 of the jackknife+: Barber et al., Annals of Statistics 2021), and children
    of the front are new in kind. A few scores may be small by luck, so the normal quantile of that rate is the least.

    Args:
        left_out: Mean and deviation of the trained, predicted as if they were not, minimised, exact objectives as they
            are with deviation 0: both ``(n, objectives)``. None where that is not known.
        values: What they turned out to be, minimised: ``(n, objectives)``.
        error_rate: In (0, 0.5].

    Returns:
        Infinity where the front is too small to know, with fewer than ``2 / error_rate - 1`` members; 0 for None.
    """
    if left_out is None:
        return 0.0
    mean, std = left_out
    best = np.flatnonzero(moocore.is_nondominated(values, keep_weakly=True))
    scores = np.array([_deviations_to_pass(mean[one], std[one], values[best[best != one]]) for one in best], np.float64)
    quantile = conformal_quantile(scores, 1 - error_rate / 2)
    least = np.nextafter(quantile, np.inf)  # at the score itself, the reading equals what dominates it
    return float(max(least, -norm.ppf(error_rate / 2)))


def _deviations_to_pass(mean: FloatArray, std: FloatArray, front: FloatArray) -> float:
    """Where reading ``mean`` fewer deviations lower leaves it dominated by ``front``: the supremum, at least 0."""
    doubtful = std > 0
    away = np.where(mean < front, 0.0, np.inf)
    away[:, doubtful] = (mean - front)[:, doubtful] / std[doubtful]
    return float(np.max(away.min(axis=1), initial=0.0))


def _dominated(points: FloatArray, front: FloatArray) -> Mask:
    no_worse = np.all(front[None, :, :] <= points[:, None, :], axis=2)
    better = np.any(front[None, :, :] < points[:, None, :], axis=2)
    return np.asarray(np.any(no_worse & better, axis=1), np.bool_)
