"""Which candidates of one rung climb to the next: the rule of successive halving for several objectives."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evonas.core.archive import FloatArray
from evonas.searchers.selection import best_first


def climbers(values: FloatArray, climbed: npt.NDArray[np.bool_], reduction_factor: int) -> list[int]:
    """Rows of those that may climb now, best first by non-domination rank, then crowding distance.

    Of ``n`` that came home ``n // reduction_factor`` climb in all, those that did before included. So the share holds
    also while a search improves: where newcomers beat all that came before, the published rule, which lets everyone
    climb who is among the best ``n // reduction_factor`` at the moment, lets nearly everyone climb.

    Source: Li et al., "A System for Massively Parallel Hyperparameter Tuning", 2020, Algorithm 2 (``get_job``), with
    the ranking of Schmucker et al., "Multi-objective Asynchronous Successive Halving", 2021.

    Args:
        values: Objectives of one rung's candidates, minimised: shape ``(n, objectives)``.
        climbed: Which of them climbed before, shape ``(n,)``.
        reduction_factor: At least 1; 1 lets all climb.
    """
    allowance = len(values) // reduction_factor - int(climbed.sum())
    if allowance <= 0:
        return []
    return [int(row) for row in best_first(values, len(values)) if not climbed[row]][:allowance]
