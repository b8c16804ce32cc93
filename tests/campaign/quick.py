"""Campaigns that take milliseconds: plans on a synthetic evaluator, run in this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from evonas.benchmarks.sleeping import Sleeping
from evonas.campaign.planning.assemble import assemble
from evonas.campaign.planning.parts import Parts
from evonas.campaign.planning.plan import Plan
from evonas.core.archive import Archive, Trial
from evonas.core.evaluation import Evaluation, Evaluator
from evonas.core.observer import Observer
from spaces.architecture import Architecture

SPACE = {"name": "cell201", "skeleton": "compact", "channels": [4, 8], "input_shape": [1, 8, 8]}


def quick_plan(evaluator: Evaluator | None = None, folder: Path | None = None, **changes: Any) -> Plan:
    """A plan in this process with a small funnel, whose evaluations take no time."""
    searcher = {"name": "screened_nsga2", "offspring": 60, "shortlist": 20, "proxied": 10}
    parts = Parts(
        name="quick",
        space=SPACE,
        budget=24,
        evaluator=evaluator if evaluator is not None else Sleeping(0.0),
        searcher=searcher,
        predictor={"name": "trees", "bags": 2, "trees": 10},
        proxies=("parameters",),
        executor={"name": "serial"},
        initial=10,
        batch=4,
    )
    return assemble(replace(parts, **changes), folder)


class Scripted(Evaluator):
    """Evaluates by a function of architecture and seed."""

    def __init__(self, function: Callable[[Architecture, int], Evaluation]) -> None:
        self.function = function

    def evaluate(self, architecture: Architecture, seed: int) -> Evaluation:
        return self.function(architecture, seed)


class Recorder(Observer):
    """Keeps what it is told, and calls ``at_evaluation`` after each evaluation."""

    def __init__(self, at_evaluation: Callable[[int], None] = lambda count: None) -> None:
        self.at_evaluation = at_evaluation
        self.evaluations: list[Trial] = []
        self.rounds: list[list[Trial]] = []
        self.notes: list[str] = []
        self.ended = False

    def started(self, name: str, archive: Archive, budget: int) -> None:
        self.begun_with = len(archive)

    def stage(self, stage: str) -> None:
        pass

    def proposed(self, trials: Sequence[Trial]) -> None:
        self.rounds.append(list(trials))

    def evaluated(self, trial: Trial) -> None:
        self.evaluations.append(trial)
        self.at_evaluation(len(self.evaluations))

    def retrained(self, done: int, total: int) -> None:
        pass

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)

    def tick(self) -> None:
        pass

    def finished(self) -> None:
        self.ended = True


def sequence(archive: Archive) -> list[tuple[str, tuple[tuple[str, float], ...]]]:
    """Keys and values of every trial, in order."""
    return [(trial.proposal.key, tuple(sorted(trial.values.items()))) for trial in archive.trials]
