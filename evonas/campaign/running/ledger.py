"""A campaign's archive and journal, written together."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from evonas.campaign.planning.plan import Plan
from evonas.campaign.running.brought_home import brought_home
from evonas.core.archive import Archive, Proposal, Trial
from evonas.core.evaluation import Evaluation
from evonas.core.randomness import generator
from evonas.core.searcher import SearchError
from evonas.core.timed import timed
from evonas.journal.journal import Journal


class Ledger:
    """What a campaign knows: replayed from its journal, and written there before anything is done with it.

    Args:
        plan: Whose searcher chooses and whose objectives are recorded.
        journal: Open for writing; its manifest is the plan's.

    Attributes:
        archive: Every trial so far.
        stage_seconds: Wall time by stage in this session.
    """

    def __init__(self, plan: Plan, journal: Journal) -> None:
        self.archive: Archive = journal.load(plan.problem.objectives)
        self.stage_seconds: dict[str, float] = {}
        self._plan = plan
        self._journal = journal
        self._started = time.perf_counter()
        self._elapsed_before = journal.elapsed_seconds()

    def propose(self, count: int) -> list[Trial]:
        """Has the searcher choose at most ``count`` candidates, and writes them down, pending.

        Raises:
            Exhausted: Nothing unseen and feasible is left.
            SearchError: Nothing feasible was found, or the searcher breaks its contract.
        """
        number = len(self.archive)
        with self.timed("propose"):
            rng = generator(self._plan.seed, number, "propose")
            proposals = _with_notes(self._plan.searcher.propose(self.archive, count, rng), self._plan.problem.losses())
        _check_proposals(proposals, self.archive, count)
        trials = [Trial(number + offset, proposal) for offset, proposal in enumerate(proposals)]
        with self.timed("journal"):
            self._journal.add_round(trials)
        for proposal in proposals:
            self.archive.propose(proposal)
        return trials

    def record(self, number: int, evaluation: Evaluation) -> Trial:
        """Writes what a pending trial brought home; without a finite value for each objective it is a failure.

        Raises:
            ValueError: The trial is not pending.
        """
        return self.record_together({number: evaluation})[0]

    def record_together(self, evaluations: Mapping[int, Evaluation]) -> list[Trial]:
        """Writes what pending trials brought home together, by number: all of it or, where it is killed, nothing.

        Raises:
            ValueError: A trial is not pending.
        """
        wanted = self._plan.problem.predicted_names
        checked = {number: brought_home(evaluation, wanted) for number, evaluation in evaluations.items()}
        for number in checked:
            self.archive.expect_pending(number)
        with self.timed("journal"):
            elapsed_seconds = self._elapsed_before + time.perf_counter() - self._started
            self._journal.add_evaluations(checked, elapsed_seconds)
        # What could not be written down (a full disk) is not known either: it may be told once more.
        return [self.archive.record(number, evaluation) for number, evaluation in checked.items()]

    def timed(self, stage: str) -> AbstractContextManager[None]:
        """Adds its block's wall time to the stage."""
        return timed(self.stage_seconds, stage)


def _with_notes(proposals: Sequence[Proposal], notes: tuple[str, ...]) -> list[Proposal]:
    """The proposals of a round, with more notes in its funnel."""
    noted = [replace(one.funnel, notes=(*one.funnel.notes, *notes)) for one in proposals]
    return [replace(one, funnel=funnel) for one, funnel in zip(proposals, noted, strict=True)]


def _check_proposals(proposals: Sequence[Proposal], archive: Archive, count: int) -> None:
    """Refuses what a searcher must never propose, before it is written down.

    Raises:
        SearchError: No proposal, more than asked for, or one that was proposed before.
    """
    keys = [proposal.key for proposal in proposals]
    if not 1 <= len(keys) <= count:
        raise SearchError(f"a searcher proposes 1 to {count} candidates when asked for {count}; got {len(keys)}")
    for index, proposal in enumerate(proposals):
        seen = proposal.key in archive and not _goes_on(proposal, archive)
        if seen or proposal.key in keys[:index]:
            raise SearchError(f"a searcher must not propose an architecture twice; got {proposal.notation!r} again")


def _goes_on(proposal: Proposal, archive: Archive) -> bool:
    """Whether a proposal trains longer what a shorter training has given values, or again what a full one has."""
    earlier = archive.highest(proposal.key)
    if proposal.replicate:
        return earlier.trained and proposal.replicate == archive.trainings(proposal.key)
    return earlier.shortened and proposal.share > earlier.proposal.share
