"""Ask and tell: nothing that was proposed or reported is lost, and the sequence is the campaign's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from quick import SPACE, quick_plan

import evonas
from evonas.benchmarks.sleeping import Sleeping
from evonas.campaign.reading.fault import CampaignError
from evonas.campaign.running.session import ChangedCampaign, execute
from evonas.core.observer import Silent
from evonas.core.randomness import integer_seed
from evonas.core.rung import Rung
from evonas.journal.errors import JournalError
from evonas.journal.journal import Journal

SEARCHER = {"name": "screened_nsga2", "offspring": 60, "shortlist": 20, "proxied": 10}
QUICK: dict[str, Any] = {"searcher": SEARCHER, "predictor": {"name": "trees", "bags": 2, "trees": 10}}


def search(**changes: Any) -> evonas.Search:
    return evonas.Search(SPACE, ["validation_error", "macs"], **{**QUICK, **changes})


def error_of(trial: Any) -> float:
    return float(int(trial.proposal.key[:6], 16) / 16**6)


def test_proposals_and_reports_survive_closing(tmp_path: Path) -> None:
    with search(directory=tmp_path) as first:
        proposed = first.propose(10)
        assert [trial.number for trial in proposed] == list(range(10))
        for trial in proposed[:8]:
            first.report(trial, {"validation_error": error_of(trial)}, seconds=2.0)
        first.fail(8, "the node went away", "preemption")
    with search(directory=tmp_path) as second:
        assert [trial.number for trial in second.pending] == [9]
        assert second.pending[0].proposal.notation == proposed[9].proposal.notation
        assert [trial.values["validation_error"] for trial in second.archive.trained] == [
            error_of(trial) for trial in proposed[:8]
        ]
        failure = second.archive.trials[8].failure
        assert failure is not None
        assert (failure.kind, failure.message) == ("preemption", "the node went away")
        later = second.propose(4)
        assert {trial.proposal.key for trial in later}.isdisjoint(trial.proposal.key for trial in proposed)
        assert any(trial.proposal.origin == "screened" for trial in later)
        assert len(second.result.archive) == 14


def test_what_could_not_be_written_down_is_told_once_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object) -> None:
        raise JournalError("the disk is full")

    with search(directory=tmp_path) as first:
        (trial,) = first.propose(1)
        with monkeypatch.context() as patched:
            patched.setattr(Journal, "add_evaluations", full)
            with pytest.raises(JournalError, match="the disk is full"):
                first.report(trial, {"validation_error": 0.5})
        assert [one.number for one in first.pending] == [0]
        first.report(trial, {"validation_error": 0.5})
    with search(directory=tmp_path) as second:
        assert len(second.archive.trained) == 1


def test_the_sequence_is_that_of_a_campaign_evaluated_here(tmp_path: Path) -> None:
    """Sleeping's values, told from outside in the campaign's own lots."""
    objectives = ["validation_error", "macs"]
    plan = quick_plan(objectives=objectives, proxies=(), retrain_seeds=0)
    record, _ = execute(plan, None, Silent())
    with search() as elsewhere:
        for count in (10, 4, 4, 4, 2):
            for trial in elsewhere.propose(count):
                simplified = elsewhere.space.simplify(trial.proposal.architecture)
                seed = integer_seed(0, trial.number, "train")
                elsewhere.report(trial, Sleeping(0.0).evaluate(simplified, seed).values)
        assert [trial.proposal.key for trial in elsewhere.archive.trials] == [
            trial.proposal.key for trial in record.archive.trials
        ]


def test_a_figure_of_ones_own_is_maximised_where_it_says_so() -> None:
    with evonas.Search(SPACE, ["accuracy:max", "macs"], **QUICK) as found:
        for trial in found.propose(10):
            found.report(trial, {"accuracy": error_of(trial)})
        best = max(found.archive.trained, key=error_of)
        assert best.number in {trial.number for trial in found.archive.front()}
        assert found.result.best(accuracy="max").number == best.number


def test_what_is_no_number_is_a_failure() -> None:
    with search() as found:
        trials = found.propose(2)
        recorded = found.report(trials[0], {"validation_error": float("nan")})
        assert recorded.failure is not None
        assert recorded.failure.kind == "invalid"


def test_refusals(tmp_path: Path) -> None:
    with search(directory=tmp_path) as found:
        (trial,) = found.propose()
        with pytest.raises(ValueError, match="report: expected a value for each of validation_error; got accuracy"):
            found.report(trial, {"accuracy": 0.5})
        with pytest.raises(ValueError, match="trial 7 was never proposed"):
            found.report(7, {"validation_error": 0.5})
        found.report(trial, {"validation_error": 0.5})
        with pytest.raises(ValueError, match="trial 0 has an evaluation already"):
            found.fail(trial, "too late")
        with pytest.raises(ValueError, match=r"kind must be one of out_of_memory, .*got 'sad'"):
            found.fail(trial, "?", "sad")  # type: ignore[arg-type]
        assert len(found.propose(np.int64(1))) == 1  # type: ignore[arg-type]
        for count in (0, 1.5, True):
            with pytest.raises(ValueError, match=r"propose: count must be a whole number of at least 1\. Got"):
                found.propose(count)  # type: ignore[arg-type]
        with pytest.raises(JournalError, match="another evonas process"):
            search(directory=tmp_path)
    with pytest.raises(ChangedCampaign, match="seed: 0 -> 1"):
        search(directory=tmp_path, seed=1)
    with pytest.raises(ValueError, match=r"goal must be one of min, max. Got 'best'"):
        evonas.Search(SPACE, ["accuracy:best"])
    with pytest.raises(CampaignError, match="accuracy"):
        evonas.Search(SPACE, ["accuracy"])


def test_a_bad_number_leaves_no_journal_behind(tmp_path: Path) -> None:
    for numbers in ({"seed": -1}, {"seed": 1.5}, {"seed": None}, {"epochs": -1}):
        with pytest.raises(ValueError, match=r"Search: (seed|epochs) must be a whole number of at least 0\. Got"):
            search(directory=tmp_path / "results", **numbers)
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("folder", ["results", None])
def test_what_is_closed_is_closed(tmp_path: Path, folder: str | None) -> None:
    """Another process may write by now."""
    closed = search(directory=tmp_path / folder if folder else None)
    (trial,) = closed.propose(1)
    closed.close()
    closed.close()
    with pytest.raises(JournalError, match=r"was closed, and may be written by others now\. Open it again"):
        closed.report(trial, {"validation_error": 0.5})
    with pytest.raises(JournalError, match="was closed"):
        closed.propose(1)
    assert len(closed.archive) == 1


def test_rungs_are_asked_for_and_told_apart(tmp_path: Path) -> None:
    arguments = {"searcher": {"name": "nsga2", "population": 4}, "predictor": None, "rungs": [2], "epochs": 8}
    rungs: list[Rung | None] = []
    for _ in range(6):  # opened anew each time: what climbs is what was told
        with search(directory=tmp_path, **arguments) as opened:
            for trial in opened.propose(4):
                rungs.append(trial.proposal.rung)
                short = 0.0 if trial.proposal.rung is None else 100.0
                opened.report(trial, {"validation_error": short + error_of(trial)})
            archive = opened.archive
    assert {Rung(2, 8), None} == set(rungs)
    best = min(archive.shortened, key=lambda trial: trial.rung_values["validation_error"])
    assert archive.highest(best.proposal.key).trained
    assert archive.values()[:, 0].max() < 100
    with pytest.raises(CampaignError, match="expected fewer epochs than the evaluator's 0, the full training"):
        search(searcher="nsga2", rungs=[2])
