"""Regularised (aging) evolution."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from evonas.core.archive import Archive, FloatArray, Funnel, Proposal, Trial
from evonas.core.problem import Candidate, Problem, Rejections
from evonas.core.searcher import Searcher
from evonas.searchers.lots import draw, next_round, proposal
from evonas.searchers.selection import IntArray, crowding, ranks
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
            return self._drawn(archive, min(count, missing) if missing > 0 else count, rng, Counter())
        counts: Counter[str] = Counter()
        children = self._children(archive, alive, count, rng, counts)
        if not children:
            return self._drawn(archive, count, rng, counts)
        funnel = Funnel(next_round(archive), {**counts, "chosen": len(children)})
        return [proposal(self.problem, candidate, "variation", funnel) for candidate in children]

    def _drawn(
        self, archive: Archive, count: int, rng: np.random.Generator, counts: Mapping[str, int]
    ) -> list[Proposal]:
        drawn = draw(self.problem, archive, count, rng)
        funnel = Funnel(next_round(archive), {**counts, "chosen": len(drawn)})
        return [proposal(self.problem, candidate, "random", funnel) for candidate in drawn]

    def _children(
        self, archive: Archive, alive: Sequence[Trial], count: int, rng: np.random.Generator, counts: Counter[str]
    ) -> list[Candidate]:
        place = _places(archive.values(alive))
        chosen: dict[str, Candidate] = {}
        turned_down: set[str] = set()
        rejections = Rejections()
        for _ in range(TRIES * count):
            if len(chosen) == count:
                break
            sample = rng.choice(len(alive), size=min(self.sample_size, len(alive)), replace=False)
            parent = alive[int(sample[np.argmin(place[sample])])].proposal.architecture
            counts["drawn"] += 1
            candidate = self.problem.candidate(mutated(self.problem, parent, rng), rejections)
            if candidate is None or candidate.key in turned_down | chosen.keys() or candidate.key in archive:
                continue
            complete = self.problem.with_model_objectives(candidate, rejections)
            if complete is None:
                turned_down.add(candidate.key)
            else:
                chosen[candidate.key] = complete
        return list(chosen.values())


def _places(values: FloatArray) -> IntArray:
    """Place of every point, from 0 for the best, by rank and then crowding distance; of equal ones the first."""
    rank = ranks(values)
    order = np.lexsort((-crowding(values, rank), rank))
    place = np.empty(len(values), dtype=np.int64)
    place[order] = np.arange(len(values))
    return place
