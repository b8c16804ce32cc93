"""Shorter trainings before the full one: successive halving around any searcher."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from evonas.core.archive import Archive, Proposal
from evonas.core.rung import Rung
from evonas.core.searcher import Exhausted, Searcher
from evonas.searchers.lots import joined
from evonas.searchers.promotion import climbers


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
    """

    def __init__(self, searcher: Searcher, rungs: Sequence[Rung], reduction_factor: int) -> None:
        self.searcher = searcher
        self.rungs = tuple(rungs)
        self.reduction_factor = reduction_factor

    def propose(self, archive: Archive, count: int, rng: np.random.Generator) -> list[Proposal]:
        climbing = self._climbing(archive, count, self.reduction_factor)
        chosen: list[Proposal] = []
        if len(climbing) < count:
            try:
                chosen = self.searcher.propose(archive.of_full_trainings(), count - len(climbing), rng)
            except Exhausted:
                # Nothing is left that a place could be kept free for.
                climbing = self._climbing(archive, count, 1)
                if not climbing:
                    raise
        lowest = self.rungs[0]
        entering = [replace(one, rung=None if one.origin == "random" else lowest) for one in chosen]
        return joined(archive, climbing, "climbing", entering)

    def _climbing(self, archive: Archive, count: int, reduction_factor: int) -> list[Proposal]:
        """At most ``count`` that climb, from the highest rung down."""
        found: list[Proposal] = []
        targets = (*self.rungs[1:], None)
        for rung, target in reversed(list(zip(self.rungs, targets, strict=True))):
            trials = [trial for trial in archive.shortened if trial.proposal.rung == rung]
            climbed = np.array([archive.highest(trial.proposal.key).number != trial.number for trial in trials], bool)
            rows = climbers(archive.rung_values(trials), climbed, reduction_factor)
            found += [replace(trials[row].proposal, rung=target) for row in rows]
        return found[:count]
