"""The calibrated gate: rejects only what is dominated even when the predictor is generously wrong."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from evonas.core.archive import FloatArray


def passes(mean: FloatArray, std: FloatArray, front: FloatArray, error_rate: float) -> npt.NDArray[np.bool_]:
    """Which candidates the archive's front does not dominate at an optimistic reading.

    Each predicted objective is read at the quantile ``error_rate`` of its predicted distribution; where the deviations
    are calibrated, a candidate whose true value is not dominated is rejected with at most that probability for one
    predicted objective. Exact objectives have deviation 0 and are read as they are.

    Args:
        mean: Objectives of the candidates, minimised: shape ``(n, objectives)``.
        std: Their deviations, 0 for exact ones: shape ``(n, objectives)``.
        front: The archive's front, minimised: shape ``(m, objectives)``.
        error_rate: In (0, 0.5].

    Returns:
        Shape ``(n,)``, true for those that pass.
    """
    optimistic = mean + norm.ppf(error_rate) * std
    if len(front) == 0:
        return np.ones(len(mean), dtype=np.bool_)
    no_worse = (front[None, :, :] <= optimistic[:, None, :]).all(axis=2)
    better = (front[None, :, :] < optimistic[:, None, :]).any(axis=2)
    dominated: npt.NDArray[np.bool_] = (no_worse & better).any(axis=1)
    return ~dominated
