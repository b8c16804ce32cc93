"""Ranks, crowding, survival and tournaments against twins written anew."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evonas.searchers.selection import best_first, crowding, places, ranks, tournament


def points(most: int = 30, low: int = 0, high: int = 6) -> st.SearchStrategy[np.ndarray]:
    shapes = st.tuples(st.integers(1, most), st.integers(1, 4))
    return arrays(np.float64, shapes, elements=st.integers(low, high).map(float))


def brute_force_ranks(values: np.ndarray) -> list[int]:
    left = set(range(len(values)))
    rank = [0] * len(values)
    level = 0
    while left:
        front = {
            one
            for one in left
            if not any((values[other] <= values[one]).all() and (values[other] < values[one]).any() for other in left)
        }
        for one in front:
            rank[one] = level
        left -= front
        level += 1
    return rank


def published_crowding(values: np.ndarray) -> np.ndarray:
    """Deb et al. 2002, section III.B, for one front whose values differ in every objective."""
    n, objectives = values.shape
    distance = np.zeros(n)
    for column in range(objectives):
        order = sorted(range(n), key=lambda index: values[index, column])
        spread = values[order[-1], column] - values[order[0], column]
        distance[order[0]] = distance[order[-1]] = np.inf
        for place in range(1, n - 1):
            gap = values[order[place + 1], column] - values[order[place - 1], column]
            distance[order[place]] += gap / spread
    return distance


@given(points())
def test_ranks_are_those_of_brute_force(values: np.ndarray) -> None:
    assert ranks(values).tolist() == brute_force_ranks(values)


@given(points(), st.integers(1, 30))
def test_ranks_up_to_enough_are_exact_and_the_others_larger(values: np.ndarray, enough: int) -> None:
    expected = np.array(brute_force_ranks(values))
    found = ranks(values, enough=enough)
    sizes = np.cumsum(np.bincount(expected))
    last = int(np.argmax(sizes >= enough)) if (sizes >= enough).any() else int(expected.max())
    assert found[expected <= last].tolist() == expected[expected <= last].tolist()
    assert (found[expected > last] > last).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused(bad: float) -> None:
    values = np.array([[1.0, 2.0], [bad, 0.0], [3.0, 3.0]])
    with pytest.raises(ValueError, match="only finite values can be ranked"):
        ranks(values)
    with pytest.raises(ValueError, match="only finite values can be ranked"):
        best_first(values, 2)


def test_crowding_by_hand() -> None:
    values = np.array([[0.0, 10.0], [1.0, 6.0], [4.0, 5.0], [10.0, 0.0]])
    found = crowding(values, np.zeros(4, dtype=np.int64))
    assert np.isinf(found[[0, 3]]).all()
    # (4 - 0) / 10 + (10 - 5) / 10 = 0.9 and (10 - 1) / 10 + (6 - 0) / 10 = 1.5; the unit is free
    assert found[2] / found[1] == pytest.approx(1.5 / 0.9)


@given(st.integers(3, 20), st.integers(2, 4), st.integers(0, 2**31))
def test_crowding_is_the_published_one_up_to_its_unit(n: int, objectives: int, seed: int) -> None:
    values = np.random.default_rng(seed).permuted(np.tile(np.arange(n, dtype=float) ** 1.5, (objectives, 1)), axis=1).T
    found, expected = crowding(values, np.zeros(n, dtype=np.int64)), published_crowding(values)
    assert np.isinf(found).tolist() == np.isinf(expected).tolist()
    inner = np.isfinite(expected)
    np.testing.assert_allclose(found[inner] * objectives, expected[inner], rtol=1e-9)


def test_crowding_is_measured_within_each_rank() -> None:
    first = np.array([[0.0, 10.0], [1.0, 6.0], [4.0, 5.0], [10.0, 0.0]])
    both = np.vstack([first, first + 20])
    found = crowding(both, np.repeat([0, 1], 4))
    np.testing.assert_allclose(found[:4], found[4:])


@given(points(), st.integers(0, 30))
def test_survivors_are_whole_ranks_and_part_of_the_last(values: np.ndarray, count: int) -> None:
    kept = best_first(values, count).tolist()
    assert len(kept) == len(set(kept)) == min(count, len(values))
    rank = brute_force_ranks(values)
    assert sorted(rank[index] for index in kept) == sorted(rank)[:count]
    assert [rank[index] for index in kept] == sorted(rank[index] for index in kept)


def test_the_last_rank_keeps_its_extremes_and_loses_the_crowded() -> None:
    front = [[0.0, 0.0]]
    last = [[1.0, 20.0], [2.0, 9.0], [2.1, 8.9], [2.2, 8.8], [6.0, 5.0], [20.0, 1.0]]
    kept = set(best_first(np.array([*last, *front]), 4).tolist())
    assert kept == {6, 0, 5, 4}


def test_the_winner_is_the_better_placed_of_two_drawn() -> None:
    """Places are no sorted order here: a list of sorted indices instead would favour others."""
    place = [3, 0, 4, 1, 2]
    rng = np.random.default_rng(0)
    draws = 20_000
    wins = np.bincount([tournament(place, rng) for _ in range(draws)], minlength=5) / draws
    # The r-th best of n wins unless a better one is drawn: ((n - r)^2 - (n - r - 1)^2) / n^2
    expected = [((5 - r) ** 2 - (4 - r) ** 2) / 25 for r in place]
    np.testing.assert_allclose(wins, expected, atol=0.02)


def test_of_equals_the_first_drawn_wins() -> None:
    rng = np.random.default_rng(0)
    wins = np.bincount([tournament([0, 0, 1], rng) for _ in range(9000)], minlength=3) / 9000
    np.testing.assert_allclose(wins, [4 / 9, 4 / 9, 1 / 9], atol=0.03)


def test_places_are_by_rank_and_then_by_room() -> None:
    """The third is dominated; of the front the ends are infinitely far from others, the fifth has least room."""
    values = np.array([[0.0, 9.0], [9.0, 0.0], [9.5, 9.5], [3.0, 3.0], [2.9, 3.2]])
    assert places(values) == [0, 0, 3, 1, 2]
