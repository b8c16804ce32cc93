"""Batches by expected hypervolume improvement against a sweep, a closed form, and what a batch is for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from evonas.searchers.improvement import choose_batch

Points = list[tuple[int, int]]


def area(points: Points) -> int:
    """What points dominate between themselves and (0, 0), by a sweep over the first objective."""
    total, lowest = 0, 0
    for x, y in sorted(points):
        if x < 0 and y < lowest:
            total += -x * (lowest - y)
            lowest = y
    return total


def greedy(candidates: Points, front: Points, count: int) -> list[int]:
    chosen: list[int] = []
    while len(chosen) < count:
        known = [*front, *(candidates[index] for index in chosen)]
        gains = {
            index: area([*known, point]) - area(known) for index, point in enumerate(candidates) if index not in chosen
        }
        best = min(gains, key=lambda index: (-gains[index], index), default=None)
        if best is None or gains[best] <= 0:
            break
        chosen.append(best)
    return chosen


POINTS = st.lists(st.tuples(st.integers(-9, 2), st.integers(-9, 2)), max_size=12)


def batch(mean: object, std: object, front: object, count: int, seed: int = 0, **settings: int) -> list[int]:
    mean, std = np.array(mean, dtype=float), np.array(std, dtype=float)
    known = np.array(front, dtype=float).reshape(-1, mean.shape[1])
    return choose_batch(mean, std, known, count, np.random.default_rng(seed), **settings)


@settings(max_examples=200)
@given(POINTS.filter(len), POINTS, st.integers(1, 8))
def test_without_doubt_it_is_the_greedy_choice_of_exclusive_area(candidates: Points, front: Points, count: int) -> None:
    assert batch(candidates, np.zeros((len(candidates), 2)), front, count) == greedy(candidates, front, count)


def test_the_sweep_itself_by_hand() -> None:
    assert area([(-1, -4), (-2, -2), (-4, -1), (-1, -1), (3, -9)]) == 4 + 2 + 2
    assert greedy([(-2, -2), (-1, -4), (-3, -3)], [], 3) == [2, 1]


@given(st.integers(0, 2**31), st.integers(1, 10))
def test_none_is_chosen_twice_and_twins_are_chosen_once(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    mean = -rng.uniform(0.1, 1, size=(8, 2))
    twins = np.vstack([mean, mean])
    found = batch(twins, np.tile([0.1, 0.0], (16, 1)), [[-0.2, -0.2]], count, seed)
    assert len(found) == len({index % 8 for index in found}) <= count


def test_it_stops_when_nothing_improves() -> None:
    assert batch([[-1, -1], [-2, -1], [0, -9]], np.zeros((3, 2)), [[-3, -3]], 3) == []
    assert batch(np.zeros((0, 2)), np.zeros((0, 2)), [[-3, -3]], 3) == []
    assert batch([[-1, -1]], np.zeros((1, 2)), [], 0) == []


def test_a_batch_spreads_over_the_exact_cost() -> None:
    """A believer at the mean picked near-duplicates of one cost, because each still hoped for luck of its own."""
    mean = [[-0.500 - 0.001 * k, -0.5] for k in range(6)] + [[-0.30, -0.7], [-0.65, -0.2]]
    found = batch(mean, np.tile([0.1, 0.0], (8, 1)), [[-0.45, -0.45]], 3)
    assert sorted(mean[index][1] for index in found) == [-0.7, -0.5, -0.2]


def expected_improvement(mean: float, std: float, best: float) -> float:
    """Jones et al. 1998, equation 15."""
    z = (best - mean) / std
    return (best - mean) * norm.cdf(z) + std * norm.pdf(z)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.floats(-2, 0.5), st.floats(0.05, 1)), min_size=2, max_size=6))
def test_for_one_objective_the_first_choice_is_that_of_the_closed_form(candidates: list[tuple[float, float]]) -> None:
    gains = np.array([expected_improvement(mean, std, -1.0) for mean, std in candidates])
    best = float(gains.max())
    means, stds = np.array(candidates).T
    found = batch(means[:, None], stds[:, None], [[-1.0]], 1, draws=400)
    if best > 1e-3:
        assert gains[found[0]] >= 0.97 * best - 1e-4


def test_doubt_is_worth_something() -> None:
    assert batch([[-0.9, -1.0], [-0.9, -1.0]], [[0.0, 0.0], [0.3, 0.0]], [[-1.0, -1.0]], 2) == [1]


@pytest.mark.parametrize("objectives", [1, 2, 3, 4])
def test_any_number_of_objectives_and_the_same_seed_gives_the_same(objectives: int) -> None:
    rng = np.random.default_rng(0)
    mean, std = -rng.uniform(0, 1, (40, objectives)), rng.uniform(0, 0.1, (40, objectives))
    first = batch(mean, std, -rng.uniform(0, 0.5, (5, objectives)), 6, seed=4)
    rng = np.random.default_rng(0)
    mean, std = -rng.uniform(0, 1, (40, objectives)), rng.uniform(0, 0.1, (40, objectives))
    assert first == batch(mean, std, -rng.uniform(0, 0.5, (5, objectives)), 6, seed=4)
    assert len(first) >= 1
