"""Who climbs, against a brute-force twin."""

from __future__ import annotations

import numpy as np
import pytest

from evonas.searchers.promotion import climbers


def fronts_by_peeling(values: np.ndarray) -> list[int]:
    """Rank of every row: how often the non-dominated have to be taken away before it is one."""
    rank = [-1] * len(values)
    level = 0
    while -1 in rank:
        left = [row for row in range(len(values)) if rank[row] == -1]
        for row in left:
            if not any((values[o] <= values[row]).all() and (values[o] < values[row]).any() for o in left):
                rank[row] = level
        level += 1
    return rank


@pytest.mark.parametrize("seed", range(20))
def test_the_quota_is_kept_and_nobody_better_ranked_is_passed_over(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, factor = int(rng.integers(1, 40)), int(rng.integers(1, 5))
    values = rng.integers(0, 8, (n, 2)).astype(float)
    climbed = rng.random(n) < rng.random() / factor
    chosen = climbers(values, climbed, factor)
    assert len(chosen) == max(0, n // factor - climbed.sum())
    assert not climbed[chosen].any()
    rank = fronts_by_peeling(values)
    left = [row for row in range(n) if not climbed[row] and row not in chosen]
    assert all(rank[one] <= rank[other] for one in chosen for other in left)
    assert [rank[row] for row in chosen] == sorted(rank[row] for row in chosen)


def test_with_one_objective_the_best_climb_in_order() -> None:
    values = np.array([[5.0], [1.0], [4.0], [2.0], [3.0], [6.0]])
    assert climbers(values, np.array([False, True, False, False, False, False]), 2) == [3, 4]


def test_within_a_rank_the_ends_climb_before_the_crowd() -> None:
    values = np.array([[0.0, 9.0], [4.0, 4.2], [4.1, 4.1], [4.2, 4.0], [9.0, 0.0]])
    assert set(climbers(values, np.zeros(5, bool), 2)) == {0, 4}


def test_a_search_that_keeps_improving_still_lets_only_one_in_three_climb() -> None:
    """By the published rule every newcomer that beats all before would climb."""
    climbed = np.zeros(0, bool)
    for n in range(1, 31):
        climbed = np.append(climbed, False)
        rows = climbers(-np.arange(float(n)).reshape(-1, 1), climbed, 3)
        climbed[rows] = True
        assert climbed.sum() == n // 3
