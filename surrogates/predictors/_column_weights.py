"""How much each column of an encoding counts in a distance, and what is believed of it before targets are known."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from surrogates.predictor import FloatArray

# The weights sum to about twice the inverse of this many squared lengthscales; see ``covariance.py`` for r.
_MEAN_SQUARED_DISTANCE = 0.5

# Deviations of the logarithms' three parts. Chosen by the mean Kendall tau at 50 and 156 trained over four published
# tables (NAS-Bench-201, -101, -Macro and HW-GPT-Bench's perplexity), not for one of them.
_SPREAD_OF_STATISTICS, _SPREAD_OF_SUBJECTS, _SPREAD_OF_COLUMNS = 1.0, 1.5, 1.0


@dataclass(frozen=True, slots=True)
class ColumnWeights:
    """Log-normal weights of ``d`` columns that ``p`` parameters explain: ``log w = base + shares @ parameters``.

    A column named ``statistic(subject)`` has a statistic's parameter, a subject's and one of its own, added up. So what
    is learned of one column is believed of its relatives: that path lengths matter, or that the 3x3 convolution does,
    is told by many columns at once, and where they disagree each has its own say. ``statistic[entry]`` and
    ``statistic`` are about no subject but the statistic itself: whole statistics matter or do not.

    Attributes:
        base: Shape ``(d,)``, where all parameters are 0. Statistics then count alike, however many columns they have.
        shares: Shape ``(d, p)`` of zeros and ones.
        spread: Shape ``(p,)``, prior deviations of the parameters, whose prior means are 0.
    """

    base: FloatArray
    shares: FloatArray
    spread: FloatArray

    @classmethod
    def of(cls, names: Sequence[str]) -> ColumnWeights:
        """Of columns of variance 1 with these names."""
        statistics = [re.split(r"[(\[]", name)[0] for name in names]
        subjects = [
            name.partition("(")[2] if "(" in name else statistic
            for name, statistic in zip(names, statistics, strict=True)
        ]
        by_statistic, by_subject = _indicators(statistics), _indicators(subjects)
        columns = by_statistic @ by_statistic.sum(axis=0)
        # Two rows differ by 2 in the square on average in each column of variance 1.
        base = np.log(_MEAN_SQUARED_DISTANCE / (2 * max(by_statistic.shape[1], 1) * columns))
        levels = (
            (by_statistic, _SPREAD_OF_STATISTICS),
            (by_subject, _SPREAD_OF_SUBJECTS),
            (np.eye(len(names)), _SPREAD_OF_COLUMNS),
        )
        return cls(
            np.asarray(base, np.float64),
            np.hstack([shares for shares, _ in levels]),
            np.concatenate([np.full(shares.shape[1], spread) for shares, spread in levels]),
        )

    def scales(self, parameters: FloatArray) -> FloatArray:
        """Inverse lengthscales of the columns, the roots of their weights, shape ``(d,)``."""
        return np.asarray(np.exp(0.5 * (self.base + self.shares @ parameters)), np.float64)


def _indicators(labels: Sequence[str]) -> FloatArray:
    number = {label: place for place, label in enumerate(dict.fromkeys(labels))}
    result = np.zeros((len(labels), len(number)))
    result[np.arange(len(labels)), [number[label] for label in labels]] = 1.0
    return result
