"""The gate against brute force, and its stated error rate on synthetic predictions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evonas.searchers.gate import passes

RATES = {0.5: 0.0, 0.1: -1.2815515655446004, 0.02: -2.053748910631823}  # standard normal quantiles, from tables


def dominated(point: np.ndarray, front: np.ndarray) -> bool:
    return any(all(a <= b for a, b in zip(one, point, strict=True)) and list(one) != list(point) for one in front)


@given(st.integers(0, 2**31), st.integers(1, 3), st.sampled_from(sorted(RATES)))
def test_against_brute_force(seed: int, objectives: int, rate: float) -> None:
    rng = np.random.default_rng(seed)
    mean = rng.integers(0, 6, size=(25, objectives)).astype(float)
    std = rng.choice([0.0, 0.7, 2.0], size=(25, objectives))
    front = rng.integers(0, 6, size=(5, objectives)).astype(float)
    found = passes(mean, std, front, rate)
    for row in range(25):
        assert found[row] == (not dominated(mean[row] + RATES[rate] * std[row], front))


@given(st.integers(0, 2**31), st.sampled_from(sorted(RATES)))
def test_without_doubt_exactly_the_dominated_are_rejected(seed: int, rate: float) -> None:
    rng = np.random.default_rng(seed)
    mean, front = rng.integers(0, 5, size=(30, 2)).astype(float), rng.integers(0, 5, size=(6, 2)).astype(float)
    expected = [not dominated(point, front) for point in mean]
    assert passes(mean, np.zeros_like(mean), front, rate).tolist() == expected


def test_without_a_front_everything_passes() -> None:
    assert passes(np.ones((3, 2)), np.ones((3, 2)), np.zeros((0, 2)), 0.1).tolist() == [True] * 3


@pytest.mark.parametrize("rate", [0.02, 0.1, 0.3])
def test_no_more_than_the_stated_share_of_what_is_not_dominated_is_rejected(rate: float) -> None:
    """Predictions that err normally about the truth, one predicted and one exact objective."""
    rng = np.random.default_rng(0)
    cost = np.arange(10.0)
    front = np.column_stack([10 - cost, cost])
    n = 40_000
    truth = np.column_stack([rng.uniform(0, 12, n), rng.uniform(0, 9, n)])
    truth = truth[[not dominated(point, front) for point in truth]]
    std = np.column_stack([rng.uniform(0.2, 3, len(truth)), np.zeros(len(truth))])
    mean = truth + std * rng.standard_normal(truth.shape)
    share = 1 - passes(mean, std, front, rate).mean()
    margin = 4 * np.sqrt(rate * (1 - rate) / len(truth))
    assert 0 < share <= rate + margin


@pytest.mark.parametrize("rate", [0.02, 0.1, 0.3])
def test_the_rate_is_reached_by_what_is_only_just_not_dominated(rate: float) -> None:
    rng = np.random.default_rng(1)
    n = 20_000
    std = np.column_stack([rng.uniform(0.2, 3, n), np.zeros(n)])
    mean = np.array([5.0 - 1e-9, 5.0]) + std * rng.standard_normal((n, 2))
    share = 1 - passes(mean, std, np.array([[5.0, 5.0]]), rate).mean()
    assert share == pytest.approx(rate, abs=4 * np.sqrt(rate * (1 - rate) / n))
