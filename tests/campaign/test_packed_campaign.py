"""Campaigns whose candidates train together: nothing is lost, nobody pays for another, and a kill changes nothing."""

from __future__ import annotations

import math
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from climbing import EPOCHS
from quick import Recorder, quick_plan, sequence

from evonas.benchmarks.sleeping import Sleeping
from evonas.campaign.fault import CampaignError
from evonas.campaign.plan import Plan
from evonas.campaign.recall import recall
from evonas.campaign.session import execute
from evonas.core.evaluation import Evaluation
from evonas.core.failure import Failure
from evonas.core.joint_evaluator import JointEvaluator
from evonas.core.objective import Objective, Subject
from evonas.core.observer import Silent
from evonas.core.rung import Rung
from evonas.journal.journal import Journal
from spaces.architecture import Architecture

REAL: dict[str, Any] = {
    "space": {"name": "cell201", "skeleton": "compact", "channels": [4, 8]},
    "evaluator": {"name": "training"},
    "objectives": ["validation_error", "validation_loss", "macs"],
    "predictor": None,
    "searcher": {"name": "nsga2", "population": 6},
    "proxies": (),
}


class Killed(BaseException):
    """Stands in for SIGKILL: nothing of the campaign handles it."""


class Together(JointEvaluator):
    """The values of ``Sleeping``, and in what company they came: packed ones are a little off, as rounding is.

    Args:
        epochs: Of a training; shorter ones have larger errors.
        breaking: Packs with a seed that this divides end in what ``how`` says.
        how: ``raise``, ``die`` or ``hang``.
    """

    def __init__(self, epochs: int = EPOCHS, breaking: int = 0, how: str = "raise") -> None:
        self.epochs = epochs
        self.breaking = breaking
        self.how = how
        self.packs: list[int] = []

    def evaluate(self, architecture: Architecture, seed: int) -> Evaluation:
        raise AssertionError("a campaign of packs asks for packs")

    def evaluate_together(self, architectures: Sequence[Architecture], seeds: Sequence[int]) -> list[Evaluation]:
        self.packs.append(len(seeds))
        if len(seeds) > 1 and self.breaking and any(seed % self.breaking == 0 for seed in seeds):
            if self.how == "die":
                os.kill(os.getpid(), signal.SIGKILL)
            raise RuntimeError("as scripted")
        short = 100.0 * (EPOCHS - self.epochs)
        off = 1e-9 * (len(seeds) - 1) + short
        found = [Sleeping(0.0).evaluate(*each) for each in zip(architectures, seeds, strict=True)]
        curve = ({"packed": float(len(seeds))},)
        values = [one.values["validation_error"] + off for one in found]
        return [Evaluation({"validation_error": value}, 1.0, None, 1, curve) for value in values]


def plan_of(evaluator: object = None, pack: object = "auto", **changes: Any) -> Plan:
    evaluator = evaluator if evaluator is not None else Together()
    return quick_plan(evaluator, executor={"name": "serial", "pack": pack}, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(("pack", "packs"), [("auto", [10, 4, 4, 4, 2]), (3, [3, 3, 3, 1, 3, 1, 3, 1, 3, 1, 2])])
def test_what_waits_trains_together(pack: object, packs: list[int]) -> None:
    evaluator = Together()
    record, finished = execute(plan_of(evaluator, pack), None, Silent())
    assert finished
    assert evaluator.packs == packs
    assert len(record.archive.trained) == 24
    assert [trial.number for trial in record.archive.trials] == list(range(24))


@pytest.mark.parametrize(("pack", "killed_after"), [("auto", 1), ("auto", 11), (3, 8)])
def test_a_campaign_killed_at_any_evaluation_goes_on_to_the_same_sequence(
    tmp_path: Path, killed_after: int, pack: object
) -> None:
    def kill(count: int) -> None:
        if count == killed_after:
            raise Killed

    whole, _ = execute(plan_of(pack=pack, budget=16), None, Silent())
    with pytest.raises(Killed):
        execute(plan_of(pack=pack, budget=16), tmp_path, Recorder(kill))
    killed = recall(tmp_path).archive
    resumed, finished = execute(plan_of(pack=pack, budget=16), tmp_path, Silent())
    assert finished
    assert 16 > len(killed) - len(killed.pending) >= killed_after, "packs are journalled whole before anyone is told"
    assert sequence(resumed.archive) == sequence(whole.archive)


@pytest.mark.parametrize("killed_after", [1, 3])
def test_a_kill_between_two_writes_splits_no_pack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed_after: int
) -> None:
    """Half of a pack would be trained again in other company, and its values be others."""
    whole, _ = execute(plan_of(budget=16), None, Silent())
    write, writes = Journal.add_evaluations, iter(range(1, 100))

    def killed_then(journal: Journal, *arguments: Any) -> None:
        write(journal, *arguments)
        if next(writes) == killed_after:
            raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Journal, "add_evaluations", killed_then)
        with pytest.raises(Killed):
            execute(plan_of(budget=16), tmp_path, Silent())
    resumed, _ = execute(plan_of(budget=16), tmp_path, Silent())
    assert sequence(resumed.archive) == sequence(whole.archive)


