"""Choosing one network: bounds, knees, and what training noise would have chosen."""

from dataclasses import replace

import numpy as np
import pytest

from evonas.core.constraint import Constraint
from evonas.core.evaluation import Evaluation
from evonas.report.noise import seed_deviations, standard_errors
from evonas.report.pick import Wish, choose, pick


def filled(made, *points):
    for error, macs in points:
        made.add({"validation_error": error, "macs": macs})
    return made


def bounds(*texts):
    return tuple(Constraint.parse_whole(text) for text in texts)


POINTS = ((0.50, 100.0), (0.20, 200.0), (0.10, 900.0), (0.60, 950.0))


def test_best_by_one_objective_within_bounds(campaign):
    archive = filled(campaign(), *POINTS).archive
    assert choose(archive, Wish(objective="validation_error")).number == 2
    assert choose(archive, Wish(bounds("macs <= 200"), "validation_error")).number == 1
    assert choose(archive, Wish(bounds("macs < 200"), "validation_error")).number == 0
    assert choose(archive, Wish(bounds("macs >= 300", "validation_error > 0.1"), "macs", "min")).number == 3
    assert choose(archive, Wish(objective="macs", goal="max")).number == 3


def test_an_objective_is_best_in_its_own_direction(campaign, objective):
    made = campaign(objective("macs"), objective("accuracy", "training", "max"))
    for accuracy in (0.7, 0.9, 0.8):
        made.add({"accuracy": accuracy, "macs": 1.0})
    assert choose(made.archive, Wish(objective="accuracy")).number == 1
    assert choose(made.archive, Wish(objective="accuracy", goal="min")).number == 0


def test_of_equally_good_ones_none_is_chosen_that_another_dominates(campaign):
    """Errors on few examples are often equal, and the first of these may be the most expensive."""
    archive = filled(campaign(), (0.1, 900.0), (0.5, 100.0), (0.1, 300.0), (0.1, 300.0), (0.6, 100.0)).archive
    assert choose(archive, Wish(objective="validation_error")).number == 2
    assert choose(archive, Wish(objective="macs")).number == 1
    assert choose(archive, Wish(bounds("macs >= 900"), "validation_error")).number == 0
    assert choose(archive, Wish(objective="macs", goal="max")).number == 0


def test_the_knee_is_farthest_below_the_line_between_the_extremes(campaign):
    """By hand: the line from (.5, 100) to (.1, 900); distances below it are largest for (.2, 200)."""
    archive = filled(campaign(), *POINTS, (0.40, 250.0)).archive
    assert choose(archive, Wish()).number == 1
    assert choose(archive, Wish(bounds("macs > 200"))).number in (2, 4)
    assert choose(filled(campaign(), (0.3, 5.0)).archive, Wish()).number == 0


def test_deviations_are_pooled_over_what_was_trained_again(campaign):
    made = filled(campaign(), *POINTS)
    made.retrainings = {
        0: [Evaluation({"validation_error": value, "macs": 9.0}, 1.0) for value in (0.4, 0.6)],
        1: [Evaluation({"validation_error": value}, 1.0) for value in (0.1, 0.2, 0.3)],
        2: [Evaluation({"validation_error": 0.5}, 1.0)],
    }
    found = seed_deviations(made.archive, made.retrainings)
    assert found == {"validation_error": pytest.approx(((0.01 + 0.01 + 0.01 + 0.0 + 0.01) / 3) ** 0.5)}


def test_a_mean_over_several_trainings_is_the_surer_by_the_root_of_their_number(campaign):
    archive = filled(campaign(), *POINTS).archive
    again = Evaluation({"validation_error": 0.4}, 1.0)
    archive._trials[1] = replace(archive.trials[1], replicates=(again, again, again))
    errors = standard_errors(archive, {"validation_error": 0.06})
    column = archive.names.index("validation_error")
    assert errors[:, column].tolist() == pytest.approx([0.06, 0.03, 0.06, 0.06])
    assert not np.delete(errors, column, axis=1).any(), "what is known exactly is sure"


def test_stability_is_the_chance_that_noise_chooses_the_same(campaign):
    """Two errors that differ by one deviation of their difference: the better stays so in 84.1 % of draws."""
    made = filled(campaign(), (0.30, 1.0), (0.30 - 0.01 * 2**0.5, 2.0), (0.9, 0.5))
    made.retrainings = {0: [Evaluation({"validation_error": value}, 1.0) for value in (0.3, 0.3 + 0.01 * 2**0.5)]}
    picked = pick(made.record(), Wish(objective="validation_error"), np.random.default_rng(0))
    assert picked.trial.number == 1
    assert picked.deviations == {"validation_error": pytest.approx(0.01)}
    assert picked.stability == pytest.approx(0.841, abs=0.05)
    assert picked.shares[0] == pytest.approx(0.159, abs=0.05)
    assert set(picked.shares) == {0, 1}


def test_stability_is_not_known_where_nothing_was_trained_twice(campaign):
    made = filled(campaign(), *POINTS)
    picked = pick(made.record(), Wish(), np.random.default_rng(0))
    assert (picked.stability, picked.shares) == (None, {})


def test_refusals(campaign):
    archive = filled(campaign(), *POINTS).archive
    with pytest.raises(ValueError, match="no objective is named 'latency'; this search has validation_error, macs"):
        choose(archive, Wish(objective="latency"))
    with pytest.raises(ValueError, match="no objective is named 'latency'"):
        choose(archive, Wish(bounds("latency < 3")))
    with pytest.raises(ValueError, match="none of 4 trained candidates meets macs <= 1; macs ranges from 100 to 950"):
        choose(archive, Wish(bounds("macs <= 1")))
    with pytest.raises(ValueError, match="nothing is trained; 0 failed"):
        choose(campaign().archive, Wish())
    with pytest.raises(ValueError, match=r"a bound is a name, a comparison and a number.* Got 'macs'"):
        bounds("macs")
