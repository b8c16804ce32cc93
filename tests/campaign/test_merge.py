"""Joining journals: nothing is lost, nothing counts twice, and the whole goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from quick import Scripted, quick_plan

from evonas.campaign.fault import CampaignError
from evonas.campaign.merge import merge
from evonas.campaign.recall import recall
from evonas.campaign.session import execute
from evonas.core.evaluation import Evaluation
from evonas.core.failure import Failure
from evonas.core.observer import Silent
from evonas.core.record import Record
from evonas.journal.errors import JournalError
from spaces.architecture import Architecture

QUICK: dict[str, Any] = {"objectives": ["validation_error", "macs"], "retrain_seeds": 0, "searcher": "random"}


def by_key(architecture: Architecture, seed: int) -> Evaluation:
    """The seed's parity decides what fails, so that runs with different seeds fail differently."""
    if seed % 3 == 0:
        return Evaluation({}, 1.0, Failure("divergence", "by the seed"))
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
