"""Candidates ranked by a predictor, of which the best are trained."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Literal

import numpy as np

from evonas.core.archive import Archive, Proposal
from evonas.core.problem import Candidate, Problem
from evonas.core.searcher import Searcher
from evonas.searchers.forecast import Forecast, PredictorFactory
from evonas.searchers.lots import draw, draw_at_most, proposal, random_count
from evonas.searchers.selection import IntArray, best_first
from evonas.searchers.stages import Stages
from evonas.searchers.variation import Parents, offspring
from surrogates.encodings.concatenated import Concatenated


class PredictorGuided(Searcher):
    """Children of the best, or random samples, are ranked by a predictor; the best of them are trained.

    The plain form of predictor-based search, of which many methods are settings: White et al., "BANANAS", AAAI 2021
    (Algorithm 1: children, independent Thompson sampling); Wei et al., "NPENAS", 2020 (children, mean); Dudziak et
    al., "BRP-NAS", NeurIPS 2020 (samples, mean); Wu et al., "Stronger NAS with Weaker Predictors", NeurIPS 2021
    (samples, at random among the ``top``). With several objectives candidates are ranked by non-domination and
    crowding. There is no screening in stages, no gate and no batch criterion: ``screened_nsga2`` has these.

    Args:
        problem: What is searched for.
        predictor: Makes a predictor that reads a given encoding; None ranks by exact objectives alone.
        population: Survivors that are parents, at least 2.
        candidates: Distinct candidates ranked each round, at least 1.
        fresh_share: Share of the candidates that are random samples instead of children, in [0, 1].
        crossover_rate: Share of children with two parents, in [0, 1]; every child is mutated once.
        acquisition: ``mean``: by the predicted means. ``thompson``: by one independent draw for each candidate from its
            predicted distribution.
        top: Those that are trained are drawn at random among so many best ranked; None takes the best ranked.
        random_share: Share of the trained that is drawn at random after the first round, in [0, 1].
        warm_up: Trained candidates that are drawn at random before a predictor is asked, at least 4.
    """

    def __init__(
        self,
        problem: Problem,
        predictor: PredictorFactory | None = None,
        population: int = 20,
        candidates: int = 100,
        fresh_share: float = 0.0,
        crossover_rate: float = 0.0,
        acquisition: Literal["mean", "thompson"] = "mean",
        top: int | None = None,
        random_share: float = 0.0,
        warm_up: int = 8,
    ) -> None:
        for name, value, holds, rule in (
            ("population", population, population >= 2, "at least 2"),
            ("candidates", candidates, candidates >= 1, "at least 1"),
            ("fresh_share", fresh_share, 0 <= fresh_share <= 1, "in [0, 1]"),
            ("crossover_rate", crossover_rate, 0 <= crossover_rate <= 1, "in [0, 1]"),
            ("acquisition", acquisition, acquisition in ("mean", "thompson"), "mean or thompson"),
            ("top", top, top is None or top >= 1, "at least 1, or null"),
            ("random_share", random_share, 0 <= random_share <= 1, "in [0, 1]"),
            ("warm_up", warm_up, warm_up >= 4, "at least 4"),
        ):
            if not holds:
                raise ValueError(f"predictor_guided: {name} must be {rule}; got {value}")
        self.problem = problem
        self.predictor = predictor
        self.population = population
        self.candidates = candidates
        self.fresh_share = fresh_share
        self.crossover_rate = crossover_rate
        self.acquisition = acquisition
        self.top = top
        self.random_share = random_share
        self.warm_up = warm_up
        self._encoding = Concatenated(problem.space)

    def propose(self, archive: Archive, count: int, rng: np.random.Generator) -> list[Proposal]:
        stages = Stages()
        if len(archive.trained) < self.warm_up:
            drawn = draw(self.problem, archive, count, rng)
            return stages.close(archive, [proposal(self.problem, one, "random", stages.unfinished) for one in drawn])
        drawn = draw_at_most(self.problem, archive, random_count(archive, count, self.random_share), rng)
        with stages.timed("vary"):
            ranked = self._candidates(archive, count, rng, {one.key for one in drawn}, stages)
        if not ranked:  # whatever is left is found by drawing, or the end is told
            drawn = drawn + draw_at_most(self.problem, archive, count - len(drawn), rng, {one.key for one in drawn})
            drawn = drawn or draw(self.problem, archive, count, rng)
        with stages.timed("predict"):
            forecast = Forecast(self.problem, archive, self.predictor, self._encoding, rng)
            mean, std = forecast.of([*ranked, *drawn])
        n = len(ranked)
        value = mean + std * rng.standard_normal(std.shape) if self.acquisition == "thompson" else mean
        chosen = [*self._chosen(best_first(value[:n], n), count - len(drawn), rng), *range(n, n + len(drawn))]
        proposals = [
            proposal(
                self.problem,
                [*ranked, *drawn][index],
                "screened" if index < n else "random",
                stages.unfinished,
                forecast.estimates(mean[index], std[index]),
            )
            for index in chosen
        ]
        return stages.close(archive, proposals)

    def _candidates(
        self, archive: Archive, count: int, rng: np.random.Generator, taken: Collection[str], stages: Stages
    ) -> list[Candidate]:
        """Children and fresh samples; samples alone where there are too few children left."""
        wanted = max(self.candidates, count)
        children = round((1 - self.fresh_share) * wanted)
        counts: Counter[str] = Counter()
        found = []
        if children:
            parents = Parents.of(archive, self.population)
            rate, tries = self.crossover_rate, 4 * children
            found = offspring(self.problem, archive, parents, children, rate, rng, counts, taken, tries, built=True)
        missing = wanted - children if len(found) >= count else wanted - len(found)
        found += draw_at_most(self.problem, archive, missing, rng, {*taken, *(one.key for one in found)})
        stages.counts["ranked"] = len(found)
        return found

    def _chosen(self, order: IntArray, count: int, rng: np.random.Generator) -> list[int]:
        """The first of the order, or random ones of its ``top``."""
        if self.top is None or count <= 0:
            return [int(index) for index in order[: max(0, count)]]
        among = order[: max(self.top, count)]
        return [int(index) for index in rng.choice(among, size=min(count, len(among)), replace=False)]
