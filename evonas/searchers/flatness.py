"""Flat neighbourhoods: what one edit would make of a candidate counts in its predicted value."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import numpy as np

from evonas.core.archive import FloatArray
from evonas.core.problem import Candidate, Problem
from evonas.searchers.forecast import Forecast

MOST_LISTED = 500  # neighbours: some spaces have thousands of each architecture
MOST_ASKED = 24


class Flatness:
    """Prefers candidates whose neighbours, one edit away, are predicted to be about as good as they are.

    An architecture that leads by luck, or by a predictor's error, stands alone: its neighbours' mean is no better than
    others'. So candidates are ranked by ``(1 - weight)`` of their own prediction and ``weight`` of their neighbours'
    mean. Neighbours of the best are worse for all alike; the median of that is taken off, so that values can still be
    compared with the front's.

    Source: Wang et al., "Neighborhood-Aware Neural Architecture Search", BMVC 2021, which aggregates over all
    neighbours with equal weights; Gambella et al., "Architecture-Aware Minimization (A²M)", 2025, which finds the
    accurate clustered in flat regions.

    On NAS-Bench-201 (CIFAR-100 and flops, 50 and 100 trainings, 5 seeds) it did not help: the funnel leaves it out.

    Args:
        problem: What is searched for.
        weight: Of the neighbours, in [0, 1]; 0 asks for none.
    """

    def __init__(self, problem: Problem, weight: float) -> None:
        self.problem = problem
        self.weight = weight

    def penalty(self, forecast: Forecast, candidates: Sequence[Candidate], rng: np.random.Generator) -> FloatArray:
        """What to add to the candidates' predicted values, minimised: ``(n, objectives)``, 0 for exact objectives.

        Args:
            forecast: Predicts; it needs to know nothing of a candidate but its graph.
            candidates: The ``n`` candidates.
            rng: Chooses among the neighbours where a candidate has more than ``MOST_ASKED``.
        """
        found: FloatArray = np.zeros((len(candidates), len(self.problem.objectives)))
        if not self.weight or not candidates:
            return found
        own = forecast.means(candidates)
        neighbours = [self._neighbours(candidate, rng) for candidate in candidates]
        distinct = list({one.key: one for few in neighbours for one in few}.values())
        place = {one.key: row for row, one in enumerate(distinct)}
        around = forecast.means(distinct)
        for row, few in enumerate(neighbours):
            if few:
                found[row] = around[[place[one.key] for one in few]].mean(axis=0) - own[row]
        found -= np.median(found, axis=0)
        found[:, [objective.needs != "training" for objective in self.problem.objectives]] = 0.0
        return self.weight * found

    def _neighbours(self, candidate: Candidate, rng: np.random.Generator) -> list[Candidate]:
        space = self.problem.space
        listed = list(islice(space.neighbours(candidate.architecture), MOST_LISTED))
        if len(listed) > MOST_ASKED:
            listed = [listed[index] for index in rng.choice(len(listed), MOST_ASKED, replace=False)]
        simplified = [space.simplify(one) for one in listed]
        return [Candidate(one, plain, {}, plain.key) for one, plain in zip(listed, simplified, strict=True)]
