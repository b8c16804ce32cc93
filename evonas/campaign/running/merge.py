"""Two journals of one campaign, joined."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from evonas.campaign.reading.fault import CampaignError, Fault
from evonas.campaign.running.contents import changes
from evonas.campaign.running.recall import recall
from evonas.campaign.running.session import FREE_TO_CHANGE
from evonas.core.archive import Trial
from evonas.core.evaluation import Evaluation
from evonas.core.record import Record
from evonas.core.rung import Rung
from evonas.journal.difference import campaign_difference
from evonas.journal.errors import JournalError
from evonas.journal.journal import Journal
from evonas.journal.results_folder import JOURNAL

FREE_TO_DIFFER = (*FREE_TO_CHANGE, "seed", "name")
"""What two journals of one campaign may differ in: with the same seed they would hold the same trials."""

Place = tuple[str, Rung | None, int]
"""What a trial is of: an architecture, on a rung, and which of its trainings there."""


def merge(first: Path, second: Path, target: Path) -> Record:
    """Writes a new results folder with the trials of two, which stay as they are.

    The second folder's rounds stand behind the first's, numbered on. An architecture that both proposed is one trial,
    with the first's evaluation, or the second's where the first has none or a failure; retrainings of both count.
    Running times and times by stage are added up. The merged campaign is the first's, with a budget that covers its
    trials, and goes on like any other.

    Args:
        first: Results folder whose campaign the merged one is.
        second: Results folder of the same campaign; seed, budget, executor, name and results may differ.
        target: Results folder to write; it must not hold a campaign.

    Raises:
        CampaignError: The campaigns differ in more than that; says in what.
        JournalError: A journal is missing or cannot be read, or there is one in ``target``.
    """
    records = recall(first), recall(second)
    _check(records, first, second)
    manifest = {name: value for name, value in records[0].manifest.items() if name != "created"}
    campaign = dict(manifest["campaign"])
    merged = _merged(records)
    campaign["budget"] = max(campaign["budget"], math.ceil(sum(trial.proposal.share for trial in merged)))
    if Journal.exists(target / JOURNAL):
        raise JournalError(
            f"{target / JOURNAL} holds something already, and nothing is overwritten. Choose another folder to write"
        )
    target.mkdir(parents=True, exist_ok=True)
    # Complete or not there: half of a merged journal would look like a campaign that is yet to train the rest.
    with TemporaryDirectory(prefix=".merging-", dir=target) as partial:
        with Journal.create(Path(partial) / JOURNAL, {**manifest, "campaign": campaign}) as journal:
            _write(journal, records, [_retrainings(folder) for folder in (first, second)], merged)
            record = journal.record(campaign["name"], records[0].space, records[0].archive.objectives)
        (Path(partial) / JOURNAL).rename(target / JOURNAL)
    return record


def _write(
    journal: Journal,
    records: Sequence[Record],
    retrainings: Sequence[Mapping[int, Mapping[int, Evaluation]]],
    merged: Sequence[Trial],
) -> None:
    for _, trials in groupby(merged, key=lambda trial: trial.proposal.funnel.round):
        journal.add_round([replace(trial, evaluation=None) for trial in trials])
    numbers = {_place(trial): trial.number for trial in merged}
    written: dict[int, dict[int, Evaluation]] = {}
    begun_seconds = 0.0
    for record, retrained in zip(records, retrainings, strict=True):
        journal.begin_session()
        for trial, elapsed_seconds in _evaluated(record, merged, numbers):
            assert trial.evaluation is not None
            journal.add_evaluation(numbers[_place(trial)], trial.evaluation, begun_seconds + elapsed_seconds)
        for number, by_seed in retrained.items():
            known = written.setdefault(numbers[_place(record.archive.trials[number])], {})
            for seed, one in by_seed.items():
                if not any(_same(one, other) for other in known.values()):
                    known[seed if seed not in known else _first_free(known)] = one
        journal.add_stage_seconds(record.stage_seconds)
        begun_seconds += max(record.elapsed_seconds.values(), default=0.0)
    if written:
        places = {(number, seed): one for number, known in written.items() for seed, one in known.items()}
        journal.add_retrainings(places)


def _first_free(known: Mapping[int, Evaluation]) -> int:
    return next(seed for seed in range(len(known) + 1) if seed not in known)


def _same(one: Evaluation, other: Evaluation) -> bool:
    """Whether two retrainings of one architecture, from two journals, are one and the same.

    So they are where a journal is joined with one that holds it already, where both campaigns had one seed, and where
    a table's row was read twice: their deviation of 0 would be taken for knowledge.
    """
    if (one.values, one.failure) != (other.values, other.failure):
        return False
    return one.seconds == other.seconds or (bool(one.curve) and one.curve == other.curve)


def _check(records: Sequence[Record], first: Path, second: Path) -> None:
    one, other = (_identity(record.manifest) for record in records)
    held, held_too = (record.manifest.get("holds", {}) for record in records)
    both = {place: digest for place, digest in held.items() if place in held_too}
    differences = campaign_difference(one, other) + changes(both, held_too)
    if differences:
        raise CampaignError(
            [Fault((), f"{first} and {second} hold different campaigns; only one campaign's journals can be joined")]
            + [Fault((), difference) for difference in differences]
        )


def _identity(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What must be equal: of a warm start what was taken over, for its folder may have grown or moved."""
    free = (*FREE_TO_DIFFER, "warm_start")
    campaign = {name: value for name, value in manifest["campaign"].items() if name not in free}
    taken_over = json.dumps(manifest.get("warm_start"), sort_keys=True)
    known = {"warm_start": f"took over {sha256(taken_over.encode()).hexdigest()[:8]}"} if taken_over != "null" else {}
    return {**campaign, "objectives": manifest["objectives"], **known}


def _place(trial: Trial) -> Place:
    return trial.proposal.key, trial.proposal.rung, trial.proposal.replicate


def _complete(trial: Trial) -> bool:
    return trial.evaluation is not None and trial.evaluation.complete


def _merged(records: Sequence[Record]) -> list[Trial]:
    """Every architecture once, with the evaluation that counts; numbers and rounds go on from the first's."""
    merged: list[Trial] = []
    places: dict[Place, int] = {}
    for record in records:
        first_round = merged[-1].proposal.funnel.round + 1 if merged else 0
        for trial in record.archive.trials:
            place = places.get(_place(trial))
            if place is None:
                places[_place(trial)] = len(merged)
                funnel = trial.proposal.funnel
                proposal = replace(trial.proposal, funnel=replace(funnel, round=first_round + funnel.round))
                merged.append(Trial(len(merged), proposal, trial.evaluation))
            elif not _complete(merged[place]) and (merged[place].evaluation is None or _complete(trial)):
                merged[place] = replace(merged[place], evaluation=trial.evaluation)
    return merged


def _evaluated(record: Record, merged: Sequence[Trial], numbers: Mapping[Place, int]) -> Iterator[tuple[Trial, float]]:
    """Those of a record's trials whose evaluation counts, with the running time when it came home."""
    for trial in record.archive.trials:
        if trial.evaluation is not None and merged[numbers[_place(trial)]].evaluation is trial.evaluation:
            yield trial, record.elapsed_seconds[trial.number]


def _retrainings(folder: Path) -> dict[int, dict[int, Evaluation]]:
    """Retrainings with their seeds, which say what a campaign that was interrupted among them has still to train."""
    with Journal.open(folder / JOURNAL, read_only=True) as journal:
        return journal.retrainings()
