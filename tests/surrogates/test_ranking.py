"""Measures of ranking against brute force."""

import subprocess
import sys
from itertools import combinations, pairwise, permutations
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogates import Prediction, coverage, kendall_tau, precision_at_k, spearman, true_rank_of_best

PAIRS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=6)


@given(PAIRS)
def test_kendall_tau_counts_pairs(pairs: list[tuple[int, int]]) -> None:
    predicted, measured = (np.array(side, float) for side in zip(*pairs, strict=True))
    signs = [
        (np.sign(predicted[i] - predicted[j]), np.sign(measured[i] - measured[j]))
        for i, j in combinations(range(len(pairs)), 2)
    ]
    untied = np.sqrt(sum(a != 0 for a, _ in signs) * sum(b != 0 for _, b in signs))
    found = kendall_tau(predicted, measured)
    if untied == 0:
        assert found is None
    else:
        assert found == pytest.approx(sum(a * b for a, b in signs) / untied)


@given(PAIRS, st.integers(1, 6))
def test_precision_at_k_is_the_mean_over_orders_of_the_tied(pairs: list[tuple[int, int]], k: int) -> None:
    predicted, measured = (np.array(side, float) for side in zip(*pairs, strict=True))
    k = min(k, len(pairs))
    worst = sorted(measured)[k - 1]
    shares = []
    for order in permutations(range(len(pairs))):
        if all(predicted[a] <= predicted[b] for a, b in pairwise(order)):
            shares.append(sum(measured[index] <= worst for index in order[:k]) / k)
    assert precision_at_k(predicted, measured, k) == pytest.approx(np.mean(shares))


@given(PAIRS)
def test_spearman_is_pearsons_correlation_of_mean_ranks(pairs: list[tuple[int, int]]) -> None:
    predicted, measured = (np.array(side, float) for side in zip(*pairs, strict=True))
    ranks = [
        [sum(other < value for other in side) + sum(other == value for other in side) / 2 for value in side]
        for side in (predicted, measured)
    ]
    found = spearman(predicted, measured)
    if len(set(predicted)) == 1 or len(set(measured)) == 1:
        assert found is None
    else:
        assert found == pytest.approx(np.corrcoef(ranks)[0, 1])


@given(PAIRS, st.integers(1, 6))
def test_true_rank_of_best_is_the_mean_over_orders_of_the_tied(pairs: list[tuple[int, int]], k: int) -> None:
    predicted, measured = (np.array(side, float) for side in zip(*pairs, strict=True))
    k = min(k, len(pairs))
    found = []
    for order in permutations(range(len(pairs))):
        if all(predicted[a] <= predicted[b] for a, b in pairwise(order)):
            best = min(measured[index] for index in order[:k])
            found.append(1 + sum(value < best for value in measured))
    assert true_rank_of_best(predicted, measured, k) == pytest.approx(np.mean(found))


@pytest.mark.parametrize("nominal", [0.5, 0.8, 0.95])
def test_coverage_counts_values_inside(nominal: float) -> None:
    rng = np.random.default_rng(0)
    mean, std, measured = rng.normal(size=30), rng.uniform(0.1, 2, size=30), rng.normal(size=30)
    inside = 0
    for m, s, y in zip(mean, std, measured, strict=True):
        inside += (1 - nominal) / 2 <= NormalDist(m, s).cdf(y) <= (1 + nominal) / 2
    assert coverage(Prediction(mean, std), measured, nominal) == pytest.approx(inside / 30)


def test_coverage_of_honest_predictions_is_nominal() -> None:
    rng = np.random.default_rng(0)
    std = rng.uniform(0.1, 2, size=20_000)
    assert coverage(Prediction(np.zeros(20_000), std), rng.normal(scale=std)) == pytest.approx(0.8, abs=0.01)


def test_where_there_is_no_order_there_is_no_number() -> None:
    one, two, flat = np.array([1.0]), np.array([1.0, 2.0]), np.array([3.0, 3.0])
    assert kendall_tau(one, one) is None
    assert kendall_tau(flat, two) is None
    assert kendall_tau(two, flat) is None
    assert spearman(flat, two) is None
    assert kendall_tau(two, two) == 1
    assert kendall_tau(two, -two) == -1
    assert spearman(two, two) == pytest.approx(1)
    assert spearman(two, -two) == pytest.approx(-1)
    assert coverage(Prediction(np.empty(0), np.empty(0)), np.empty(0)) is None


def test_bad_values_are_refused() -> None:
    two = np.array([1.0, 2.0])
    with pytest.raises(ValueError, match=r"must both have shape \(n,\); got \(2,\) and \(1,\)"):
        kendall_tau(two, two[:1])
    with pytest.raises(ValueError, match="measurements must be finite; 1 of 2 are not"):
        kendall_tau(two, np.array([1.0, np.nan]))
    with pytest.raises(ValueError, match="predictions must be finite; 2 of 2 are not"):
        precision_at_k(np.array([np.inf, np.nan]), two, 1)
    for k in (0, 3):
        with pytest.raises(ValueError, match=f"between 1 and the number of values, 2; got {k}"):
            precision_at_k(two, two, k)
        with pytest.raises(ValueError, match=f"between 1 and the number of values, 2; got {k}"):
            true_rank_of_best(two, two, k)
    with pytest.raises(ValueError, match="nominal coverage must lie between 0 and 1; got 80"):
        coverage(Prediction(two, two), two, nominal=80)


def test_importing_the_package_is_cheap() -> None:
    code = "import sys, surrogates; print([name for name in ('torch', 'xgboost', 'scipy') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
