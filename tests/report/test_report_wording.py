from __future__ import annotations

import pytest

from evonas.report.progress import hypervolume_course, random_estimate
from evonas.report.wording import (
    axis_text,
    best_trial,
    counted,
    figure_text,
    leading_objective,
    numbers_text,
    random_caveats,
    random_comparison,
    seconds_text,
    summary,
)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.023456, "", "0.02346"),
        (1293131.0, "MAC", "1,293,131 MAC"),
        (12.0, "", "12"),
        (3.0, "ms", "3 ms"),
        (1e20, "", "1e+20"),
        (-0.5, "", "-0.5"),
    ],
)
def test_figures_read_well(value, unit, text):
    assert figure_text(value, unit) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.42, "0.42 s"), (12.3, "12 s"), (200, "3 min 20 s"), (180, "3 min"), (18120, "5 h 2 min"), (7200, "2 h")],
)
def test_durations_read_well(seconds, text):
    assert seconds_text(seconds) == text


def test_an_axis_says_unit_and_direction(objective):
    assert axis_text(objective("latency_ms", unit="ms")) == "latency_ms [ms], lower is better"
    assert axis_text(objective("accuracy", goal="max")) == "accuracy, higher is better"


def test_long_lists_stay_short():
    assert numbers_text([3, 8, 21], 2) == "3, 8 and 1 more"
    assert numbers_text([3, 8]) == "3, 8"
    assert (counted(1, "candidate"), counted(2000, "candidate")) == ("1 candidate", "2,000 candidates")


def test_the_first_objective_that_needs_training_leads(campaign, objective):
    made = campaign(objective("macs"), objective("accuracy", "training", "max"))
    assert leading_objective(made.archive).name == "accuracy"
    assert leading_objective(campaign(objective("macs"), objective("size")).archive).name == "macs"
    assert best_trial(made.archive, made.archive.objectives[1]) is None
    for accuracy in (0.5, 0.9, 0.7):
        made.add({"macs": 1.0, "accuracy": accuracy})
    assert best_trial(made.archive, made.archive.objectives[1]).number == 1


def test_the_summary_says_what_became_of_the_campaign(searched):
    text = " ".join(summary(searched.record(), hypervolume_course(searched.archive, searched.elapsed)))
    assert "Searched the space Chains of 12,345 notations for validation_error (minimised)" in text
    assert "64 candidates proposed: 60 trained, 4 failed." in text
    assert "The best validation_error is " in text
    assert "Hypervolume: " in text


def test_the_comparison_states_the_random_share_and_flags_what_was_not_observed(searched):
    course = hypervolume_course(searched.archive, searched.elapsed)
    estimate = random_estimate(searched.archive, searched.elapsed)
    text = " ".join(random_comparison(course, estimate))
    assert f"The random share is {estimate.share} candidates." in text
    assert "extrapolated, not observed" in text
    assert "not because the value is certain" in " ".join(random_caveats(estimate, 60))


def test_the_comparison_says_when_nothing_is_known(campaign):
    made = campaign()
    for number in range(30):
        origin = "random" if number < 3 else "screened"
        made.add({"validation_error": 1 / (number + 1), "macs": 1.0 + number}, number // 3, origin)
    course = hypervolume_course(made.archive, made.elapsed)
    estimate = random_estimate(made.archive, made.elapsed)
    assert "is not known from so few" in " ".join(random_comparison(course, estimate))
    assert "Beyond its size nothing is known" in " ".join(random_caveats(estimate, 30))
    assert "cannot be estimated" in " ".join(random_comparison(course, None))


def test_a_random_search_is_called_one(campaign):
    made = campaign()
    for number in range(10):
        made.add({"validation_error": 1 / (number + 1), "macs": 1.0 + number})
    sentences = random_comparison(
        hypervolume_course(made.archive, made.elapsed), random_estimate(made.archive, made.elapsed)
    )
    assert sentences[-1] == "Every trained candidate was drawn at random: the campaign is random search."
