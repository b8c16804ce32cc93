"""Shorter trainings before the full one: what climbs, what it costs, and that rungs never mix."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from climbing import EPOCHS, Climbing
from quick import SPACE, Recorder, quick_plan

import evonas
from evonas.campaign.planning.parts import Parts
from evonas.campaign.planning.plan import Plan
from evonas.campaign.planning.rungs import shorter_parts
from evonas.campaign.reading.fault import CampaignError
from evonas.campaign.running.merge import merge
from evonas.campaign.running.recall import recall
from evonas.campaign.running.session import execute
from evonas.core.archive import Archive, Trial
from evonas.core.hypervolume import Yardstick
from evonas.core.observer import Silent
from evonas.core.record import Record
from evonas.core.rung import Rung
from evonas.journal.results_folder import JOURNAL
from evonas.report.honesty import prediction_pairs
from evonas.report.page import write_report

LOW, MIDDLE = Rung(1, EPOCHS), Rung(4, EPOCHS)


class Killed(BaseException):
    """Stands in for SIGKILL: nothing of the campaign handles it."""


def plan_of(failing: int = 0, **changes: Any) -> Plan:
    evaluator = {"name": "climbing.Climbing", "failing": failing}
    parts = {"evaluator": evaluator, "rungs": (1, 4), "objectives": ["validation_error", "macs"], **changes}
    return quick_plan(**parts)


def run(folder: Path | None = None, **changes: Any) -> Record:
    return execute(plan_of(**changes), folder, Silent())[0]


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Record:
    return run(tmp_path_factory.mktemp("climbing"))


def told(archive: Archive) -> list[tuple[str, Rung | None, tuple[tuple[str, float], ...]]]:
    return [
        (trial.proposal.key, trial.proposal.rung, tuple(sorted(trial.rung_values.items()))) for trial in archive.trials
    ]


def on(archive: Archive, rung: Rung | None) -> list[Trial]:
    return [trial for trial in archive.trials if trial.proposal.rung == rung]


def test_candidates_climb_rung_by_rung_once_and_each_training_is_one_of_its_own_epochs(record: Record) -> None:
    reached: dict[str, list[Rung | None]] = {}
    for trial in record.archive.trials:
        reached.setdefault(trial.proposal.key, []).append(trial.proposal.rung)
        short = 0 if trial.proposal.rung is None else EPOCHS - trial.proposal.rung.epochs
        assert int(trial.rung_values["validation_error"] // 100) == short
    paths = {tuple(path) for path in reached.values()}
    assert paths <= {(None,), (LOW,), (LOW, MIDDLE), (LOW, MIDDLE, None)}
    assert (LOW, MIDDLE, None) in paths


def test_one_in_three_climbs_at_every_moment(record: Record) -> None:
    for rung, above in ((LOW, MIDDLE), (MIDDLE, None)):
        below = climbed = 0
        for trial in record.archive.trials:
            below += trial.proposal.rung == rung
            climbed += trial.proposal.rung == above and trial.proposal.origin != "random"
            assert climbed <= below // 3
        assert climbed >= (below - 4) // 3, "whoever may climb does so in the next round"


def test_who_climbs_is_dominated_by_nobody_who_stays(record: Record) -> None:
    """By brute force: in every round the climbers are no worse ranked than who came home and was left behind."""
    trials = record.archive.trials
    looked_at = 0
    for trial in on(record.archive, MIDDLE):
        earlier = [one for one in trials if one.proposal.funnel.round < trial.proposal.funnel.round]
        below = [one for one in earlier if one.proposal.rung == LOW]
        gone = {one.proposal.key for one in earlier if one.proposal.rung == MIDDLE}
        together = {one.proposal.key for one in on(record.archive, MIDDLE)
                    if one.proposal.funnel.round == trial.proposal.funnel.round}  # fmt: skip
        (self_below,) = (one for one in below if one.proposal.key == trial.proposal.key)
        left = [one for one in below if one.proposal.key not in gone | together]
        values = {one.number: tuple(one.rung_values[name] for name in record.archive.names) for one in below}
        rank = ranks_by_peeling(values)
        assert all(rank[self_below.number] <= rank[one.number] for one in left)
        looked_at += len(left)
    assert looked_at > 20


def ranks_by_peeling(values: dict[int, tuple[float, ...]]) -> dict[int, int]:
    rank, left, level = {}, dict(values), 0
    while left:
        front = [n for n, mine in left.items() if not any(
            other != mine and all(a <= b for a, b in zip(other, mine, strict=True)) for other in left.values()
        )]  # fmt: skip
        for number in front:
            rank[number] = level
            del left[number]
        level += 1
    return rank


def test_what_is_drawn_at_random_is_trained_in_full_at_once(record: Record) -> None:
    drawn = [trial for trial in record.archive.trials if trial.proposal.origin == "random"]
    assert len(drawn) > 10
    assert all(trial.proposal.rung is None for trial in drawn)
    assert all(trial.proposal.funnel.round > 0 for trial in record.archive.shortened)


def test_the_budget_counts_epochs_and_is_never_exceeded(record: Record) -> None:
    archive = record.archive
    epochs = sum(EPOCHS if trial.proposal.rung is None else trial.proposal.rung.epochs for trial in archive.trials)
    assert archive.spent == Fraction(epochs, EPOCHS)
    assert 23 < archive.spent <= 24
    assert len(archive) > 40, "the same epochs look at more candidates"


def test_nothing_that_is_measured_mixes_rungs(record: Record) -> None:
    archive = record.archive
    full = {trial.number for trial in on(archive, None)}
    assert {trial.number for trial in archive.trained} == full
    assert {trial.number for trial in archive.front()} <= full
    assert archive.values()[:, 0].max() < 100
    assert set(prediction_pairs(archive, "validation_error").numbers.tolist()) <= full
    assert all("validation_error" not in trial.values for trial in archive.shortened)
    yardstick = Yardstick.of(archive)
    assert yardstick is not None
    assert yardstick.reference[0] < 100
    with pytest.raises(ValueError, match=r"was trained for 1 of 10 epochs; no value of a full one"):
        archive.values(on(archive, LOW)[:1])
    with pytest.raises(ValueError, match="are of two rungs: not to be compared"):
        archive.rung_values([on(archive, LOW)[0], on(archive, MIDDLE)[0]])


def test_a_searcher_sees_full_trainings_and_every_key(record: Record) -> None:
    archive = record.archive
    seen = archive.of_full_trainings()
    assert [trial.number for trial in seen.trials] == [trial.number for trial in on(archive, None)]
    assert all(trial.proposal.key in seen for trial in archive.trials)
    assert seen.rounds == archive.rounds
    np.testing.assert_array_equal(seen.values(), archive.values())


@pytest.mark.parametrize("killed_after", [11, 13, 17, 30])
def test_a_campaign_killed_at_any_evaluation_goes_on_to_the_same_sequence(
    tmp_path: Path, record: Record, killed_after: int
) -> None:
    def kill(count: int) -> None:
        if count == killed_after:
            raise Killed

    with pytest.raises(Killed):
        execute(plan_of(), tmp_path, Recorder(kill))
    pending = recall(tmp_path).archive.pending
    resumed = run(tmp_path)
    assert told(resumed.archive) == told(record.archive)
    assert [resumed.archive.trials[trial.number].proposal for trial in pending] == [trial.proposal for trial in pending]


def test_the_journal_tells_the_same(tmp_path: Path) -> None:
    written = run(tmp_path)
    assert (tmp_path / JOURNAL).is_file()
    assert told(recall(tmp_path).archive) == told(written.archive)


def test_failures_on_a_rung_neither_climb_nor_count(tmp_path: Path) -> None:
    archive = run(tmp_path, failing=3).archive
    failed = [trial for trial in archive.failed if trial.proposal.rung is not None]
    assert failed
    assert all(archive.highest(trial.proposal.key).number == trial.number for trial in failed)
    home = [trial for trial in on(archive, LOW) if trial.shortened]
    assert 0 < len(on(archive, MIDDLE)) <= len(home) // 3


def test_an_exhausted_space_lets_the_rest_climb_and_then_ends() -> None:
    space = {**SPACE, "channels": [4], "ops": ["none", "skip_connect"]}
    observer = Recorder()
    record, finished = execute(plan_of(space=space, budget=200), None, observer)
    assert finished
    assert any("the search ends before its budget" in note for note in observer.notes)
    assert len(record.archive.trained) == len({trial.proposal.key for trial in record.archive.trials})


def test_merged_journals_know_every_rung(tmp_path: Path) -> None:
    one, other = run(tmp_path / "a"), run(tmp_path / "b", seed=1)
    merged = merge(tmp_path / "a", tmp_path / "b", tmp_path / "both").archive
    places = {(trial.proposal.key, trial.proposal.rung) for record in (one, other) for trial in record.archive.trials}
    assert {(trial.proposal.key, trial.proposal.rung) for trial in merged.trials} == places
    assert len(merged) == len(places)
    gone_on = run(tmp_path / "both", budget=math.ceil(merged.spent) + 10).archive
    full = [trial.proposal.key for trial in on(gone_on, None)]
    assert len(full) == len(set(full)) > len(merged.trained), "nothing is trained in full twice"


def test_the_report_tells_the_shorter_trainings(record: Record, tmp_path: Path) -> None:
    write_report(record, tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text()
    assert f"{len(record.archive.shortened)} shorter and ranked apart; together as long as" in text


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rungs": (3, 10)}, "expected fewer epochs than the evaluator's 10, the full training.* Got 10; leave it out"),
        ({"promote_by": "loss"}, "promote_by is one of values, training_speed, last_loss, predictor. Got 'loss'"),
        ({"searcher": "random"}, "random search draws everything; choose another searcher, or leave the rungs out"),
        ({"evaluator": Climbing()}, "the evaluator must be named, so that it can be made for fewer epochs. Got an obj"),
        ({"evaluator": {"name": "evonas.benchmarks.sleeping.Sleeping", "seconds": 0.0}},
         "the evaluator must take 'epochs' and say how many"),
        ({"space": {"name": "mixed_precision", "space": SPACE, "recipe": {"epochs": [5, 20]}}},
         "architectures of this space say themselves how many epochs they are trained; leave one out"),
    ],
)  # fmt: skip
def test_what_cannot_climb_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(CampaignError, match=f"(?s)rungs: .*{message}"):
        plan_of(**changes)


def test_a_trainer_says_how_long_a_full_training_is() -> None:
    parts = Parts(name="x", space=SPACE, budget=8, rungs=(3, 14), trainer={"name": "classifier", "batch_size": 32})
    shorter = shorter_parts(parts, trains=True)
    assert list(shorter) == [Rung(3, 15), Rung(14, 15)]
    assert shorter[Rung(3, 15)].trainer["epochs"] == 3
    assert shorter[Rung(3, 15)].trainer["batch_size"] == 32
    with pytest.raises(CampaignError, match="expected fewer epochs than the trainer's 15, the full training"):
        shorter_parts(replace(parts, rungs=(15,)), trains=True)


def test_a_campaign_with_rungs_is_another_campaign_than_one_without(tmp_path: Path) -> None:
    run(tmp_path, budget=12)
    with pytest.raises(ValueError, match=r"rungs\.epochs\[1\]: removed 4"):
        run(tmp_path, budget=12, rungs=(1,))


def test_rungs_from_python() -> None:
    result = evonas.search(
        SPACE, ["validation_error", "macs"], evaluator={"name": "climbing.Climbing"}, budget=14, initial=9, batch=3,
        rungs=[2], workers=0, predictor=None, proxies=(), searcher={"name": "nsga2", "population": 8}, progress=False,
    )  # fmt: skip
    assert {trial.proposal.rung for trial in result.archive.trials} == {None, Rung(2, EPOCHS)}
    with pytest.raises(ValueError, match=r"rungs must be whole numbers of epochs, from 1 and rising. Got \[3, 2\]"):
        evonas.search(SPACE, rungs=[3, 2])
