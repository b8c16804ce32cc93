"""Every law over every combination that the registry discovers, and each beside a reference of its own."""

from collections.abc import Callable
from itertools import product
from math import log

import combination_laws
import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from spaces.discovery import discover
from surrogates import COMBINATIONS
from surrogates.combination import Combination, Trained
from surrogates.combinations.information_gain import InformationGain
from surrogates.combinations.random_forest import RandomForest
from surrogates.combinations.rank_aggregation import RankAggregation
from surrogates.combinations.stochastic_ordering import StochasticOrdering
from surrogates.predictor import FloatArray

DISCOVERED = discover(COMBINATIONS)
NAN = float("nan")


def combine(combination: Combination, scores: FloatArray, trained: Trained | None = None) -> FloatArray:
    untrained = Trained(np.empty((0, scores.shape[1])), np.empty(0))
    return combination.combine(scores, trained or untrained, np.random.default_rng(0))


def test_the_registry_is_not_empty() -> None:
    assert {"information_gain", "random_forest", "rank_aggregation", "stochastic_ordering"} <= set(DISCOVERED)


@pytest.mark.parametrize("law", combination_laws.LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("name", DISCOVERED)
def test_law(law: Callable[[Combination], None], name: str) -> None:
    law(DISCOVERED[name]())


def test_ranks_are_aggregated_as_by_hand() -> None:
    scores = np.array([[1.0, 30.0], [5.0, 10.0], [9.0, 10.0], [NAN, 40.0]])
    logs = combine(RankAggregation(), scores)
    np.testing.assert_allclose(
        logs, [(log(1 / 3) + log(3 / 4)) / 2, (log(2 / 3) + log(1.5 / 4)) / 2, (log(1) + log(1.5 / 4)) / 2, 0.0]
    )
    linear = combine(RankAggregation("linear"), scores)
    np.testing.assert_allclose(linear, [(1 / 3 + 3 / 4) / 2, (2 / 3 + 1.5 / 4) / 2, (1 + 1.5 / 4) / 2, 1.0])
    with pytest.raises(ValueError, match="scale must be 'log' or 'linear'; got 'square'"):
        RankAggregation("square")  # type: ignore[arg-type]


def test_comparisons_are_those_of_scipys_mann_whitney_test() -> None:
    rng = np.random.default_rng(0)
    scores = np.round(rng.normal(size=(9, 1)) + rng.normal(size=(9, 12)), 6)
    expected = np.zeros(9)
    for one, other in product(range(9), repeat=2):
        if one != other:
            test = mannwhitneyu(
                scores[one], scores[other], alternative="greater", method="asymptotic", use_continuity=False
            )
            expected[one] += test.pvalue < 0.05
            expected[other] -= test.pvalue < 0.05
    found = combine(StochasticOrdering(), scores)
    np.testing.assert_array_equal(np.round(found), expected)
    assert np.abs(found - expected).max() < 0.5
    with pytest.raises(ValueError, match=r"level must lie in \(0, 0.5\]; got 0.7"):
        StochasticOrdering(0.7)


def test_a_lucky_outlier_moves_the_mean_and_not_the_stochastic_ordering() -> None:
    steady, lucky = np.linspace(1.0, 1.2, 10), np.array([*np.linspace(0.0, 0.2, 9), 1000.0])
    found = combine(StochasticOrdering(), np.stack([steady, lucky]))
    assert lucky.mean() > steady.mean()
    assert found[0] > found[1]


def test_few_repeats_find_no_difference_and_are_ordered_by_probability() -> None:
    found = combine(StochasticOrdering(level=0.01), np.array([[1.0, 2.0], [1.5, 3.0], [0.0, 1.2]]))
    assert np.abs(found).max() < 0.5
    assert np.argsort(found).tolist() == [2, 0, 1]


def test_information_gain_turns_over_what_anti_correlates_and_leaves_out_what_repeats() -> None:
    rng = np.random.default_rng(0)
    first, second, noise = rng.normal(size=(3, 400))
    values = first + second
    scores = np.stack([-first, np.exp(-first), second, noise], axis=1)
    trained, rest = Trained(scores[:200], values[:200]), scores[200:]
    found = combine(InformationGain(chosen=2), rest, trained)
    expected = combine(RankAggregation(), np.stack([first, second], axis=1)[200:])
    np.testing.assert_allclose(found, expected)
    with pytest.raises(ValueError, match="chosen must be at least 1 and bins 2; got 0 and 3"):
        InformationGain(chosen=0)


def test_a_random_forest_learns_what_no_sum_of_ranks_tells() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(500, 2))
    values = -np.abs(scores[:, 0] - scores[:, 1])
    found = combine(RandomForest(), scores[300:], Trained(scores[:300], values[:300]))
    assert np.corrcoef(found, values[300:])[0, 1] > 0.8
    assert abs(np.corrcoef(combine(RankAggregation(), scores[300:]), values[300:])[0, 1]) < 0.5
    assert values[:300].min() <= found.min() <= found.max() <= values[:300].max()
    with pytest.raises(ValueError, match="trees must be at least 1; got 0"):
        RandomForest(0)
