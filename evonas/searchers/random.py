"""Random search."""

from __future__ import annotations

import numpy as np

from evonas.core.archive import Archive, Funnel, Proposal
from evonas.core.problem import Problem
from evonas.core.searcher import Searcher
from evonas.searchers.lots import draw, next_round, proposal


class Random(Searcher):
    """Random search: distinct feasible architectures as the space samples them. The baseline of every search.

    Args:
        problem: What is searched for.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem

    def propose(self, archive: Archive, count: int, rng: np.random.Generator) -> list[Proposal]:
        drawn = draw(self.problem, archive, count, rng)
        funnel = Funnel(next_round(archive), {"chosen": len(drawn)})
        return [proposal(self.problem, candidate, "random", funnel) for candidate in drawn]
