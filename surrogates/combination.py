"""The contract of a combination of proxies."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from surrogates.predictor import FloatArray


@dataclass(frozen=True, slots=True)
class Trained:
    """Trained candidates: what proxies said of them, and what training measured.

    Attributes:
        scores: Shape ``(m, k)``, columns as those to be combined; NaN is "not known".
        values: Shape ``(m,)``, finite, higher is better.
    """

    scores: FloatArray
    values: FloatArray


class Combination(ABC):
    """Makes one score of several proxies' scores; higher is better.

    It compares the candidates given with each other: scores of different calls cannot be compared.

    Attributes:
        least_trained: How many trained candidates it learns from at least; 0 for a training-free one, which ignores
            them.
    """

    least_trained: int = 0

    @abstractmethod
    def combine(self, scores: FloatArray, trained: Trained, rng: np.random.Generator) -> FloatArray:
        """Combines ``k`` proxies' scores of ``n`` candidates.

        Args:
            scores: Shape ``(n, k)``, each column higher is better, on any scale of its own; NaN is "not known".
            trained: What may be learned from; none of the candidates is among it.
            rng: Source of all randomness.

        Returns:
            Shape ``(n,)``, finite, higher is better; NaN where no proxy of the candidate is known.

        Raises:
            ValueError: Shapes do not fit, a score is infinite, a measured value is not finite, or fewer than
                ``least_trained`` are trained.
        """


def check_scores(scores: FloatArray, trained: Trained, least_trained: int) -> None:
    """Refuses what cannot be combined.

    Raises:
        ValueError: As ``Combination.combine``.
    """
    if scores.ndim != 2 or trained.scores.ndim != 2 or scores.shape[1] != trained.scores.shape[1]:
        raise ValueError(
            "scores must have shape (n, k) and those of the trained (m, k), with the same proxies; "
            f"got {scores.shape} and {trained.scores.shape}"
        )
    if trained.values.shape != (len(trained.scores),):
        raise ValueError(f"trained values must have shape ({len(trained.scores)},); got {trained.values.shape}")
    if np.isinf(scores).any() or np.isinf(trained.scores).any():
        raise ValueError("a score must be finite, or NaN for 'not known'; got an infinite one. Leave failures out")
    if not np.isfinite(trained.values).all():
        raise ValueError("trained values must be finite; leave failures out")
    if len(trained.values) < least_trained:
        raise ValueError(f"this combination learns from at least {least_trained} trained; got {len(trained.values)}")
