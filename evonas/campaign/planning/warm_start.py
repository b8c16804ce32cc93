"""A search that starts from what an earlier campaign found."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from evonas.core.archive import Archive, FloatArray, Funnel, Proposal
from evonas.core.problem import Candidate, Problem, Rejections
from evonas.core.randomness import generator
from evonas.core.searcher import Searcher
from evonas.searchers.forecast import PredictorFactory
from evonas.searchers.lots import joined, proposal
from evonas.searchers.proxy_scores import ProxyScores
from evonas.searchers.selection import ranks
from spaces.architecture import Architecture
from spaces.space import Space
from surrogates.encoding import Encoding
from surrogates.encodings.concatenated import Concatenated
from surrogates.mean_first import means_of
from surrogates.predictor import Predictor

SHARE = 0.5
"""Of the first sample: as much as leaves an unrelated earlier campaign little to spoil."""


class EarlierPredictions(Encoding):
    """What an earlier campaign lets expect: a column for each objective that it trained for, lower is better.

    Args:
        space: Whose architectures are predicted.
        archive: The earlier campaign's.
        predictor: Makes the predictor that learns from it, when it is first asked.
        seed: Fixes what the predictor draws.
    """

    def __init__(self, space: Space, archive: Archive, predictor: PredictorFactory, seed: int) -> None:
        self._space = space
        self._archive = archive
        self._make = predictor
        self._seed = seed

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(
            f"earlier({objective.name})" for objective in self._archive.objectives if objective.needs == "training"
        )

    def encode(self, architectures: Sequence[Architecture]) -> npt.NDArray[np.float32]:
        rows = np.empty((len(architectures), len(self._predictors)), np.float32)
        for column, predictor in enumerate(self._predictors):
            rows[:, column] = means_of(predictor, architectures)
        return rows

    @cached_property
    def _predictors(self) -> list[Predictor]:
        trained = self._archive.trained
        known = [self._space.simplify(trial.proposal.architecture) for trial in trained]
        values = self._archive.values(trained)
        fitted = []
        for column, objective in enumerate(self._archive.objectives):
            if objective.needs == "training":
                predictor = self._make(Concatenated(self._space))
                predictor.fit(known, values[:, column], generator(self._seed, column, "warm start"))
                fitted.append(predictor)
        return fitted


class WarmStart(Searcher):
    """Lets an earlier campaign's front take a share of the first sample; another searcher chooses everything else.

    The members are those that meet this campaign's constraints, spread over its exact objectives. They are trained
    anew: nothing that the earlier campaign measured is ever taken for a value of this one. What the earlier campaign
    lets expect of any candidate (``predictions``) is written beside the proxies' scores, higher is better, before the
    candidate is trained, so that the report can say whether it helped.

    Args:
        searcher: Chooses everything else.
        problem: What is searched for.
        archive: The earlier campaign's.
        predictions: What it lets expect; None where nothing is predicted.
        proxies: Score what is taken over.
        initial: Candidates of the first sample.
    """

    def __init__(
        self,
        searcher: Searcher,
        problem: Problem,
        archive: Archive,
        predictions: EarlierPredictions | None,
        proxies: ProxyScores,
        initial: int,
    ) -> None:
        self.searcher = searcher
        self.problem = problem
        self.archive = archive
        self.predictions = predictions
        self.proxies = proxies
        self.initial = initial

    def propose(self, archive: Archive, count: int, rng: np.random.Generator) -> list[Proposal]:
        share = self._share(archive, count)
        known = {trial.proposal.key for trial in archive.trials}
        members = self._members(share, known)
        chosen = self.searcher.propose(archive, count - len(members), rng) if len(members) < count else []
        # What was drawn by chance as well is proposed once.
        fresh = {one.key for one in chosen}
        taken = [self._proposal(one) for one in members if one.key not in fresh]
        return self._foretold(joined(archive, taken, "taken over", chosen))

    def _share(self, archive: Archive, count: int) -> int:
        """How many of the next ``count`` are taken over, so that ``SHARE`` of the first sample is."""
        so_far = sum(trial.proposal.origin == "warm_start" for trial in archive.trials)
        sample = min(self.initial, len(archive) + count)
        return max(0, min(count, math.floor(SHARE * sample) - so_far)) if len(archive) < self.initial else 0

    def _members(self, count: int, known: Collection[str]) -> list[Candidate]:
        """At most ``count`` of the earlier campaign's best that are candidates here and not known."""
        if count == 0:
            return []
        rejections = Rejections()
        found: dict[str, tuple[Candidate, int]] = {}
        for row, trial in enumerate(self.archive.trained):
            candidate = self.problem.candidate(trial.proposal.architecture, rejections)
            if candidate is not None and candidate.key not in known:
                found.setdefault(candidate.key, (candidate, row))
        candidates = [candidate for candidate, _ in found.values()]
        values = self.archive.values()[[row for _, row in found.values()]]
        members: list[Candidate] = []
        for index in _spread(values, self._costs(candidates, values)):
            complete = self.problem.with_model_objectives(candidates[index], rejections)
            if complete is not None:
                members.append(complete)
            if len(members) == count:
                break
        return members

    def _costs(self, candidates: Sequence[Candidate], values: FloatArray) -> FloatArray:
        """What members are spread over: this campaign's exact objectives, or the earlier values where it has none."""
        names = [one.name for one in self.problem.objectives if one.needs == "architecture"]
        if not names:
            return values
        return np.array([[one.exact[name] for name in names] for one in candidates]).reshape(-1, len(names))

    def _proposal(self, member: Candidate) -> Proposal:
        scores = self.proxies.of([member])[0]
        return proposal(self.problem, member, "warm_start", Funnel(0, {}), proxies=scores)

    def _foretold(self, proposals: Sequence[Proposal]) -> list[Proposal]:
        if self.predictions is None or not proposals:
            return list(proposals)
        rows = self.predictions.encode([self.problem.space.simplify(one.architecture) for one in proposals])
        names = self.predictions.names
        return [
            replace(one, proxies={**one.proxies, **dict(zip(names, (-row).astype(float).tolist(), strict=True))})
            for one, row in zip(proposals, rows, strict=True)
        ]


def warmed(predictor: PredictorFactory, space: Space, predictions: EarlierPredictions) -> PredictorFactory:
    """A predictor that reads the earlier campaign's predictions beside any encoding."""
    return lambda encoding: predictor(Concatenated(space, (encoding, predictions)))


def _spread(values: FloatArray, costs: FloatArray) -> list[int]:
    """Every row's index, front by front; within one the best by the first value, then always the farthest in cost."""
    width = np.ptp(costs, axis=0) if len(costs) else np.ones(costs.shape[1])
    scaled = costs / np.where(width > 0, width, 1.0)
    order: list[int] = []
    rank = ranks(values)
    for level in np.unique(rank):
        left = sorted(np.flatnonzero(rank == level).tolist(), key=lambda index: values[index, 0])
        distance = np.full(len(values), np.inf)
        while left:
            farthest = max(left, key=lambda index: distance[index])
            left.remove(farthest)
            order.append(farthest)
            distance = np.minimum(distance, np.abs(scaled - scaled[farthest]).sum(axis=1))
    return order
