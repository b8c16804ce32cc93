from __future__ import annotations

import numpy as np
import pytest

from evonas.core.archive import Funnel
from evonas.core.evaluation import Evaluation
from evonas.core.failure import Failure
from evonas.core.spread import spread
from evonas.report.statistics import (
    StageTime,
    failure_groups,
    funnel_totals,
    retrained_front,
    retraining_agreement,
    stage_times,
)


def test_funnel_totals_keep_the_order_of_stages_that_some_rounds_skip():
    first = Funnel(0, {"drawn": 100, "feasible": 60, "proposed": 8})
    second = Funnel(1, {"drawn": 100, "feasible": 50, "predicted": 50, "proxied": 20, "proposed": 8})
    totals = funnel_totals([first, second, second])
    assert list(totals.items()) == [
        ("drawn", 300),
        ("feasible", 160),
        ("predicted", 100),
        ("proxied", 40),
        ("proposed", 24),
    ]
    assert funnel_totals([]) == {}


def test_funnel_totals_put_a_new_first_stage_first():
    totals = funnel_totals([Funnel(0, {"proposed": 8}), Funnel(1, {"drawn": 20, "proposed": 8})])
    assert list(totals) == ["drawn", "proposed"]


def test_failures_are_grouped_by_kind_and_message_most_frequent_first(campaign):
    made = campaign()
    for kind, message in [("crash", "a"), ("timeout", "b"), ("timeout", "c"), ("timeout", "c"), ("crash", "a")]:
        made.add(failure=Failure(kind, message))
    made.add(None)
    groups = [(group.kind, group.message, group.numbers) for group in failure_groups(made.archive)]
    assert groups == [("timeout", "c", (2, 3)), ("timeout", "b", (1,)), ("crash", "a", (0, 4))]


def test_times_hold_the_main_process_and_the_workers(campaign):
    made = campaign()
    made.add({"validation_error": 0.1, "macs": 1.0}, seconds=2.0)
    made.add(failure=Failure("crash", "died"), seconds=3.0)
    made.add(None)
    made.stages = {"propose": 1.5, "wait": 4.0}
    made.retrainings = {0: [Evaluation({"test_error": 0.2}, 6.0), Evaluation({}, 1.0, Failure("crash", "died"))]}
    assert stage_times(made.record()) == (
        StageTime("propose", 1.5, False),
        StageTime("wait", 4.0, False),
        StageTime("training", 5.0, True),
        StageTime("retraining the front", 7.0, True),
    )
    assert stage_times(campaign().record()) == ()


def test_retrained_front_is_mean_and_deviation_over_the_seeds_that_trained(campaign):
    made = campaign()
    made.add({"validation_error": 0.1, "macs": 1.0})
    made.add({"validation_error": 0.2, "macs": 0.5})
    crash = Evaluation({}, 1.0, Failure("crash", "died"))
    made.retrainings = {
        1: [Evaluation({"validation_error": 0.2, "test_error": error}, 1.0) for error in (0.1, 0.2, 0.6)],
        0: [crash, Evaluation({"test_error": 0.3}, 1.0)],
    }
    first, second = retrained_front(made.record())
    assert (first.trial.number, first.n, first.failed) == (0, 1, 1)
    assert (first.figures["test_error"].mean, first.figures["test_error"].std) == (0.3, None)
    assert list(second.figures) == ["test_error", "validation_error"]
    assert second.figures["test_error"].mean == pytest.approx(0.3)
    assert second.figures["test_error"].std == pytest.approx(np.std([0.1, 0.2, 0.6], ddof=1))
    assert second.figures["validation_error"].std == 0.0


def test_equal_values_have_no_deviation():
    assert spread([0.1 + 0.2] * 3).std == 0.0


def retrain(made, test_errors):
    made.retrainings = {number: [Evaluation({"test_error": error}, 1.0)] for number, error in test_errors.items()}
    return retraining_agreement(made.archive, retrained_front(made.record()))


def test_agreement_compares_the_search_with_test_data(campaign):
    made = campaign()
    for error in (0.3, 0.2, 0.1):
        made.add({"validation_error": error, "macs": 1.0 / error})
    assert retrain(made, {0: 0.5, 1: 0.4, 2: 0.3}) == ("validation_error", 3, pytest.approx(1.0))
    assert retrain(made, {0: 0.4, 1: 0.5, 2: 0.3}) == ("validation_error", 3, pytest.approx(1 / 3))
    assert retrain(made, {0: 0.4, 1: 0.4, 2: 0.4}) == ("validation_error", 3, None)
    assert retrain(made, {0: 0.4}) is None


def test_agreement_minimises_what_is_maximised(campaign, objective):
    made = campaign(objective("macs"), objective("accuracy", "training", "max"))
    for accuracy in (0.7, 0.8, 0.9):
        made.add({"accuracy": accuracy, "macs": accuracy})
    assert retrain(made, {0: 0.5, 1: 0.4, 2: 0.3}) == ("accuracy", 3, pytest.approx(1.0))


def test_agreement_is_not_known_without_an_objective_that_needs_training(campaign, objective):
    made = campaign(objective("macs"), objective("parameters"))
    made.add({"macs": 1.0, "parameters": 2.0})
    made.add({"macs": 2.0, "parameters": 1.0})
    assert retrain(made, {0: 0.5, 1: 0.4}) is None
