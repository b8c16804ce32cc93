"""Shorter trainings before the full one: successive halving around any searcher."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType

import numpy as np

from evonas.campaign.reading.sections import PromoteBy
from evonas.core.archive import Archive, FloatArray, Proposal, Trial
from evonas.core.problem import Candidate
from evonas.core.rung import Rung
from evonas.core.searcher import Exhausted, Searcher, SearchError
from evonas.searchers.forecast import Forecast
from evonas.searchers.lots import joined
from evonas.searchers.promotion import climbers
from evonas.searchers.rung_columns import LEAST, RungColumns
from surrogates.encodings.concatenated import Concatenated
from surrogates.training_speed import training_speed

_BY_LOSSES: Mapping[str, Callable[[FloatArray], FloatArray]] = MappingProxyType(
    {"training_speed": training_speed, "last_loss": partial(training_speed, last=1)}
)


class SuccessiveHalving(Searcher):
    """Lets what another searcher chooses climb rung by rung to the full training; most are left behind on the way.

    A candidate of the best ``1 / reduction_factor`` of its rung is trained anew on the next, asynchronously: whenever a
    place is free, whoever may climb goes first, from the highest rung down, and only then does the searcher choose new
    ones for the lowest. A rung's values are compared with each other and with nothing else: the searcher sees full
    trainings alone. What it draws at random is trained in full at once, for a random share of the full trainings is
    what the yardstick, the predictor and the report's estimate of random search rest on.

    Args:
        searcher: Chooses new candidates.
        rungs: Fewest epochs first; at least one.
        reduction_factor: One of so many climbs, at least 2.
        promote_by: What ranks a rung's candidates beside the objectives that are known without training: the
            ``values`` of the others; or in their place, read off the training's curve, its ``training_speed`` or its
            ``last_loss``, which early in a training rank candidates better than their accuracy; or what the
            ``predictor`` expects of the full training, the rung's own values considered.
        columns: Tell the searcher's predictor, and that of ``promote_by``, what the rungs measured; None tells nothing.
    """

    def __init__(
        self,
        searcher: Searcher,
        rungs: Sequence[Rung],
        reduction_factor: int,
        promote_by: PromoteBy = "values",
        columns: RungColumns | None = None,
    ) -> None:
        self.searcher = searcher
        self.rungs = tuple(rungs)
        self.reduction_factor = reduction_factor
        self.promote_by = promote_by
        self.columns = columns

    def propose(self, archive: Archive, count: int, rng: np.random.Generator) -> list[Proposal]:
        if self.columns is not None:
            self.columns.learn(archive, self.rungs, rng)
        climbing = self._climbing(archive, count, self.reduction_factor, rng)
        chosen: list[Proposal] = []
        if len(climbing) < count:
            try:
                chosen = self.searcher.propose(archive.of_full_trainings(), count - len(climbing), rng)
            except Exhausted:
                # Nothing is left that a place could be kept free for.
                climbing = self._climbing(archive, count, 1, rng)
                if not climbing:
                    raise
        lowest = self.rungs[0]
        entering = [replace(one, rung=None if one.origin == "random" else lowest) for one in chosen]
        return joined(archive, climbing, "climbing", entering)

    def _climbing(
        self, archive: Archive, count: int, reduction_factor: int, rng: np.random.Generator
    ) -> list[Proposal]:
        """At most ``count`` that climb, from the highest rung down."""
        found: list[Proposal] = []
        targets = (*self.rungs[1:], None)
        for rung, target in reversed(list(zip(self.rungs, targets, strict=True))):
            trials = [trial for trial in archive.shortened if trial.proposal.rung == rung]
            climbed = np.array([archive.highest(trial.proposal.key).number != trial.number for trial in trials], bool)
            if len(trials) // reduction_factor <= climbed.sum():
                continue  # nobody may climb, so a forecast is spared
            rows = climbers(self._ranked(archive, trials, rng), climbed, reduction_factor)
            found += [replace(trials[row].proposal, rung=target) for row in rows]
        return found[:count]

    def _ranked(self, archive: Archive, trials: Sequence[Trial], rng: np.random.Generator) -> FloatArray:
        """What one rung's trials are ranked by, minimised: shape ``(n, objectives)``."""
        values = archive.rung_values(trials)
        if self.promote_by == "values" or not trials:
            return values
        if self.columns is not None:
            return self._expected(archive, trials, self.columns, rng) if len(archive.trained) >= LEAST else values
        known = [column for column, objective in enumerate(archive.objectives) if objective.needs != "training"]
        losses = np.array([_losses(trial) for trial in trials])
        return np.column_stack([_BY_LOSSES[self.promote_by](losses), values[:, known]])

    def _expected(
        self, archive: Archive, trials: Sequence[Trial], columns: RungColumns, rng: np.random.Generator
    ) -> FloatArray:
        """What a predictor expects of the trials' full trainings, also of those that have had it."""
        space = columns.problem.space
        forecast = Forecast(columns.problem, archive.of_full_trainings(), columns, Concatenated(space), rng)
        proposals = [trial.proposal for trial in trials]
        candidates = [
            Candidate(one.architecture, space.simplify(one.architecture), one.exact, one.key) for one in proposals
        ]
        return forecast.means(candidates)


def _losses(trial: Trial) -> list[float]:
    curve = trial.evaluation.curve if trial.evaluation is not None else ()
    if not curve or any("train_loss" not in epoch for epoch in curve):
        raise SearchError(
            f"rungs: promote_by reads the training loss of every epoch, and trial {trial.number} brought none home; "
            "give its evaluation a curve with 'train_loss', or write promote_by: values"
        )
    return [epoch["train_loss"] for epoch in curve]
