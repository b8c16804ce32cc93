"""Further trainings of the front with other seeds: replicates around any searcher."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from evonas.core.archive import Archive, Proposal
from evonas.core.evaluation import Evaluator
from evonas.core.problem import Problem
from evonas.core.searcher import Exhausted, Searcher
from evonas.evaluators.table import TableEvaluator
from evonas.searchers.lots import joined


class Replication(Searcher):
    """Has the members of the front trained again while the search goes on, and lets another searcher choose the rest.

    One training of an architecture is a draw, and a front is made of the lucky ones. So an architecture's value is the
    mean over its trainings, for dominance as for predictors, and who leads gets the next training: of the front those
    that were trained least often, of these the earliest. A member that led by luck falls back as its mean settles, and
    whom it had pushed out returns. Whatever noise is left is told by the report, not decided by a threshold.

    Source: Fieldsend and Everson, "The Rolling Tide Evolutionary Algorithm", IEEE Transactions on Evolutionary
    Computation 2015: re-evaluating the elite member with the fewest evaluations, ranks by means. There every other
    evaluation is one; here a share of those after the first round, and no member has more than ``trainings``.

    Args:
        searcher: Chooses new candidates; it sees every architecture once, with its mean values.
        trainings: Most full trainings of one architecture, failed ones included, at least 2.
        share: Share of what is trained after the first round, in [0, 1].
    """

    def __init__(self, searcher: Searcher, trainings: int, share: float) -> None:
        self.searcher = searcher
        self.trainings = trainings
        self.share = share

    def propose(self, archive: Archive, count: int, rng: np.random.Generator) -> list[Proposal]:
        again = self._again(archive, self._allowance(archive, count))
        chosen: list[Proposal] = []
        if len(again) < count:
            try:
                chosen = self.searcher.propose(archive.without_replicates(), count - len(again), rng)
            except Exhausted:
                # Nothing is left that a place could be kept free for.
                again = self._again(archive, count)
                if not again:
                    raise
        return joined(archive, again, "trained again", chosen)

    def _allowance(self, archive: Archive, count: int) -> int:
        """How many of the next ``count`` may be replicates."""
        later = archive.spent - sum(one.proposal.share for one in archive.trials if one.proposal.funnel.round == 0)
        so_far = sum(one.proposal.replicate > 0 for one in archive.trials)
        return min(count, math.floor(self.share * float(later + count) + 1e-9) - so_far)

    def _again(self, archive: Archive, most: int) -> list[Proposal]:
        if most <= 0:
            return []
        members = [(archive.trainings(trial.proposal.key), trial.number, trial.proposal) for trial in archive.front()]
        members.sort(key=lambda member: member[:2])
        # What was predicted of the first training says nothing of this one, which is pending beside a known mean.
        again = [replace(one, replicate=n, predicted={}) for n, _, one in members if n < self.trainings]
        return again[:most]


def evaluators_of_replicates(evaluator: Evaluator, problem: Problem, count: int) -> list[Evaluator]:
    """What evaluates each further training of an architecture: a trial's own seed is all it takes, but for a table.

    Raises:
        ValueError: Nothing would be measured anew.
    """
    if not problem.predicted_names:
        raise ValueError(
            "a further training changes nothing, for no objective needs training; leave the replicates out"
        )
    if isinstance(evaluator, TableEvaluator):
        return [evaluator.replicated(number) for number in range(1, count + 1)]
    return [evaluator] * count
