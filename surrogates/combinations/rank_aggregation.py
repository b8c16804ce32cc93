"""Adding up ranks."""

from __future__ import annotations

from typing import Literal

import numpy as np

from surrogates.combination import Combination, Scored, Trained, check_scored
from surrogates.combinations.ranks import mean_of_known, relative_ranks
from surrogates.predictor import FloatArray


class RankAggregation(Combination):
    """The mean over proxies of the logarithm of the rank (AZ-NAS: Lee and Ham, CVPR 2024, equation 12): training-free.

    With rank 1 for the worst of n, candidate i scores ``mean_k log(rank_ik / n)``. The logarithm punishes a low rank
    by one proxy more than high ranks by others make up for: a candidate must please all. AZ-NAS sums; the mean orders
    alike, and does not reward that a proxy is unknown: it is taken over a candidate's known proxies.

    Args:
        scale: ``log``, or ``linear`` for the plain mean rank.
    """

    def __init__(self, scale: Literal["log", "linear"] = "log") -> None:
        if scale not in ("log", "linear"):
            raise ValueError(f"rank_aggregation: scale must be 'log' or 'linear'; got {scale!r}")
        self._scale = scale

    def combine(self, candidates: Scored, trained: Trained, rng: np.random.Generator) -> FloatArray:
        check_scored(candidates, trained, self.least_trained)
        ranks = relative_ranks(candidates.scores)
        return mean_of_known(np.log(ranks) if self._scale == "log" else ranks)
