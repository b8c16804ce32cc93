"""NSGA-II."""

from __future__ import annotations

from collections import Counter

import numpy as np

from evonas.core.archive import Archive, Funnel, Proposal
from evonas.core.problem import Problem
from evonas.core.searcher import Exhausted, Searcher
from evonas.searchers.lots import draw, next_round, proposal
from evonas.searchers.variation import Parents, offspring


class Nsga2(Searcher):
    """NSGA-II without a predictor: every child is trained.

    The population is what survives of the whole archive by rank and crowding; parents are drawn from it by binary
    tournament. Until ``population`` architectures were proposed they are drawn at random.

    Source: Deb et al., "A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II", 2002; for architectures Lu et
    al., "NSGA-Net", 2019.

    Args:
        problem: What is searched for.
        population: Survivors that are parents, at least 2.
        crossover_rate: Share of children with two parents, in [0, 1]; every child is mutated once.
    """

    def __init__(self, problem: Problem, population: int = 20, crossover_rate: float = 0.5) -> None:
        if population < 2:
            raise ValueError(f"nsga2: population must be at least 2; got {population}")
        if not 0 <= crossover_rate <= 1:
            raise ValueError(f"nsga2: crossover_rate must be in [0, 1]; got {crossover_rate}")
        self.problem = problem
        self.population = population
        self.crossover_rate = crossover_rate

    def propose(self, archive: Archive, count: int, rng: np.random.Generator) -> list[Proposal]:
        missing = self.population - len(archive)
        if missing > 0 or len(archive.trained) < 2:
            drawn = draw(self.problem, archive, min(count, missing) if missing > 0 else count, rng)
            funnel = Funnel(next_round(archive), {"chosen": len(drawn)})
            return [proposal(self.problem, candidate, "random", funnel) for candidate in drawn]
        parents = Parents.of(archive, self.population)
        counts: Counter[str] = Counter()
        kept = offspring(self.problem, archive, parents, count, self.crossover_rate, rng, counts, built=True)
        varied = len(kept)
        if varied < count:
            try:
                kept += draw(self.problem, archive, count - varied, rng, taken={candidate.key for candidate in kept})
            except Exhausted:
                if not kept:
                    raise
        funnel = Funnel(next_round(archive), {**counts, "chosen": len(kept)})
        return [
            proposal(self.problem, candidate, "variation" if index < varied else "random", funnel)
            for index, candidate in enumerate(kept)
        ]
