"""The contract of a combination of proxies."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from surrogates.predictor import FloatArray

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Scored:
    """Candidates, and what is known of them without training.

    Attributes:
        scores: Shape ``(n, k)``, a column a proxy, each higher is better, on any scale of its own; NaN is "not known".
        sizes: Shape ``(n,)``, numbers of parameters; NaN is "not known".
        features: Shape ``(n, d)``, what an encoding says of the architectures; NaN is "not known", d may be 0.
    """

    scores: FloatArray
    sizes: FloatArray
    features: FloatArray

    @classmethod
    def by_scores(cls, scores: FloatArray) -> Scored:
        """Candidates of which nothing but the scores ``(n, k)`` is known."""
        return cls(scores, np.full(len(scores), np.nan), np.empty((len(scores), 0)))

    def rows(self, chosen: Integers) -> Scored:
        """Some of them, by their numbers."""
        return Scored(self.scores[chosen], self.sizes[chosen], self.features[chosen])


@dataclass(frozen=True, slots=True)
class Trained:
    """Trained candidates, and what training measured.

    Attributes:
        scored: As those to be combined, with the same columns.
        values: Shape ``(m,)``, finite, higher is better.
    """

    scored: Scored
    values: FloatArray

    @classmethod
    def none(cls, candidates: Scored) -> Trained:
        """No trained candidates, with the columns of these."""
        return cls(candidates.rows(np.empty(0, np.int64)), np.empty(0))


class Combination(ABC):
    """Makes one score of several proxies' scores; higher is better.

    It compares the candidates given with each other: scores of different calls cannot be compared.

    Attributes:
        least_trained: How many trained candidates it learns from at least; 0 for a training-free one, which ignores
            them.
        of_repeats: Whether the columns are repeated scores of one proxy, on one scale, and no several proxies'.
    """

    least_trained: int = 0
    of_repeats: bool = False

    @abstractmethod
    def combine(self, candidates: Scored, trained: Trained, rng: np.random.Generator) -> FloatArray:
        """Combines ``k`` proxies' scores of ``n`` candidates.

        Args:
            candidates: Whom to score.
            trained: What may be learned from; none of the candidates is among it.
            rng: Source of all randomness.

        Returns:
            Shape ``(n,)``, finite, higher is better; NaN where no proxy of the candidate is known.

        Raises:
            ValueError: Shapes do not fit, a number is infinite, a measured value is not finite, or fewer than
                ``least_trained`` are trained.
        """


def check_scored(candidates: Scored, trained: Trained, least_trained: int) -> None:
    """Refuses what cannot be combined.

    Raises:
        ValueError: As ``Combination.combine``.
    """
    both = (candidates, trained.scored)
    for name, (left, right) in (
        ("scores", [one.scores for one in both]),
        ("features", [one.features for one in both]),
    ):
        if left.ndim != 2 or right.ndim != 2 or left.shape[1] != right.shape[1]:
            raise ValueError(
                f"{name} must have shape (n, columns) and those of the trained (m, columns), with the same columns; "
                f"got {left.shape} and {right.shape}"
            )
    for one in both:
        if not one.sizes.shape == (len(one.features),) == (len(one.scores),):
            raise ValueError(
                f"scores, sizes and features must have a row for each of the {len(one.scores)} candidates; "
                f"got sizes of shape {one.sizes.shape} and {len(one.features)} rows of features"
            )
        if any(np.isinf(numbers).any() for numbers in (one.scores, one.sizes, one.features)):
            raise ValueError("a score, size or feature must be finite, or NaN for 'not known'; leave failures out")
    if trained.values.shape != (len(trained.scored.scores),):
        raise ValueError(f"trained values must have shape ({len(trained.scored.scores)},); got {trained.values.shape}")
    if not np.isfinite(trained.values).all():
        raise ValueError("trained values must be finite; leave failures out")
    if len(trained.values) < least_trained:
        raise ValueError(f"this combination learns from at least {least_trained} trained; got {len(trained.values)}")
