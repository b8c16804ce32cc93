"""Regularised (aging) evolution."""

from __future__ import annotations

from collections import Counter

import numpy as np

from evonas.core.archive import Archive, Funnel, Proposal
from evonas.core.problem import Candidate, Problem, Rejections
from evonas.core.searcher import Searcher
from evonas.searchers.lots import draw, next_round, proposal
from evonas.searchers.selection import crowding, ranks
from evonas.searchers.variation import mutated

TRIES = 200


class AgingEvolution(Searcher):
    """Regularised evolution: the best of a random sample of the youngest is mutated, and the oldest is forgotten.

    With several objectives "best" is by non-domination rank within the population, then crowding distance; with one it
    is the value, as published.

    Source: Real et al., "Regularized Evolution for Image Classifier Architecture Search", 2019, Algorithm 1. Unlike
    there, an architecture is trained once only: a child that was seen is drawn anew.

    Args:
        problem: What is searched for.
        population: The youngest trained that are alive, at least 2.
        sample_size: How many of them compete to be the parent, from 1 to ``population``.
    """

    def __init__(self, problem: Problem, population: int = 20, sample_size: int = 5) -> None:
        if population < 2:
            raise ValueError(f"aging_evolution: population must be at least 2; got {population}")
        if not 1 <= sample_size <= population:
            raise ValueError(
                f"aging_evolution: sample_size must be from 1 to population={population}; got {sample_size}"
            )
        self.problem = problem
        self.population = population
        self.sample_size = sample_size

    def propose(self, archive: Archive, count: int, rng: np.random.Generator) -> list[Proposal]:
        missing = self.population - len(archive)
        alive = archive.trained[-self.population :]
        if missing > 0 or not alive:
            drawn = draw(self.problem, archive, min(count, missing) if missing > 0 else count, rng)
            funnel = Funnel(next_round(archive), {"chosen": len(drawn)})
            return [proposal(self.problem, candidate, "random", funnel) for candidate in drawn]
        values = archive.values(alive)
        rank = ranks(values)
        order = np.lexsort((-crowding(values, rank), rank))
        place = np.empty(len(alive), dtype=np.int64)
        place[order] = np.arange(len(alive))
        chosen: dict[str, Candidate] = {}
        counts: Counter[str] = Counter()
        rejections = Rejections()
        for _ in range(TRIES * count):
            if len(chosen) == count:
                break
            sample = rng.choice(len(alive), size=min(self.sample_size, len(alive)), replace=False)
            parent = alive[int(sample[np.argmin(place[sample])])].proposal.architecture
            counts["drawn"] += 1
            candidate = self.problem.candidate(mutated(self.problem, parent, rng), rejections)
            if candidate is None or candidate.key in archive or candidate.key in chosen:
                continue
            candidate = self.problem.with_model_objectives(candidate, rejections)
            if candidate is not None:
                chosen[candidate.key] = candidate
        if not chosen:
            drawn = draw(self.problem, archive, count, rng)
            funnel = Funnel(next_round(archive), {**counts, "chosen": len(drawn)})
            return [proposal(self.problem, candidate, "random", funnel) for candidate in drawn]
        funnel = Funnel(next_round(archive), {**counts, "chosen": len(chosen)})
        return [proposal(self.problem, candidate, "variation", funnel) for candidate in chosen.values()]
