"""A running campaign as plain lines, for pipes and CI."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.console import Console

from evonas.core.archive import Archive, Trial
from evonas.core.observer import Observer
from evonas.report.watching import Watching, duration, figure


class Lines(Observer):
    """Prints a line for every evaluation that came home.

    Args:
        console: Where to print.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self._watching: Watching | None = None

    def started(self, name: str, archive: Archive, budget: int) -> None:
        self._watching = Watching(name, archive, budget)
        begun = (
            f"goes on with {math.floor(archive.spent)} of {budget} candidates"
            if len(archive)
            else f"starts, budget {budget}"
        )
        if archive.spent >= budget and not archive.pending:
            begun += "; a larger --budget would train more"
        self._print(f"campaign {name} {begun}")

    def stage(self, stage: str) -> None:
        pass

    def proposed(self, trials: Sequence[Trial]) -> None:
        if self._watching is not None and trials:
            notes = self._watching.add_round(trials)
            funnel = trials[0].proposal.funnel
            counts = ", ".join(f"{count:,} {stage}" for stage, count in funnel.counts.items())
            self._print(f"round {funnel.round}: {counts}")
            for note in notes:
                self.note(note)

    def evaluated(self, trial: Trial) -> None:
        watching = self._watching
        if watching is None:
            return
        if trial.failure is not None:
            outcome = f"failed ({trial.failure.kind}): {trial.failure.message}"
        elif trial.stop is not None:
            outcome = str(trial.stop)
        else:
            outcome = ", ".join(f"{name} {figure(trial.rung_values[name])}" for name in watching.archive.names)
            outcome += " once more" if trial.proposal.replicate else ""
            outcome += f" after {trial.proposal.rung}" if trial.proposal.rung is not None else ""
        hypervolume = f", hypervolume {watching.hypervolume:.4f}" if watching.hypervolume is not None else ""
        left = f", {duration(watching.seconds_left)} left" if watching.seconds_left else ""
        self._print(f"[{watching.done}/{watching.budget}] trial {trial.number}: {outcome}{hypervolume}{left}")

    def retrained(self, done: int, total: int) -> None:
        if done == total or done % 10 == 0:
            self._print(f"front trained anew: {done}/{total}")

    def note(self, sentence: str) -> None:
        self._print(sentence)

    def tick(self) -> None:
        pass

    def finished(self) -> None:
        pass

    def _print(self, text: str) -> None:
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)
