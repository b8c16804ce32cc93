"""Evolution by zero-cost proxies alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import rankdata

from evonas.core.archive import Archive, FloatArray, Proposal
from evonas.core.problem import Candidate, Problem
from evonas.core.searcher import Searcher
from evonas.searchers.lots import draw, draw_at_most, proposal
from evonas.searchers.proxy_scores import ProxyScores
from evonas.searchers.selection import best_first
from evonas.searchers.stages import Stages
from evonas.searchers.variation import Parents, offspring


class TrainingFree(Searcher):
    """NSGA-II whose only measure of quality are zero-cost proxies; what trainings bring home never steers it.

    Quality is the mean rank by all proxies, which needs no scale, beside the objectives that are known exactly. Of each
    round's children those best by rank and crowding are trained, so that the report can say how good they are.

    Source: Do and Luong, "Training-Free Multi-Objective Evolutionary Neural Architecture Search via Neural Tangent
    Kernel and Number of Linear Regions", ICONIP 2021; mean ranks after Chen et al., "TE-NAS", ICLR 2021, Algorithm 1.

    Args:
        problem: What is searched for.
        proxies: Scores built networks; without any, exact objectives alone steer.
        population: Survivors that are parents, at least 2.
        candidates: Distinct children scored each round, at least 1.
        crossover_rate: Share of children with two parents, in [0, 1]; every child is mutated once.
    """

    def __init__(
        self,
        problem: Problem,
        proxies: ProxyScores | None = None,
        population: int = 20,
        candidates: int = 40,
        crossover_rate: float = 0.5,
    ) -> None:
        for name, value, holds, rule in (
            ("population", population, population >= 2, "at least 2"),
            ("candidates", candidates, candidates >= 1, "at least 1"),
            ("crossover_rate", crossover_rate, 0 <= crossover_rate <= 1, "in [0, 1]"),
        ):
            if not holds:
                raise ValueError(f"training_free: {name} must be {rule}; got {value}")
        self.problem = problem
        self.proxies = proxies
        self.population = population
        self.candidates = candidates
        self.crossover_rate = crossover_rate

    def propose(self, archive: Archive, count: int, rng: np.random.Generator) -> list[Proposal]:
        stages = Stages()
        missing = self.population - len(archive)
        children: list[Candidate] = []
        scores: list[dict[str, float]] = []
        if missing <= 0 and len(archive.trained) >= 2:
            with stages.timed("vary"):
                children = self._children(archive, count, rng, stages)
            scores = self._scores(children, stages)
            values = self._values(archive, [child.exact for child in children], scores)
            order = best_first(values[len(archive.trained) :], count)
            children, scores = [children[index] for index in order], [scores[index] for index in order]
        wanted = min(count, missing) if missing > 0 else count
        taken = {child.key for child in children}
        drawn = draw_at_most(self.problem, archive, wanted - len(children), rng, taken)
        if not children and not drawn:
            drawn = draw(self.problem, archive, wanted, rng)  # tells that the end is reached
        chosen = [*children, *drawn]
        scores += self._scores(drawn, stages)
        stages.notes += self.proxies.failures(chosen) if self.proxies else ()
        return stages.close(
            archive,
            [
                proposal(self.problem, one, "screened" if one.key in taken else "random", stages.unfinished, {}, score)
                for one, score in zip(chosen, scores, strict=True)
            ],
        )

    def _children(self, archive: Archive, count: int, rng: np.random.Generator, stages: Stages) -> list[Candidate]:
        trained = archive.trained
        values = self._values(archive, [], [])
        parents = Parents([trial.proposal.architecture for trial in trained], values, self.population)
        counts: Counter[str] = Counter()
        wanted, rate = max(self.candidates, count), self.crossover_rate
        found = offspring(self.problem, archive, parents, wanted, rate, rng, counts, built=True)
        stages.counts |= {stage: counts[stage] for stage in ("drawn", "distinct", "feasible")}
        return found

    def _scores(self, candidates: Sequence[Candidate], stages: Stages) -> list[dict[str, float]]:
        if not self.proxies:
            return [{} for _ in candidates]
        with stages.timed("proxies"):
            return self.proxies.of(candidates)

    def _values(
        self, archive: Archive, exact: Sequence[Mapping[str, float]], scores: Sequence[Mapping[str, float]]
    ) -> FloatArray:
        """Mean proxy rank and exact objectives, minimised, of the trained trials and then of the candidates.

        A proxy that failed ranks last: no signal passes, or it overflows.
        """
        proposals = [trial.proposal for trial in archive.trained]
        known = [*(one.proxies for one in proposals), *scores]
        names = tuple(self.proxies.proxies) if self.proxies else ()
        table = np.array([[row.get(name, -np.inf) for name in names] for row in known], np.float64)
        table = table.reshape(len(known), len(names))
        quality = rankdata(-table, axis=0).mean(axis=1) if names and len(known) else np.zeros(len(known))
        costs = [
            [
                sign * row[objective.name]
                for objective, sign in zip(archive.objectives, archive.signs, strict=True)
                if objective.needs != "training"
            ]
            for row in [*(one.exact for one in proposals), *exact]
        ]
        return np.column_stack([quality, np.array(costs, np.float64).reshape(len(known), -1)])
