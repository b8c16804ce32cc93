"""NSGA-II's ranking: non-domination rank, crowding distance, survival and tournaments.

Source: Deb et al., "A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II", 2002. Ranks are moocore's, crowding
is pymoo's.
"""

from __future__ import annotations

from collections.abc import Sequence

import moocore
import numpy as np
import numpy.typing as npt
from pymoo.operators.survival.rank_and_crowding.metrics import calc_crowding_distance

from evonas.core.archive import FloatArray

IntArray = npt.NDArray[np.int64]


def ranks(values: FloatArray, enough: int | None = None) -> IntArray:
    """Non-domination rank of minimised points ``(n, objectives)``: shape ``(n,)``, 0 is the front.

    With ``enough``, ranks beyond the first that together hold so many points may all be one larger number.

    Raises:
        ValueError: A value is not finite; it would be mis-ranked silently.
    """
    if not np.isfinite(values).all():
        raise ValueError("only finite values can be ranked; failures are left out before")
    n, objectives = values.shape
    if objectives == 1:  # every distinct value is a rank
        return np.unique(values[:, 0], return_inverse=True)[1].astype(np.int64)
    if objectives == 2:  # in O(n log n)
        return np.asarray(moocore.pareto_rank(values), np.int64) if n else np.zeros(0, np.int64)
    result = np.full(n, n, dtype=np.int64)
    left = np.arange(n)
    rank = 0
    while len(left) > max(0, n - (n if enough is None else enough)):
        front = moocore.is_nondominated(values[left], keep_weakly=True)
        result[left[front]] = rank
        left, rank = left[~front], rank + 1
    return result


def crowding(values: FloatArray, rank: IntArray) -> FloatArray:
    """Crowding distance of every point within its rank: shape ``(n,)``; the ends of a rank are infinite."""
    distance = np.zeros(len(values))
    for level in np.unique(rank):
        members = np.flatnonzero(rank == level)
        distance[members] = calc_crowding_distance(values[members])
    return distance


def best_first(values: FloatArray, count: int) -> IntArray:
    """Indices of the ``count`` best points by rank, then crowding: NSGA-II's survival. Ties keep the earlier."""
    if len(values) == 0:
        return np.zeros(0, dtype=np.int64)
    rank = ranks(values, enough=count)
    order = np.lexsort((np.arange(len(values)), -crowding(values, rank), rank))
    return order[:count].astype(np.int64)


def places(values: FloatArray) -> list[int]:
    """Place of each of ``n`` points ``(n, objectives)`` in the crowded comparison: lower rank, then larger distance.

    Equals share a place.
    """
    rank = ranks(values)
    compared = np.stack([rank, -crowding(values, rank)], axis=1)
    return [int(place) for place in np.unique(compared, axis=0, return_inverse=True)[1]]


def tournament(place: Sequence[int], rng: np.random.Generator) -> int:
    """Index of the winner of a binary tournament: of two drawn the one with the smaller place, or the first drawn."""
    n = len(place)
    first, second = int(rng.random() * n), int(rng.random() * n)  # six times faster than rng.integers
    return second if place[second] < place[first] else first