def test_trials_of_one_rung_train_together_and_who_climbs_is_in_a_new_pack() -> None:
    changes: dict[str, Any] = {"rungs": (3,), "objectives": ["validation_error", "macs"]}
    evaluator = {"name": "test_packed_campaign.Together"}
    record, _ = execute(plan_of(evaluator, **changes), None, Silent())
    rung = Rung(3, EPOCHS)
    climbed = {trial.proposal.key for trial in record.archive.trials if trial.proposal.rung == rung} & {
        trial.proposal.key for trial in record.archive.trials if trial.proposal.rung is None
    }
    assert climbed
    for trial in record.archive.trials:
        short = 0 if trial.proposal.rung is None else EPOCHS - 3
        assert int(trial.rung_values["validation_error"] // 100) == short
        together = [
            one
            for one in record.archive.trials
            if one.proposal.funnel.round == trial.proposal.funnel.round and one.proposal.rung == trial.proposal.rung
        ]
        assert trial.evaluation is not None
        assert trial.evaluation.curve[-1]["packed"] == len(together)


def test_a_pack_that_breaks_is_trained_one_at_a_time_and_nobody_fails() -> None:
    evaluator, observer = Together(breaking=1), Recorder()
    record, finished = execute(plan_of(evaluator, budget=14), None, observer)
    assert finished
    assert len(record.archive.trained) == 14
    assert evaluator.packs == [10, *[1] * 10, 4, *[1] * 4]
    assert any("did not come home from training together and go one at a time: RuntimeError: as" in note
               for note in observer.notes)  # fmt: skip


@pytest.mark.slow
def test_a_worker_that_dies_of_a_pack_costs_no_trial() -> None:
    observer = Recorder()
    executor = {"name": "processes", "workers": 2, "pack": 4}
    evaluator = {"name": "test_packed_campaign.Together", "breaking": 3, "how": "die"}
    record, finished = execute(quick_plan(evaluator=evaluator, executor=executor, budget=12), None, observer)  # type: ignore[arg-type]
    assert finished
    assert len(record.archive.trained) == 12
    assert any("killed by SIGKILL" in note for note in observer.notes)


class Miscounting(Together):
    """Loses one."""

    def evaluate_together(self, architectures: Sequence[Architecture], seeds: Sequence[int]) -> list[Evaluation]:
        return super().evaluate_together(architectures, seeds)[1:]


class Mixed(Together):
    """Of every pack the first fails and the second brings no number home."""

    def evaluate_together(self, architectures: Sequence[Architecture], seeds: Sequence[int]) -> list[Evaluation]:
        found = super().evaluate_together(architectures, seeds)
        diverged = Evaluation({}, 0.5, Failure("divergence", "as scripted"))
        return [diverged, Evaluation({"validation_error": math.nan}, 1.0), *found[2:]]


def test_a_failure_in_a_pack_is_that_trials_alone() -> None:
    record, _ = execute(plan_of(Mixed(), pack=4, budget=12, initial=4), None, Silent())
    kinds = [trial.failure.kind if trial.failure else None for trial in record.archive.trials]
    assert kinds == ["divergence", "invalid", None, None] * 3
    record, _ = execute(plan_of(Miscounting(), pack=4, budget=4, initial=4), None, Silent())
    messages = {trial.failure.message for trial in record.archive.trials if trial.failure}
    assert messages == {"the evaluator returned 3 evaluations of 4 architectures"}


def test_who_cannot_evaluate_together_is_not_asked_to() -> None:
    with pytest.raises(CampaignError, match="executor: pack: Sleeping evaluates one candidate at a time; leave it out"):
        quick_plan(executor={"name": "serial", "pack": 2})
    with pytest.raises(CampaignError, match=r"pack must be at least 1, or 'auto'\. Got 0"):
        execute(plan_of(pack=0), None, Silent())


class OnTheGpu(Objective):
    """Stands in for a figure that is measured on a GPU which nothing else may use."""

    name = "on_the_gpu"
    needs = "model"
    goal = "min"
    unit = "ms"
    alone_on = "cuda:0"

    def measure(self, subject: Subject) -> float:
        return float(subject.cost.macs)


@pytest.mark.parametrize(
    ("executor", "refused"),
    [
        ({"name": "processes", "workers": 1}, True),
        ({"name": "processes", "devices": ["cuda:1", "cuda:0"]}, True),
        ({"name": "processes", "devices": ["cuda:1"]}, False),
        ({"name": "processes", "devices": ["cpu"]}, False),
        ({"name": "serial"}, False),
    ],
)
def test_what_needs_a_device_alone_is_never_measured_where_workers_train(
    executor: dict[str, Any], refused: bool
) -> None:
    objectives = ["validation_error", OnTheGpu()]
    if not refused:
        assert quick_plan(executor=executor, objectives=objectives).problem.objectives[1].alone_on == "cuda:0"
        return
    with pytest.raises(CampaignError, match="on_the_gpu is measured on cuda:0 while workers may train there"):
        quick_plan(executor=executor, objectives=objectives)


def test_packed_trainings_of_a_real_campaign_are_those_of_one_at_a_time() -> None:
    from evonas.trainers.classifier import Classifier

    changes = {**REAL, "trainer": Classifier(epochs=1, device="cpu"), "budget": 4, "initial": 4, "retrain_seeds": 1}
    alone, packed = (execute(quick_plan(**changes, executor={"name": "serial", "pack": pack}), None, Silent())[0]
                     for pack in (1, "auto"))  # fmt: skip
    for one, other in zip(alone.archive.trials, packed.archive.trials, strict=True):
        assert other.proposal.key == one.proposal.key
        assert other.evaluation is not None
        assert one.evaluation is not None
        assert other.evaluation.curve[-1]["packed"] == 4
        assert other.values["validation_loss"] == pytest.approx(one.values["validation_loss"], rel=1e-3)
    assert {number: len(found) for number, found in packed.retrainings.items()} == {
        trial.number: 1 for trial in packed.archive.front()
    }
