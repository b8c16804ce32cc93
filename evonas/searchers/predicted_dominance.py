"""NSGA-II's ranks from predicted dominance instead of predicted objectives."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from evonas.core.archive import Archive, FloatArray
from evonas.core.problem import Candidate, Problem
from evonas.searchers.selection import IntArray, crowding
from surrogates.dominance import Dominance

LIKELY = 0.5


class PredictedDominance:
    """Which candidates are better, by a network that tells of two which dominates.

    After SiamNAS (Zhou, Neri, Ong & Bai, GECCO 2025): one candidate dominates another where that is likelier than not,
    and of those of a rank that lie apart in the objectives that are known exactly are preferred.

    Args:
        problem: What is searched for.
        archive: Its trained trials are learned from, in all objectives.
        network: Is fitted.
        rng: Source of all randomness.
    """

    def __init__(self, problem: Problem, archive: Archive, network: Dominance, rng: np.random.Generator) -> None:
        trained = archive.trained
        known = [problem.space.simplify(trial.proposal.architecture) for trial in trained]
        network.fit(known, archive.values(trained), rng)
        self._network = network
        self._exact = [objective.name for objective in problem.objectives if objective.needs == "architecture"]

    def places(self, candidates: Sequence[Candidate]) -> FloatArray:
        """One number a candidate, the smaller the better, to be ranked as an objective: shape ``(n, 1)``."""
        if not candidates:
            return np.zeros((0, 1))
        architectures = [candidate.simplified for candidate in candidates]
        rank = peeled(self._network.probability(architectures, architectures) > LIKELY)
        exact = [[candidate.exact[name] for name in self._exact] for candidate in candidates]
        room = crowding(np.array(exact, np.float64), rank) if self._exact else np.zeros(len(rank))
        order = np.lexsort((-room, rank))
        place = np.empty((len(rank), 1))
        place[order, 0] = np.arange(len(rank))
        return place


def peeled(dominates: npt.NDArray[np.bool_]) -> IntArray:
    """Non-domination ranks ``(n,)`` of a relation ``(n, n)``: whether each of the rows dominates each of the columns.

    A predicted relation may run in circles, where everything left is dominated: those by the fewest are next.
    """
    rank = np.zeros(len(dominates), np.int64)
    left = np.arange(len(dominates))
    level = 0
    while len(left):
        dominators = dominates[np.ix_(left, left)].sum(axis=0)
        front = dominators == dominators.min()
        rank[left[front]] = level
        left, level = left[~front], level + 1
    return rank
