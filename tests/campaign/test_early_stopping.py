"""Trainings that are given up: which, what it saves, and that it never mixes with values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from climbing import Climbing
from descending import EPOCHS, Descending
from quick import Recorder, quick_plan
from rich.console import Console

from evonas.campaign.early_stopping import EarlyStopping
from evonas.campaign.fault import CampaignError
from evonas.campaign.merge import merge
from evonas.campaign.plan import Plan
from evonas.campaign.recall import recall
from evonas.campaign.session import execute
from evonas.core.archive import Archive
from evonas.core.evaluation import Evaluation, StoppableEvaluator
from evonas.core.joint_evaluator import JointEvaluator
from evonas.core.observer import Observer, Silent
from evonas.core.randomness import integer_seed
from evonas.core.record import Record
from evonas.core.stopping import StoppingRule
from evonas.report.lines import Lines
from evonas.report.page import write_report
from evonas.report.progress import hypervolume_course
from spaces.architecture import Architecture


class Killed(BaseException):
    """Stands in for SIGKILL: nothing of the campaign handles it."""


def plan_of(**changes: Any) -> Plan:
    return quick_plan(
        **{
            "objectives": ["validation_error", "macs"],
            "evaluator": {"name": "descending.Descending"},
            "searcher": {"name": "nsga2", "population": 8},
            "predictor": None,
            "proxies": (),
            "early_stopping": 0.2,
            "initial": 24,
            "budget": 40,
            **changes,
        }
    )


def run(folder: Path | None = None, observer: Observer | None = None, **changes: Any) -> Record:
    return execute(plan_of(**changes), folder, observer or Silent())[0]


def told(archive: Archive) -> list[tuple[Any, ...]]:
    return [
        (trial.proposal.key, trial.stop, trial.evaluation and (trial.evaluation.epochs, trial.evaluation.values))
        for trial in archive.trials
    ]


@pytest.fixture(scope="module")
def record() -> Record:
    return run()


def test_what_is_given_up_would_have_been_dominated(record: Record) -> None:
    """By training it to its end: as the campaign would have, with the same seed."""
    archive, plan = record.archive, plan_of()
    assert len(archive.stopped) > 5
    for trial in archive.stopped:
        assert trial.proposal.origin != "random"
        whole = Descending().evaluate(
            plan.problem.handed_out(trial.proposal.architecture), integer_seed(plan.seed, trial.number, "train")
        )
        mine = (whole.values["validation_error"], trial.proposal.exact["macs"])
        earlier = [one for one in archive.trained if one.proposal.funnel.round < trial.proposal.funnel.round]
        assert any(one.values["validation_error"] < mine[0] and one.values["macs"] <= mine[1] for one in earlier)
        assert trial.stop is not None
        assert trial.stop.losses == tuple(epoch["train_loss"] for epoch in whole.curve[: len(trial.stop.losses)])
        assert len(trial.stop.losses) in (2, 4)
        assert trial.values == trial.proposal.exact


def test_what_it_saves_is_spent_on_others(record: Record) -> None:
    archive = record.archive
    done = sum(Fraction(trial.evaluation.epochs, EPOCHS) for trial in archive.trials if trial.evaluation)
    assert archive.spent == done
    assert 39 < archive.spent <= 40
    assert len(archive) == len(archive.trained) + len(archive.stopped) > 40
    assert len({trial.proposal.key for trial in archive.trials}) == len(archive)


def test_a_rule_rests_on_earlier_rounds_alone_and_spares_what_is_drawn_at_random(record: Record) -> None:
    """What its own round brought home by then depends on when it is asked for: after a kill, on the kill."""
    archive, stopping = record.archive, EarlyStopping(0.2)
    ruled = 0
    for trial in archive.trials[24:]:
        before, chance = Archive(archive.objectives), Archive(archive.objectives)
        earlier = [one for one in archive.trials if one.proposal.funnel.round < trial.proposal.funnel.round]
        for known in (before, chance):
            for one in earlier:
                assert one.evaluation is not None
                known.record(known.propose(one.proposal).number, one.evaluation)
        asked = stopping.rule(before, before.propose(trial.proposal))
        again = stopping.rule(archive, trial)
        assert (asked is None) == (again is None)
        if asked is not None and again is not None:
            ruled += 1
            assert asked.rivals.tolist() == again.rivals.tolist()
            for look, ends in asked.ends.items():
                assert [end.lowest(0.5) for end in ends] == [end.lowest(0.5) for end in again.ends[look]]
            assert stopping.rule(chance, chance.propose(replace(trial.proposal, origin="random"))) is None
    assert ruled > 5


class Together(JointEvaluator, StoppableEvaluator):
    """``Descending``, several at a time."""

    def evaluate(self, architecture: Architecture, seed: int) -> Evaluation:
        return Descending().evaluate(architecture, seed)

    def evaluate_until(self, architecture: Architecture, seed: int, rule: StoppingRule | None) -> Evaluation:
        raise AssertionError("a campaign of packs asks for packs")

    def evaluate_together(
        self, architectures: Sequence[Architecture], seeds: Sequence[int], rules: Sequence[StoppingRule | None] = ()
    ) -> list[Evaluation]:
        asked = zip(architectures, seeds, rules, strict=True)
        return [Descending().evaluate_until(*each) for each in asked]


class Unruly(Together):
    """Takes no rules."""

    def evaluate_together(  # type: ignore[override]
        self, architectures: Sequence[Architecture], seeds: Sequence[int]
    ) -> list[Evaluation]:
        return []


def test_of_those_that_train_together_the_same_are_given_up(record: Record) -> None:
    packed = {"evaluator": {"name": "test_early_stopping.Together"}, "executor": {"name": "serial", "pack": "auto"}}
    assert told(run(**packed).archive) == told(record.archive)


@pytest.mark.parametrize("killed_after", [26, 33])
def test_a_killed_campaign_goes_on_and_gives_up_the_same(tmp_path: Path, record: Record, killed_after: int) -> None:
    def kill(count: int) -> None:
        if count == killed_after:
            raise Killed

    with pytest.raises(Killed):
        run(tmp_path, Recorder(kill))
    assert told(run(tmp_path).archive) == told(record.archive)
    assert told(recall(tmp_path).archive) == told(record.archive)
    assert recall(tmp_path).archive.spent == record.archive.spent


def test_the_report_and_the_lines_say_so(tmp_path: Path) -> None:
    console = Console(record=True, width=200)
    done = run(tmp_path, Lines(console))
    assert "after 2 of 8 epochs: a training loss of" in console.export_text()
    write_report(done, tmp_path / "report.html")
    saved = sum(1 - trial.evaluation.epochs / EPOCHS for trial in done.archive.stopped if trial.evaluation)
    text = (tmp_path / "report.html").read_text()
    assert f"{len(done.archive.stopped)} stopped early, which saved {saved:.3g} trainings" in text


def test_of_merged_campaigns_the_training_that_was_finished_counts(tmp_path: Path) -> None:
    one = run(tmp_path / "a", early_stopping=0.2).archive
    other = run(tmp_path / "b", seed=1).archive
    merged = merge(tmp_path / "a", tmp_path / "b", tmp_path / "both").archive
    finished = {trial.proposal.key for archive in (one, other) for trial in archive.trained}
    assert {trial.proposal.key for trial in merged.trained} == finished
    given_up = {trial.proposal.key for archive in (one, other) for trial in archive.stopped} - finished
    assert {trial.proposal.key for trial in merged.stopped} == given_up


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"early_stopping": 0.0}, r"expected a rate of wrongly stopped trainings in \(0, 0.5\]. Got 0.0"),
        ({"evaluator": Climbing()}, "Climbing trains nothing that can be stopped; leave early_stopping out"),
        (
            {"evaluator": Unruly(), "executor": {"name": "serial", "pack": 4}},
            "Unruly.evaluate_together must take 'rules', as its contract has it",
        ),
        ({"searcher": "random"}, "what is drawn at random is trained to its end, and random search draws everything"),
    ],
)
def test_what_has_no_effect_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(CampaignError, match=f"early_stopping: .*{message}"):
        plan_of(**changes)


def test_a_campaign_without_it_says_nothing_of_it() -> None:
    assert "early_stopping" not in plan_of(early_stopping=None).resolved
    assert plan_of().resolved["early_stopping"] == 0.2
    assert plan_of(early_stopping=None).stopping is None


class Forgetful(StoppableEvaluator):
    """Stops as ``Descending`` does, but tells no curve with it; or no losses at all."""

    def __init__(self, losses: bool = True) -> None:
        self.descending = Descending()
        self.losses = losses

    def evaluate(self, architecture: Architecture, seed: int) -> Evaluation:
        return self.descending.evaluate(architecture, seed)

    def evaluate_until(self, architecture: Architecture, seed: int, rule: StoppingRule | None) -> Evaluation:
        found = self.descending.evaluate_until(architecture, seed, rule)
        if found.stop is None:
            return found
        return replace(found, curve=(), stop=found.stop if self.losses else replace(found.stop, losses=()))


def test_what_a_stop_tells_is_journalled_whatever_the_curve(tmp_path: Path) -> None:
    archive = run(tmp_path, evaluator=Forgetful()).archive
    assert archive.stopped
    assert told(recall(tmp_path).archive) == told(archive)
    assert recall(tmp_path).archive.spent == archive.spent
    nothing = run(evaluator=Forgetful(losses=False)).archive
    assert not nothing.stopped
    messages = {trial.failure.message for trial in nothing.failed if trial.failure is not None}
    assert messages == {"the evaluator stopped a training after the losses (); it must tell finite ones"}


def test_the_report_counts_what_stopped_trainings_cost(record: Record) -> None:
    done = sum(Fraction(trial.evaluation.epochs, EPOCHS) for trial in record.archive.trials if trial.evaluation)
    course = hypervolume_course(record.archive, record.elapsed_seconds)
    assert course is not None
    assert course.counts[-1] == math.ceil(done)
    assert (np.diff(course.counts) > 0).all()
    assert (np.diff(course.hypervolumes) >= 0).all()
