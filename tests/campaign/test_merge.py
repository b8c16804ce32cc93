"""Joining journals: nothing is lost, nothing counts twice, and the whole goes on."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from quick import Scripted, quick_plan

from evonas.campaign.reading.fault import CampaignError
from evonas.campaign.running.merge import merge
from evonas.campaign.running.recall import recall
from evonas.campaign.running.session import execute
from evonas.core.evaluation import Evaluation, Evaluator
from evonas.core.failure import Failure
from evonas.core.observer import Silent
from evonas.core.record import Record
from evonas.journal.errors import JournalError
from evonas.journal.journal import Journal
from evonas.journal.results_folder import JOURNAL
from spaces.architecture import Architecture

QUICK: dict[str, Any] = {"objectives": ["validation_error", "macs"], "retrain_seeds": 0, "searcher": "random"}


def by_key(architecture: Architecture, seed: int) -> Evaluation:
    """The seed's parity decides what fails, so that runs with different seeds fail differently."""
    if seed % 3 == 0:
        return Evaluation({}, 1.0, Failure("divergence", f"by the seed {seed}"))
    return Evaluation({"validation_error": (int(architecture.key[:6], 16) + seed % 7) / 2**25}, 1.0)


def run(folder: Path, seed: int, **changes: Any) -> Record:
    plan = quick_plan(Scripted(by_key), **{**QUICK, "seed": seed, "predictor": None, "proxies": (), **changes})
    return execute(plan, folder, Silent())[0]


def facts(record: Record) -> list[tuple[str, dict[str, float], Failure | None]]:
    return [(trial.proposal.key, dict(trial.values), trial.failure) for trial in record.archive.trials]


def test_every_architecture_stands_once_and_a_result_counts_before_a_failure(tmp_path: Path) -> None:
    # A small space: widths of one operation less would not overlap.
    constraints = {"constraints": []}
    first, second = run(tmp_path / "a", 0, budget=60, **constraints), run(tmp_path / "b", 1, budget=60, **constraints)
    merged = merge(tmp_path / "a", tmp_path / "b", tmp_path / "c")
    one, other = ({trial.proposal.key: trial for trial in record.archive.trials} for record in (first, second))
    assert set(one) & set(other), "the two must overlap for this test to show anything"
    assert [trial.proposal.key for trial in merged.archive.trials] == [*one, *(key for key in other if key not in one)]
    for trial in merged.archive.trials:
        key = trial.proposal.key
        had = [runs[key] for runs in (one, other) if key in runs]
        expected = next((trial for trial in had if trial.trained), had[0])
        assert (dict(trial.values), trial.failure) == (dict(expected.values), expected.failure)
    assert facts(recall(tmp_path / "c")) == facts(merged)
    assert len(facts(recall(tmp_path / "a"))) == len(facts(recall(tmp_path / "b"))) == 60
    assert sum(merged.evaluated_by_session) == len(merged.archive)
    rounds = [funnel.round for funnel in merged.archive.rounds]
    assert rounds == sorted(set(rounds))


def test_the_merged_campaign_goes_on(tmp_path: Path) -> None:
    run(tmp_path / "a", 0, budget=12)
    run(tmp_path / "b", 1, budget=12)
    merged = merge(tmp_path / "a", tmp_path / "b", tmp_path / "c")
    record = run(tmp_path / "c", 0, budget=40)
    assert facts(record)[: len(merged.archive)] == facts(merged)
    assert len(record.archive) == 40


def test_refusals(tmp_path: Path) -> None:
    run(tmp_path / "a", 0, budget=12)
    run(tmp_path / "b", 1, budget=12, objectives=["validation_error", "parameters"])
    with pytest.raises(CampaignError, match="hold different campaigns"):
        merge(tmp_path / "a", tmp_path / "b", tmp_path / "c")
    assert not (tmp_path / "c").exists()
    with pytest.raises(JournalError, match=r"journal.sqlite"):
        merge(tmp_path / "a", tmp_path / "nowhere", tmp_path / "c")
    with pytest.raises(JournalError, match=r"b/journal.sqlite"):
        merge(tmp_path / "a", tmp_path / "a", tmp_path / "b")


class Retrained(Evaluator):
    """Every training takes another time; what it brings home its seed decides."""

    def __init__(self, test: bool = False) -> None:
        self.test = test

    def evaluate(self, architecture: Architecture, seed: int) -> Evaluation:
        error = seed / 2**31
        curve = ({"train_loss": error},)
        return Evaluation({"validation_error": error}, time.perf_counter(), None, 1, curve)


def retrained(folder: Path, seed: int) -> Record:
    plan = quick_plan(
        {"name": f"{__name__}.Retrained"},  # type: ignore[arg-type]
        **{**QUICK, "seed": seed, "predictor": None, "proxies": (), "budget": 6, "retrain_seeds": 2},
    )
    return execute(plan, folder, Silent())[0]


def test_a_retraining_that_stands_in_both_counts_once(tmp_path: Path) -> None:
    """Twice the same figures would halve the deviation that is told of them."""
    first = retrained(tmp_path / "a", 0)
    retrained(tmp_path / "b", 1)
    retrained(tmp_path / "again", 0)  # the same seed, at another time
    assert first.retrainings
    both = merge(tmp_path / "a", tmp_path / "b", tmp_path / "c")
    for part in ("a", "b", "again", "c"):
        merged = merge(tmp_path / "c", tmp_path / part, tmp_path / f"with {part}")
        assert {number: len(found) for number, found in merged.retrainings.items()} == {
            number: len(found) for number, found in both.retrainings.items()
        }, part
        assert facts(merged) == facts(both)


def test_a_retraining_keeps_its_seed_so_that_a_merged_campaign_trains_none_twice(tmp_path: Path) -> None:
    numbers = []
    for name, seed, done in (("a", 0, (0, 2)), ("b", 1, (0,))):
        record, _ = execute(quick_plan(**{**QUICK, "seed": seed, "budget": 6}), tmp_path / name, Silent())
        numbers.append(record.archive.front()[0].number)
        with Journal.open(tmp_path / name / JOURNAL) as journal:
            journal.add_retrainings(
                {(numbers[-1], one): Evaluation({"test_error": one + seed / 10}, 1.0 + seed) for one in done}
            )
    merge(tmp_path / "a", tmp_path / "b", tmp_path / "both")
    with Journal.open(tmp_path / "both" / JOURNAL, read_only=True) as journal:
        found = journal.retrainings()
    assert {seed: one.values["test_error"] for seed, one in found[numbers[0]].items()} == {0: 0.0, 2: 2.0}
    merge(tmp_path / "a", tmp_path / "both", tmp_path / "again")
    with Journal.open(tmp_path / "again" / JOURNAL, read_only=True) as journal:
        assert journal.retrainings() == found


def test_a_merge_that_is_killed_leaves_no_half_of_a_campaign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(tmp_path / "a", 0, budget=6)
    run(tmp_path / "b", 1, budget=6)

    def killed(*arguments: object) -> None:
        raise KeyboardInterrupt("killed")

    with monkeypatch.context() as patched:
        patched.setattr(Journal, "add_stage_seconds", killed)
        with pytest.raises(KeyboardInterrupt, match="killed"):
            merge(tmp_path / "a", tmp_path / "b", tmp_path / "c")
    assert list((tmp_path / "c").iterdir()) == []
    merged = merge(tmp_path / "a", tmp_path / "b", tmp_path / "c")
    assert facts(recall(tmp_path / "c")) == facts(merged)
    assert [file.name for file in (tmp_path / "c").iterdir()] == ["journal.sqlite"]
