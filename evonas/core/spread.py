"""Mean and deviation of one figure over several trainings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean and deviation of one figure over seeds, in its own unit and direction.

    Attributes:
        mean: Over the seeds that trained.
        std: Sample deviation (n - 1); None for one seed.
        n: Seeds that trained.
    """

    mean: float
    std: float | None
    n: int


def spread(values: Sequence[float]) -> Spread:
    """Mean and sample deviation of at least one value."""
    from_first = np.asarray(values) - values[0]  # equal values have no deviation, not one of 1e-17
    deviation = float(from_first.std(ddof=1)) if len(values) > 1 else None
    return Spread(float(values[0] + from_first.mean()), deviation, len(values))
