"""The contract of a predictor."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spaces.architecture import Architecture

FloatArray = npt.NDArray[np.float64]

_SMALLEST_DEVIATION = 1e-6  # of the largest absolute target


@dataclass(frozen=True, slots=True)
class Prediction:
    """Predicted values of one objective, lower is better.

    Attributes:
        mean: Shape ``(n,)``.
        std: Shape ``(n,)``, positive; calibrated so that ``mean ± 1.2816 std`` covers 80 % of unseen values.
    """

    mean: FloatArray
    std: FloatArray


class Predictor(ABC):
    """Learns one objective from trained architectures and predicts it for untrained ones."""

    @abstractmethod
    def fit(self, architectures: Sequence[Architecture], targets: FloatArray, rng: np.random.Generator) -> None:
        """Fits from scratch; nothing of an earlier fit remains.

        Args:
            architectures: ``n`` trained architectures.
            targets: Shape ``(n,)``, lower is better, finite.
            rng: Source of all randomness.

        Raises:
            ValueError: Fewer than 4 targets, lengths that differ, or a target that is not finite.
        """

    @abstractmethod
    def predict(self, architectures: Sequence[Architecture]) -> Prediction:
        """Predicts ``n`` architectures, all at once.

        Raises:
            RuntimeError: ``fit`` was not called.
        """


def check_targets(count: int, targets: FloatArray) -> None:
    """Refuses what must never train a predictor.

    Raises:
        ValueError: Fewer than 4 targets, lengths that differ, or a target that is not finite.
    """
    if targets.shape != (count,):
        raise ValueError(f"targets must have shape ({count},), one for each architecture; got {targets.shape}")
    if count < 4:
        raise ValueError(f"a predictor needs at least 4 trained architectures; got {count}")
    bad = np.flatnonzero(~np.isfinite(targets))
    if len(bad):
        raise ValueError(
            f"targets must be finite, failures are left out; target {bad[0]} is {targets[bad[0]]} "
            f"({len(bad)} of {count} are not finite)"
        )


def smallest_deviation(targets: FloatArray) -> float:
    """The least that a predicted deviation may be, so that no prediction claims to be exact."""
    return _SMALLEST_DEVIATION * float(np.abs(targets).max() or 1.0)


def constant_prediction(count: int, mean: float, std: float) -> Prediction:
    """The same for ``count`` architectures."""
    return Prediction(np.full(count, mean), np.full(count, std))
