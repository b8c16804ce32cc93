"""The archive: every proposal and evaluation of a campaign, in order."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from evonas.core.evaluation import Evaluation
from evonas.core.objective import Objective
from evonas.core.proposal import ORIGINS, Estimate, Funnel, Origin, Proposal
from evonas.core.trial import Trial

__all__ = ["ORIGINS", "Archive", "Estimate", "FloatArray", "Funnel", "Origin", "Proposal", "Trial"]

FloatArray = npt.NDArray[np.float64]


class Archive:
    """Every proposal and evaluation in order, with the pending ones. Searchers read it; the campaign writes it.

    Args:
        objectives: The campaign's objectives, in the order of the columns of ``values``.
    """

    def __init__(self, objectives: Sequence[Objective]) -> None:
        self.objectives = tuple(objectives)
        self.signs = np.array([1.0 if objective.goal == "min" else -1.0 for objective in self.objectives])
        self._trials: list[Trial] = []
        self._highest: dict[str, Trial] = {}
        self._replicates: dict[str, list[int]] = {}
        self._rounds: list[Funnel] = []
        self._spent = Fraction(0)

    def __len__(self) -> int:
        return len(self._trials)

    def __contains__(self, key: str) -> bool:
        return key in self._highest

    @property
    def trials(self) -> Sequence[Trial]:
        """Every trial by number."""
        return self._trials

    @property
    def rounds(self) -> Sequence[Funnel]:
        """The funnel of every round, in order."""
        return self._rounds

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the objectives."""
        return tuple(objective.name for objective in self.objectives)

    @property
    def spent(self) -> Fraction:
        """What was proposed costs, in full trainings; of a stopped one what was done of it."""
        return self._spent

    @property
    def trained(self) -> list[Trial]:
        """Trials that a full training gave values for every objective, by number."""
        return [trial for trial in self._trials if trial.trained]

    @property
    def shortened(self) -> list[Trial]:
        """Trials that have the values of a shorter training, of whichever rung, by number."""
        return [trial for trial in self._trials if trial.shortened]

    @property
    def replicated(self) -> list[Trial]:
        """Trials that repeated a full training and came home, by number; their values count with the first's."""
        return [trial for trial in self._trials if trial.proposal.replicate and trial.evaluation and not trial.failure]

    @property
    def pending(self) -> list[Trial]:
        """Trials whose evaluation has not come home, by number."""
        return [trial for trial in self._trials if trial.evaluation is None]

    @property
    def failed(self) -> list[Trial]:
        """Trials that failed, by number."""
        return [trial for trial in self._trials if trial.failure is not None]

    @property
    def stopped(self) -> list[Trial]:
        """Trials whose training was given up, by number."""
        return [trial for trial in self._trials if trial.stop is not None]

    def highest(self, key: str) -> Trial:
        """The trial of an architecture on its highest rung.

        Raises:
            KeyError: It was never proposed.
        """
        return self._highest[key]

    def trainings(self, key: str) -> int:
        """How many full trainings of an architecture were proposed, pending and failed ones included."""
        known = self._highest.get(key)
        return 0 if known is None or known.proposal.rung is not None else 1 + len(self._replicates.get(key, ()))

    def of_full_trainings(self) -> Archive:
        """What a searcher sees that knows of no rungs: the full trainings, and what is pending on any rung.

        It knows the keys and rounds of every trial, and trials keep their numbers. It is for reading.
        """
        return self._view(lambda trial: trial.proposal.rung is None or trial.evaluation is None)

    def without_replicates(self) -> Archive:
        """What a searcher sees that knows of no replicates: every architecture once a rung, with its mean values.

        It knows the keys and rounds of every trial, and trials keep their numbers. It is for reading.
        """
        return self._view(lambda trial: not trial.proposal.replicate)

    def _view(self, shown: Callable[[Trial], bool]) -> Archive:
        view = Archive(self.objectives)
        view._trials = [trial for trial in self._trials if shown(trial)]
        view._highest, view._rounds, view._spent = dict(self._highest), list(self._rounds), self._spent
        return view

    def propose(self, proposal: Proposal) -> Trial:
        """Appends a proposal as the next trial, pending.

        Raises:
            ValueError: An exact objective is not finite, or it is a replicate of what has no full training.
        """
        for name, value in proposal.exact.items():
            if not math.isfinite(value):
                raise ValueError(
                    f"{proposal.notation} has {name}={value}; what is proposed has finite exact objectives"
                )
        trial = Trial(len(self._trials), proposal)
        if proposal.replicate:
            self._expect_replicate(proposal)
            self._replicates.setdefault(proposal.key, []).append(trial.number)
        self._trials.append(trial)
        known = self._highest.get(proposal.key)
        if known is None or proposal.share > known.proposal.share:
            self._highest[proposal.key] = trial
        self._spent += proposal.share
        if not self._rounds or self._rounds[-1].round != proposal.funnel.round:
            self._rounds.append(proposal.funnel)
        return trial

    def record(self, number: int, evaluation: Evaluation) -> Trial:
        """Records the evaluation of a pending trial.

        Raises:
            ValueError: The trial is not pending, a value is missing, or a value is not finite.
        """
        trial = self.expect_pending(number)
        recorded = replace(trial, evaluation=evaluation)
        if evaluation.complete:
            self.rung_values([recorded])
        self._spent += recorded.cost - trial.cost
        self._trials[number] = recorded
        first = self._highest[trial.proposal.key]
        if first.number == number:
            self._highest[trial.proposal.key] = recorded
        elif trial.proposal.replicate:
            again = [self._trials[one].evaluation for one in self._replicates[trial.proposal.key]]
            home = tuple(one for one in again if one is not None and one.complete)
            self._trials[first.number] = self._highest[trial.proposal.key] = replace(first, replicates=home)
        return recorded

    def expect_pending(self, number: int) -> Trial:
        """The pending trial of that number.

        Raises:
            ValueError: There is none.
        """
        if not 0 <= number < len(self._trials):
            raise ValueError(f"trial {number} was never proposed; there are {len(self._trials)}, from 0")
        if self._trials[number].evaluation is not None:
            raise ValueError(f"trial {number} has an evaluation already; nothing is overwritten")
        return self._trials[number]

    def _expect_replicate(self, proposal: Proposal) -> None:
        expected = self.trainings(proposal.key)
        if proposal.rung is not None or expected == 0 or proposal.replicate != expected:
            raise ValueError(
                f"{proposal.notation} cannot be replicate {proposal.replicate}: replicates repeat full trainings in "
                f"order, and this architecture had {expected} of these"
            )

    def values(self, trials: Sequence[Trial] | None = None) -> FloatArray:
        """Objectives of trained trials, all minimised, the mean where there are replicates: ``(n, objectives)``.

        Raises:
            ValueError: A trial is pending, failed, a replicate or of a lower rung, or a value is missing or not finite.
        """
        rows = self.trained if trials is None else trials
        for trial in rows:
            if trial.shortened:
                raise ValueError(f"trial {trial.number} was trained for {trial.proposal.rung}; no value of a full one")
            if trial.proposal.replicate:
                first = self.highest(trial.proposal.key).number
                raise ValueError(f"trial {trial.number} is a replicate; its values count in the mean of trial {first}")
        return self._minimised(rows, [trial.values for trial in rows])

    def rung_values(self, trials: Sequence[Trial]) -> FloatArray:
        """What trials of one rung measured themselves, whichever it is, all minimised: shape ``(n, objectives)``.

        Raises:
            ValueError: The trials are of several rungs, one is pending or failed, or a value is missing or not finite.
        """
        return self._minimised(trials, [trial.rung_values for trial in trials])

    def _minimised(self, trials: Sequence[Trial], known: Sequence[Mapping[str, float]]) -> FloatArray:
        for trial in trials:
            if trial.evaluation is None or not trial.evaluation.complete:
                state = f"a failure ({trial.failure.kind})" if trial.failure else "stopped" if trial.stop else "pending"
                raise ValueError(f"trial {trial.number} is {state} and has no values; ask for trained trials")
            if trial.proposal.rung != trials[0].proposal.rung:
                raise ValueError(f"trials {trials[0].number} and {trial.number} are of two rungs: not to be compared")
        values = [[float(one.get(name, np.nan)) for name in self.names] for one in known]
        array: FloatArray = np.array(values, dtype=np.float64).reshape(len(trials), len(self.names)) * self.signs
        if not np.isfinite(array).all():
            row, column = np.argwhere(~np.isfinite(array))[0]
            raise ValueError(
                f"trial {trials[row].number} has no finite {self.names[column]!r}: {known[row]}; "
                "such a trial is recorded as a failure"
            )
        return array

    def front(self) -> list[Trial]:
        """The trained trials that no other dominates, by number; of equal ones the first stays."""
        import moocore

        trained = self.trained
        if not trained:
            return []
        keep = moocore.is_nondominated(self.values(trained), keep_weakly=False)
        return [trial for trial, kept in zip(trained, keep, strict=True) if kept]
