from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from evonas.core.failure import Failure
from evonas.core.hypervolume import Yardstick
from evonas.report.progress import hypervolume_course, random_estimate


def fill(made, rng, n, origin=lambda number: "random", round_size=8, objectives=2):
    names = made.archive.names
    for number in range(n):
        values = {name: float(value) for name, value in zip(names, rng.random(objectives), strict=True)}
        made.add(values, number // round_size, origin(number), seconds=float(rng.uniform(1, 2)))
    return made


def test_the_course_equals_the_yardstick_on_every_prefix(campaign):
    made = fill(campaign(), np.random.default_rng(0), 40)
    course = hypervolume_course(made.archive, made.elapsed)
    yardstick = Yardstick.of(made.archive)
    values = made.archive.values()
    assert course.counts.tolist() == list(range(1, 41))
    expected = [yardstick.hypervolume(values[:count]) for count in course.counts]
    assert course.hypervolumes == pytest.approx(expected)
    assert course.seconds.tolist() == sorted(made.elapsed.values())
    assert (np.diff(course.hypervolumes) >= 0).all()


def test_the_course_follows_the_order_of_coming_home(campaign):
    made = fill(campaign(), np.random.default_rng(0), 8)
    backwards = {number: 100.0 - number for number in range(8)}
    course = hypervolume_course(made.archive, backwards)
    values = made.archive.values()[::-1]
    assert course.hypervolumes[2] == pytest.approx(Yardstick.of(made.archive).hypervolume(values[:3]))
    assert course.seconds[0] == 93.0


def test_failed_and_pending_trials_are_not_counted(campaign):
    made = fill(campaign(), np.random.default_rng(0), 8)
    made.add(failure=Failure("crash", "died"), round_number=1)
    made.add(None, round_number=1)
    assert hypervolume_course(made.archive, made.elapsed).counts[-1] == 8


def test_a_long_campaign_is_drawn_in_300_steps(campaign):
    made = fill(campaign(), np.random.default_rng(0), 1000)
    course = hypervolume_course(made.archive, made.elapsed)
    assert len(course.counts) <= 300
    assert (course.counts[0], course.counts[-1]) == (1, 1000)
    yardstick = Yardstick.of(made.archive)
    assert course.hypervolumes[-1] == pytest.approx(yardstick.hypervolume(made.archive.values()))


def test_nothing_is_known_before_the_yardstick(campaign, objective):
    made = campaign()
    assert hypervolume_course(made.archive, {}) is None
    made.add({"validation_error": 0.5, "macs": 3.0})
    assert hypervolume_course(made.archive, made.elapsed) is None
    assert random_estimate(made.archive, made.elapsed) is None
    many = campaign(*[objective(f"objective {index}") for index in range(6)])
    fill(many, np.random.default_rng(0), 10, objectives=6)
    assert hypervolume_course(many.archive, many.elapsed) is None


def test_the_random_estimate_is_the_mean_over_all_subsets(campaign):
    made = fill(campaign(), np.random.default_rng(1), 12, lambda number: "screened" if number % 2 else "random")
    estimate = random_estimate(made.archive, made.elapsed, draws=4000)
    yardstick = Yardstick.of(made.archive)
    values = made.archive.values([trial for trial in made.archive.trained if trial.proposal.origin == "random"])
    assert estimate.share == 6
    for count in range(1, 7):
        subsets = [yardstick.hypervolume(values[list(part)]) for part in combinations(range(6), count)]
        assert estimate.mean[count - 1] == pytest.approx(np.mean(subsets), abs=0.02)
        assert estimate.at(count) == pytest.approx(estimate.mean[count - 1])
    whole = pytest.approx(yardstick.hypervolume(values))
    assert (estimate.low[-1], estimate.mean[-1], estimate.high[-1]) == (whole, whole, whole)
    assert (estimate.low <= estimate.mean + 1e-9).all()
    assert (estimate.mean <= estimate.high + 1e-9).all()


def test_the_draws_are_fixed_by_their_seed(campaign):
    made = fill(campaign(), np.random.default_rng(1), 20)
    first, same, other = (random_estimate(made.archive, made.elapsed, seed=seed) for seed in (0, 0, 1))
    assert (first.mean == same.mean).all()
    assert not (first.mean == other.mean).all()


def test_beyond_a_small_share_nothing_is_known(campaign):
    made = fill(campaign(), np.random.default_rng(1), 20, lambda number: "random" if number < 7 else "screened")
    estimate = random_estimate(made.archive, made.elapsed)
    assert estimate.slope is None
    assert estimate.reach == 7
    assert estimate.at(8) is None
    assert estimate.at(0) is None


def test_beyond_a_larger_share_the_last_slope_goes_on(campaign):
    made = fill(campaign(), np.random.default_rng(1), 60, lambda number: "random" if number < 30 else "screened")
    estimate = random_estimate(made.archive, made.elapsed)
    assert estimate.reach == 300
    assert estimate.at(301) is None
    assert estimate.at(60) == pytest.approx(estimate.mean[-1] + estimate.slope * np.log(2))
    late = estimate.counts >= 10
    line = estimate.mean[-1] + estimate.slope * np.log(estimate.counts[late] / 30)
    assert np.abs(line - estimate.mean[late]).max() < 0.03


def test_the_extrapolation_flatters_random_search_rather_than_the_campaign(campaign):
    made = fill(campaign(), np.random.default_rng(2), 400)
    everything = random_estimate(made.archive, made.elapsed)
    guesses = []
    for seed in range(10):
        part = campaign()
        for order, number in enumerate(np.random.default_rng(seed).permutation(np.arange(8, 400))[:32]):
            values = made.archive.trials[order].values if order < 8 else made.archive.trials[number].values
            part.add(dict(values), order // 8)
        guesses.append(random_estimate(part.archive, part.elapsed).at(200))
    assert np.mean(guesses) > everything.at(200) - 0.02


def test_a_random_candidate_is_charged_its_part_of_the_running_time(campaign):
    made = campaign()
    for number in range(8):
        origin = "random" if number < 4 else "screened"
        made.add({"validation_error": number / 10, "macs": 1.0 + number}, 0, origin, seconds=1.0 if number < 4 else 3.0)
    made.add(failure=Failure("timeout", "3 s"), origin="random", seconds=4.0)
    # 20 s of work, 8 s of it on random candidates; 20 s of running time; 4 trained random candidates
    assert random_estimate(made.archive, made.elapsed).seconds_each == pytest.approx(20 * (8 / 20) / 4)
    assert random_estimate(made.archive, {}).seconds_each is None


def test_a_table_that_takes_no_time_still_has_a_pace(campaign):
    made = campaign()
    for number in range(4):
        made.add({"validation_error": number / 10, "macs": 1.0 + number}, seconds=0.0)
    elapsed = {number: 0.5 * number for number in range(4)}
    assert random_estimate(made.archive, elapsed).seconds_each == pytest.approx(1.5 / 4)
