"""The contract of what predicts dominance between architectures."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from spaces.architecture import Architecture
from surrogates.predictor import FloatArray, check_targets


class Dominance(ABC):
    """Learns from trained architectures which of two dominates the other over several objectives.

    One architecture dominates another where it is nowhere worse and somewhere better; all values are minimised.
    """

    @abstractmethod
    def fit(self, architectures: Sequence[Architecture], values: FloatArray, rng: np.random.Generator) -> None:
        """Fits from scratch; nothing of an earlier fit remains.

        Args:
            architectures: ``n`` trained architectures.
            values: Shape ``(n, m)``: ``m`` objectives, lower is better, finite.
            rng: Source of all randomness.

        Raises:
            ValueError: Fewer than 4 architectures, lengths that differ, or a value that is not finite.
        """

    @abstractmethod
    def probability(self, left: Sequence[Architecture], right: Sequence[Architecture]) -> FloatArray:
        """Probabilities that each of ``a`` on the left dominates each of ``b`` on the right, shape ``(a, b)``.

        Those of (x, y) and (y, x) add up to at most 1; what is missing is that neither dominates.

        Raises:
            RuntimeError: ``fit`` was not called.
        """


def dominates(left: FloatArray, right: FloatArray) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """Whether each of ``left`` ``(a, m)`` dominates each of ``right`` ``(b, m)``, shape ``(a, b)``; lower is better."""
    first, second = left[:, None], right[None]
    return np.asarray((first <= second).all(axis=2) & (first < second).any(axis=2))


def check_values(count: int, values: FloatArray) -> None:
    """Refuses what must never be learned from.

    Raises:
        ValueError: Fewer than 4 architectures, lengths that differ, or a value that is not finite.
    """
    if values.ndim != 2 or values.shape[1] < 1:
        raise ValueError(f"values must have shape ({count}, objectives); got {values.shape}")
    for column in values.T:
        check_targets(count, column)
