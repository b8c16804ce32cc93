"""Counts, times and the retrained front of a campaign."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evonas.core.archive import Archive, Funnel, Trial
from evonas.core.evaluation import Evaluation
from evonas.core.record import Record
from evonas.core.spread import Spread, spread
from surrogates.ranking import kendall_tau


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Trials that failed alike.

    Attributes:
        kind: As ``Failure.kind``.
        message: As ``Failure.message``.
        numbers: Trial numbers, rising.
    """

    kind: str
    message: str
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StageTime:
    """Time that one stage took.

    Attributes:
        stage: Name of the stage.
        seconds: Wall time of the main process, or summed over the workers.
        workers: Whether it was spent in workers, beside the main process.
    """

    stage: str
    seconds: float
    workers: bool


@dataclass(frozen=True, slots=True)
class Retrained:
    """One member of the front, trained again with several seeds and measured on test data.

    Attributes:
        trial: The member of the front.
        n: Seeds that trained.
        failed: Seeds that failed.
        figures: Spread by name, ``test_error`` first; empty where no seed trained.
    """

    trial: Trial
    n: int
    failed: int
    figures: Mapping[str, Spread]


def funnel_totals(rounds: Sequence[Funnel]) -> dict[str, int]:
    """Candidates by stage, summed over the rounds.

    A stage stands right after the stage that precedes it in the first round that has it, so that rounds which skip
    stages do not disturb the order.
    """
    order: list[str] = []
    totals: dict[str, int] = defaultdict(int)
    for funnel in rounds:
        position = 0
        for stage, count in funnel.counts.items():
            if stage not in totals:
                order.insert(position, stage)
            position = order.index(stage) + 1
            totals[stage] += count
    return {stage: totals[stage] for stage in order}


def failure_groups(archive: Archive) -> tuple[FailureGroup, ...]:
    """Failed trials by kind and message: frequent kinds first, then frequent messages."""
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    kinds: dict[str, int] = defaultdict(int)
    for trial in archive.trials:
        if trial.failure is not None:
            groups[trial.failure.kind, trial.failure.message].append(trial.number)
            kinds[trial.failure.kind] += 1
    found = [FailureGroup(kind, message, tuple(numbers)) for (kind, message), numbers in groups.items()]
    return tuple(sorted(found, key=lambda group: (-kinds[group.kind], group.kind, -len(group.numbers), group.numbers)))


def stage_times(record: Record) -> tuple[StageTime, ...]:
    """Wall time of the main process by stage, then the time that workers spent in evaluations, which runs beside it."""
    times = [StageTime(stage, seconds, workers=False) for stage, seconds in record.stage_seconds.items()]
    trained = sum(trial.evaluation.seconds for trial in record.archive.trials if trial.evaluation is not None)
    retrained = sum(evaluation.seconds for seeds in record.retrainings.values() for evaluation in seeds)
    if trained > 0:
        times.append(StageTime("training", trained, workers=True))
    if retrained > 0:
        times.append(StageTime("retraining the front", retrained, workers=True))
    return tuple(times)


def retrained_front(record: Record) -> tuple[Retrained, ...]:
    """Mean and deviation over seeds for every member of the front that was trained again, by trial number."""
    return tuple(
        _retrained(record.archive.trials[number], record.retrainings[number]) for number in sorted(record.retrainings)
    )


def retraining_agreement(archive: Archive, retrained: Sequence[Retrained]) -> tuple[str, int, float | None] | None:
    """How well the search's own measurement ranked the front by its test error.

    Returns:
        The objective compared (``validation_error``, else the first that needs training), the members compared, and
        Kendall tau between it, minimised, and the mean ``test_error``; None for tau where it is not defined. None where
        no objective needs training or fewer than two members have a test error.
    """
    needing = [objective for objective in archive.objectives if objective.needs == "training"]
    members = [member for member in retrained if "test_error" in member.figures]
    if not needing or len(members) < 2:
        return None
    objective = next((one for one in needing if one.name == "validation_error"), needing[0])
    column = archive.names.index(objective.name)
    searched = archive.values([member.trial for member in members])[:, column]
    tested = np.array([member.figures["test_error"].mean for member in members])
    return objective.name, len(members), kendall_tau(searched, tested)


def _retrained(trial: Trial, evaluations: Sequence[Evaluation]) -> Retrained:
    good = [evaluation for evaluation in evaluations if evaluation.failure is None]
    names = list(dict.fromkeys(name for evaluation in good for name in evaluation.values))
    names.sort(key=lambda name: name != "test_error")
    figures = {
        name: spread([evaluation.values[name] for evaluation in good if name in evaluation.values]) for name in names
    }
    return Retrained(trial, len(good), len(evaluations) - len(good), figures)
