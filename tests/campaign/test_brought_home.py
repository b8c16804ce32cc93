"""What evaluators of the user's own bring home: none of it stops a campaign, and only numbers become numbers."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from quick import Scripted, quick_plan

from evonas.campaign.running.brought_home import brought_home
from evonas.campaign.running.recall import recall
from evonas.campaign.running.session import execute
from evonas.core.evaluation import Evaluation, Evaluator
from evonas.core.failure import Failure
from evonas.core.failure import told as told_of
from evonas.core.observer import Silent
from evonas.core.stop import Stop
from spaces.architecture import Architecture

GOOD = {"validation_error": 0.1}
STOP = Stop(4, "dominated", (0.9,))

BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "a value beyond every float": (
        {"values": {"validation_error": 10**400}},
        "for 'validation_error'; it must give a f",
    ),
    "a figure beside the objectives": (
        {"values": {**GOOD, "extra": math.nan}},
        "gave nan for 'extra'; it must give a f",
    ),
    "a text beside the objectives": ({"values": {**GOOD, "extra": "x"}}, "gave 'x' for 'extra'; it must give a finite"),
    "no values at all": ({"values": None}, "gave None as values; it must give a mapping of names to finite numbers"),
    "values without names": ({"values": [0.1]}, r"gave \[0.1\] as values; it must give a mapping of names"),
    "a name that is none": ({"values": {**GOOD, 3: 0.1}}, "gave a value for 3; names are texts"),
    "seconds that are no number": ({"seconds": math.nan}, "told nan seconds; they are a finite number from 0"),
    "no seconds": ({"seconds": None}, "told None seconds; they are a finite number from 0"),
    "negative seconds": ({"seconds": -5.0}, "told -5.0 seconds; they are a finite number from 0"),
    "no epochs": ({"epochs": None}, "told None epochs; they are a whole number from 0"),
    "half an epoch": ({"epochs": 1.5}, "told 1.5 epochs; they are a whole number from 0"),
    "more epochs than a journal holds": ({"epochs": 2**70}, "told 1180591620717411303424 epochs; they are a whole"),
    "no curve": ({"curve": None}, "gave None as curve; it must give one mapping an epoch, of names to numbers"),
    "a curve of lists": ({"curve": ([1, 2],)}, r"gave \(\[1, 2\],\) as curve; it must give one mapping an epoch"),
    "a curve of texts": ({"curve": ({"train_loss": "a"},)}, "as curve; it must give one mapping an epoch"),
    "a failure in words": (
        {"failure": "it failed"},
        "gave 'it failed' as failure; it must give a Failure of a kind am",
    ),
    "a failure of a new kind": ({"failure": Failure("exploded", "")}, "a Failure of a kind among out_of_memory, div"),  # type: ignore[arg-type]
    "a failure without words": ({"failure": Failure("crash", None)}, "with a message"),  # type: ignore[arg-type]
    "a stop in words": ({"stop": "enough"}, "stopped a training with 'enough'; it must say so with a Stop"),
    "a stop after the end": ({"stop": Stop(2, "", (1.0,) * 4)}, "after 4 of 2 epochs; it must be before its end"),
    "a stop of nothing": ({"stop": Stop(0, "", (1.0,))}, "after 1 of 0 epochs; it must be before its end"),
    "a stop of texts": ({"stop": Stop("4", "", (1.0,))}, "told '4' epochs; they are a whole number from 0"),  # type: ignore[arg-type]
    "a stop without an end": ({"stop": Stop(math.inf, "", (1.0,))}, "told inf epochs; they are a whole number"),  # type: ignore[arg-type]
    "a stop without losses": ({"stop": Stop(4, "", None)}, "told what cannot be read: TypeError: "),  # type: ignore[arg-type]
    "a stop with infinite losses": (
        {"stop": Stop(4, "", (math.inf,))},
        r"the losses \(inf,\); it must tell finite ones",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_breaks_the_contract_is_a_failure_that_says_how(case: str) -> None:
    changes, said = BROKEN[case]
    values = changes.get("values", {} if {"failure", "stop"} & set(changes) else GOOD)
    found = brought_home(Evaluation(**{"values": values, "seconds": 1.0, **changes}), ["validation_error"])
    assert found.failure is not None
    assert found.failure.kind == "invalid"
    assert found.failure.message.startswith("the evaluator ")
    assert re.search(said, found.failure.message)
    assert (dict(found.values), found.stop, found.curve) == ({}, None, ())
    assert found.seconds == (0.0 if "seconds" in changes else 1.0)


def test_numbers_of_other_kinds_are_plain_afterwards() -> None:
    told = Evaluation({}, np.float32(2), epochs=np.int64(1), stop=Stop(np.int64(9), "", (np.float64(0.5),)))  # type: ignore[arg-type]
    found = brought_home(told, ["validation_error"])
    assert found.failure is None
    assert found.stop is not None
    assert [type(each) for each in (found.seconds, found.epochs, found.stop.full_epochs)] == [float, int, int]


def test_a_message_is_cut_once() -> None:
    message = told_of(ValueError("x" * 10_000))
    found = brought_home(Evaluation({}, 1.0, Failure("crash", message)), ["validation_error"])
    assert found.failure is not None
    assert found.failure.message == message
    assert "(8,000 characters left out)" in message


def test_a_campaign_goes_on_over_all_of_it_and_its_journal_can_be_read(tmp_path: Path) -> None:
    told = iter(BROKEN.values())

    def each_in_turn(architecture: Architecture, seed: int) -> Evaluation:
        return Evaluation(**{"values": GOOD, "seconds": 0.0, **next(told, ({}, ""))[0]})

    budget = len(BROKEN) + 5
    plan = quick_plan(Scripted(each_in_turn), searcher="random", proxies=(), retrain_seeds=0, budget=budget)
    record, finished = execute(plan, tmp_path, Silent())
    assert finished
    assert [trial.number for trial in record.archive.trained] == list(range(len(BROKEN), budget))
    assert {trial.failure.kind for trial in recall(tmp_path).archive.failed if trial.failure is not None} == {"invalid"}


@pytest.mark.parametrize("value", [1e300, -1.7e308, 1e100])
def test_figures_whose_squares_overflow_stop_no_campaign(value: float) -> None:
    """As the exponential of a loss that diverged: finite still, and the end of predictors and of distances."""
    plan = quick_plan(
        Scripted(lambda architecture, seed: Evaluation({"validation_error": value if seed % 3 else seed / 2**31}, 0.0)),
        searcher={"name": "screened_nsga2", "offspring": 20, "shortlist": 10, "proxied": 4},
        budget=16,
    )
    record, finished = execute(plan, None, Silent())
    assert finished
    assert len(record.archive.failed if abs(value) > 1e100 else record.archive.trained) > 3
    assert all(abs(one) <= 1e100 for one in record.archive.values().ravel())


@pytest.mark.parametrize("value", [np.float32(0.25), np.int64(0), torch.tensor(0.25), np.array([[0.25]]), 0])
def test_a_number_of_any_library_is_a_number(value: Any) -> None:
    found = brought_home(Evaluation({"validation_error": value}, 1.0), ["validation_error"])
    assert found.failure is None
    assert found.values == {"validation_error": float(np.asarray(value).item())}
    assert type(found.values["validation_error"]) in (int, float)


def test_neither_a_failure_nor_a_stop_has_values() -> None:
    for told in (
        {"failure": Failure("crash", "gone")},
        {"stop": STOP},
        {"failure": Failure("crash", ""), "stop": STOP},
    ):
        found = brought_home(Evaluation(**{"values": {"validation_error": math.nan}, "seconds": 1.0, **told}), [])
        assert found.values == {}
        assert (found.failure is None) == ("failure" not in told), "a failure that was also stopped is a failure"
        assert (found.stop is None) == ("failure" in told)


def test_a_message_of_megabytes_keeps_its_ends() -> None:
    message = "begin" + "z" * 10**6 + "end"
    found = brought_home(Evaluation({}, 1.0, Failure("crash", message)), []).failure
    assert found is not None
    assert len(found.message) < 2100
    assert found.message.startswith("begin")
    assert found.message.endswith("end")
    assert "998,008 characters left out" in found.message
    assert brought_home(Evaluation({}, 1.0, Failure("crash", "z" * 2000)), []).failure == Failure("crash", "z" * 2000)


def test_a_curve_that_diverged_is_kept() -> None:
    curve = ({"train_loss": 1.0}, {"train_loss": math.inf}, {"train_loss": np.float32(math.nan)})
    found = brought_home(Evaluation({}, 1.0, Failure("divergence", "gone"), 3, curve), [])
    assert [epoch["train_loss"] for epoch in found.curve[:2]] == [1.0, math.inf]
    assert math.isnan(found.curve[2]["train_loss"])


class Untestable(Evaluator):
    """Evaluates, but brings no test figure home that is a number."""

    def __init__(self, test: bool = False) -> None:
        self.test = test

    def evaluate(self, architecture: Architecture, seed: int) -> Evaluation:
        return Evaluation({**GOOD, "test_error": math.inf} if self.test else GOOD, 0.0)


def test_a_retraining_without_a_finite_figure_is_a_failure_of_it_alone(tmp_path: Path) -> None:
    plan = quick_plan({"name": "test_brought_home.Untestable"}, budget=12, retrain_seeds=2)  # type: ignore[arg-type]
    record, finished = execute(plan, tmp_path, Silent())
    assert finished
    assert set(record.retrainings) == {trial.number for trial in record.archive.front()}
    found = [one.failure.message for seeds in record.retrainings.values() for one in seeds if one.failure is not None]
    assert found == ["the evaluator gave inf for 'test_error'; it must give a finite number"] * 2 * len(
        record.retrainings
    )
