"""NSGA-II on predicted objectives, of whose results the best are trained."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from evonas.core.archive import Archive, FloatArray, Proposal
from evonas.core.problem import Candidate, Problem, Rejections
from evonas.core.searcher import Searcher
from evonas.searchers.forecast import Forecast, PredictorFactory
from evonas.searchers.lots import draw, draw_at_most, proposal, random_count
from evonas.searchers.predicted_dominance import PredictedDominance
from evonas.searchers.selection import best_first, ranks
from evonas.searchers.stages import Stages
from evonas.searchers.variation import Parents, offspring
from surrogates.encodings.concatenated import Concatenated
from surrogates.predictors.dominance_network import DominanceNetwork

Judge = Callable[[Sequence[Candidate]], FloatArray]


class InnerNsga2(Searcher):
    """NSGA-II runs for some generations on a predictor instead of trainings; the best it finds are trained.

    The inner population starts from the archive's survivors. Objectives that are known exactly are not predicted. What
    the archive holds takes part as parents, at its predicted values, and is never proposed again.

    Source: Lu et al., "NSGANetV2", ECCV 2020 (MSuNAS, Algorithm 1: inner search, then a subset that fills the gaps of
    the front); Cummings et al., "A Hardware-Aware Framework for Accelerating Neural Architecture Search Across
    Modalities", 2022 (LINAS, Algorithm 1: the inner population's best); Zhou et al., "SiamNAS", GECCO 2025 (ranks by
    predicted dominance).

    Args:
        problem: What is searched for.
        predictor: Makes a predictor that reads a given encoding; None searches by exact objectives alone.
        population: Of the inner search, at least 2.
        generations: Of the inner search, at least 1; each has ``population`` children.
        crossover_rate: Share of children with two parents, in [0, 1]; every child is mutated once.
        judge: ``objectives``: ranks are those of the predicted objectives. ``dominance``: those of a network that tells
            which of two dominates (``DominanceNetwork``); the predictor only says what it expects.
        choice: ``ranking``: what is trained are the best by rank, then crowding. ``gaps``: those of the predicted front
            that lie farthest in the exact objectives from each other and from the archive's front; where there are
            no exact objectives, in the predicted ones.
        random_share: Share of the trained that is drawn at random after the first round, in [0, 1].
        warm_up: Trained candidates that are drawn at random before a predictor is asked, at least 4.
    """

    def __init__(
        self,
        problem: Problem,
        predictor: PredictorFactory | None = None,
        population: int = 40,
        generations: int = 20,
        crossover_rate: float = 0.9,
        judge: Literal["objectives", "dominance"] = "objectives",
        choice: Literal["ranking", "gaps"] = "ranking",
        random_share: float = 0.0,
        warm_up: int = 8,
    ) -> None:
        for name, value, holds, rule in (
            ("population", population, population >= 2, "at least 2"),
            ("generations", generations, generations >= 1, "at least 1"),
            ("crossover_rate", crossover_rate, 0 <= crossover_rate <= 1, "in [0, 1]"),
            ("judge", judge, judge in ("objectives", "dominance"), "objectives or dominance"),
            ("choice", choice, choice in ("ranking", "gaps"), "ranking or gaps"),
            ("random_share", random_share, 0 <= random_share <= 1, "in [0, 1]"),
            ("warm_up", warm_up, warm_up >= 4, "at least 4"),
        ):
            if not holds:
                raise ValueError(f"inner_nsga2: {name} must be {rule}; got {value}")
        self.problem = problem
        self.predictor = predictor
        self.population = population
        self.generations = generations
        self.crossover_rate = crossover_rate
        self.judge = judge
        self.choice = choice
        self.random_share = random_share
        self.warm_up = warm_up
        self._encoding = Concatenated(problem.space)

    def propose(self, archive: Archive, count: int, rng: np.random.Generator) -> list[Proposal]:
        stages = Stages()
        if len(archive.trained) < self.warm_up:
            drawn = draw(self.problem, archive, count, rng)
            return stages.close(archive, [proposal(self.problem, one, "random", stages.unfinished) for one in drawn])
        drawn = draw_at_most(self.problem, archive, random_count(archive, count, self.random_share), rng)
        with stages.timed("predict"):
            forecast = Forecast(self.problem, archive, self.predictor, self._encoding, rng)
            judge = self._judge(archive, forecast, rng)
        with stages.timed("inner search"):
            found = self._inner(archive, judge, {one.key for one in drawn}, max(count, 1), rng, stages)
        chosen = self._complete(found, forecast, judge, archive, count - len(drawn))
        stages.counts["found"] = len(found)
        missing = count - len(chosen) - len(drawn)
        drawn += draw_at_most(self.problem, archive, missing, rng, {one.key for one in [*chosen, *drawn]})
        if not chosen and not drawn:
            drawn = draw(self.problem, archive, count, rng)  # tells that the end is reached
        mean, std = forecast.of([*chosen, *drawn])
        return stages.close(
            archive,
            [
                proposal(
                    self.problem,
                    one,
                    "screened" if index < len(chosen) else "random",
                    stages.unfinished,
                    forecast.estimates(mean[index], std[index]),
                )
                for index, one in enumerate([*chosen, *drawn])
            ],
        )

    def _judge(self, archive: Archive, forecast: Forecast, rng: np.random.Generator) -> Judge:
        if self.judge == "objectives":
            return forecast.means
        network = DominanceNetwork(self.problem.space, self._encoding)
        return PredictedDominance(self.problem, archive, network, rng).places

    def _inner(
        self,
        archive: Archive,
        judge: Judge,
        taken: set[str],
        count: int,
        rng: np.random.Generator,
        stages: Stages,
    ) -> list[Candidate]:
        """Unseen candidates of the last population; of all generations where that has fewer than ``count``."""
        trained = Parents.of(archive, self.population).architectures
        known = [self.problem.candidate(architecture, Rejections()) for architecture in trained]
        members = [candidate for candidate in known if candidate is not None]
        seen: dict[str, Candidate] = {}
        counts: Counter[str] = Counter()
        for _ in range(self.generations):
            parents = Parents([one.architecture for one in members], judge(members), self.population)
            excluded = taken | seen.keys()
            size, rate = self.population, self.crossover_rate
            children = offspring(self.problem, archive, parents, size, rate, rng, counts, excluded, 4 * size)
            if not children:
                break
            seen |= {child.key: child for child in children}
            members += children
            members = [members[index] for index in best_first(judge(members), self.population)]
        for stage in ("drawn", "distinct", "feasible"):
            stages.counts[stage] = counts[stage]
        last = [member for member in members if member.key in seen]
        return last if len(last) >= count else list(seen.values())

    def _complete(
        self, found: Sequence[Candidate], forecast: Forecast, judge: Judge, archive: Archive, count: int
    ) -> list[Candidate]:
        """The first ``count`` in the order of choice, with the objectives of built models."""
        if not found or count <= 0:
            return []
        order = best_first(judge(found), len(found)).tolist()
        if self.choice == "gaps":
            order = self._gaps(forecast.means(found), order, archive, count)
        rejections = Rejections()
        complete: list[Candidate] = []
        for index in order:
            candidate = self.problem.with_model_objectives(found[index], rejections)
            if candidate is not None:
                complete.append(candidate)
            if len(complete) == count:
                break
        return complete

    def _gaps(self, values: FloatArray, order: list[int], archive: Archive, count: int) -> list[int]:
        """Indices of the predicted front, the farthest from what is there first; then the others in their order."""
        exact = [column for column, one in enumerate(self.problem.objectives) if one.needs == "architecture"]
        columns = exact or list(range(values.shape[1]))
        front = archive.values(archive.front())[:, columns]
        points = values[:, columns]
        both = np.vstack([front, points])
        spread = np.ptp(both, axis=0)
        front, points = front / np.where(spread > 0, spread, 1.0), points / np.where(spread > 0, spread, 1.0)
        left = [index for index in order if ranks(values)[index] == 0]
        distance = np.abs(points[:, None, :] - front[None, :, :]).sum(axis=2).min(axis=1)
        chosen: list[int] = []
        while left and len(chosen) < count:
            farthest = max(left, key=lambda index: distance[index])
            left.remove(farthest)
            chosen.append(farthest)
            distance = np.minimum(distance, np.abs(points - points[farthest]).sum(axis=1))
        return chosen + [index for index in order if index not in set(chosen)]
