"""Every law over every combination that the registry discovers, and each beside a reference of its own."""

from collections import Counter
from collections.abc import Callable
from itertools import combinations, product
from math import log

import combination_laws
import numpy as np
import pytest
from scipy.stats import mannwhitneyu, pearsonr, rankdata

from spaces.discovery import discover
from surrogates import COMBINATIONS
from surrogates.combination import Combination, Scored, Trained
from surrogates.combinations.information_gain import InformationGain
from surrogates.combinations.libra import Libra
from surrogates.combinations.per_architecture_weights import PerArchitectureWeights
from surrogates.combinations.random_forest import RandomForest
from surrogates.combinations.rank_aggregation import RankAggregation
from surrogates.combinations.stochastic_ordering import StochasticOrdering
from surrogates.predictor import FloatArray

DISCOVERED = discover(COMBINATIONS)
NAN = float("nan")


def combine(combination: Combination, candidates: Scored | FloatArray, trained: Trained | None = None) -> FloatArray:
    known = candidates if isinstance(candidates, Scored) else Scored.by_scores(candidates)
    return combination.combine(known, trained or Trained.none(known), np.random.default_rng(0))


def test_the_registry_is_not_empty() -> None:
    expected = {"information_gain", "libra", "per_architecture_weights", "random_forest", "rank_aggregation"}
    assert {*expected, "stochastic_ordering"} <= set(DISCOVERED)


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
    trained, rest = Trained(Scored.by_scores(scores[:200]), values[:200]), scores[200:]
    found = combine(InformationGain(chosen=2), rest, trained)
    expected = combine(RankAggregation(), np.stack([first, second], axis=1)[200:])
    np.testing.assert_allclose(found, expected)
    with pytest.raises(ValueError, match="chosen must be at least 1 and bins 2; got 0 and 3"):
        InformationGain(chosen=0)


def test_a_random_forest_learns_what_no_sum_of_ranks_tells() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(500, 2))
    values = -np.abs(scores[:, 0] - scores[:, 1])
    found = combine(RandomForest(), scores[300:], Trained(Scored.by_scores(scores[:300]), values[:300]))
    assert np.corrcoef(found, values[300:])[0, 1] > 0.8
    assert abs(np.corrcoef(combine(RankAggregation(), scores[300:]), values[300:])[0, 1]) < 0.5
    assert values[:300].min() <= found.min() <= found.max() <= values[:300].max()
    with pytest.raises(ValueError, match="trees must be at least 1; got 0"):
        RandomForest(0)


def conditional_entropy(labels: list[tuple[int, ...]], given: list[tuple[int, ...]]) -> float:
    """Counted one by one, with Miller and Madow's correction of either entropy."""
    both, alone = Counter((*one, *other) for one, other in zip(labels, given, strict=True)), Counter(given)
    n = len(labels)
    terms = [sum(-count / n * log(count / n) for count in counts.values()) for counts in (both, alone)]
    return terms[0] - terms[1] + (len(both) - len(alone)) / (2 * n)


def thirds(values: FloatArray) -> list[tuple[int, ...]]:
    return [(int(3 * place / len(values)),) for place in rankdata(values) - 1]


def test_libra_chooses_as_its_algorithm_written_out() -> None:
    """Algorithm 1 of the paper, step by step, on problems of which some end with three proxies and some with fewer."""
    found = set()
    for seed in range(12):
        rng = np.random.default_rng(seed)
        values, sizes = rng.normal(size=(2, 90))
        values += 0.8 * sizes
        scores = (
            values[:, None]
            + rng.normal(size=(90, 7)) * rng.uniform(0.2, 1.5, size=7)
            + sizes[:, None] * rng.normal(size=7)
        )
        ranked = np.apply_along_axis(rankdata, 0, scores)
        rho = [pearsonr(column, rankdata(values))[0] for column in ranked.T]
        signs = np.sign(rho)
        strength = np.abs(rho)
        first = int(strength.argmax())
        near = [z for z in range(7) if z != first and strength[first] - 0.1 < strength[z]]
        chosen = [first]
        if near:
            y, z1 = thirds(values), thirds(signs[first] * scores[:, first])
            told = conditional_entropy(y, z1)
            gains = {
                z: told
                - conditional_entropy(y, [(*a, *b) for a, b in zip(z1, thirds(signs[z] * scores[:, z]), strict=True)])
                for z in near
            }
            chosen.append(min(gains, key=lambda z: gains[z]))
            near.remove(chosen[1])
        if near:
            wanted = pearsonr(rankdata(values), rankdata(sizes))[0]
            bias = {z: signs[z] * pearsonr(ranked[:, z], rankdata(sizes))[0] for z in near}
            chosen.append(min(near, key=lambda z: abs(wanted - bias[z])))
        candidates = Scored.by_scores(rng.normal(size=(20, 7)))
        trained = Trained(Scored(scores, sizes, np.empty((90, 0))), values)
        expected = combine(RankAggregation(), (candidates.scores * signs)[:, chosen])
        np.testing.assert_allclose(combine(Libra(), candidates, trained), expected)
        found.add(len(chosen))
    assert 3 in found
    assert found & {1, 2}


def test_libra_takes_two_where_sizes_are_alike_and_three_where_they_are_not() -> None:
    rng = np.random.default_rng(0)
    sizes, quality = rng.normal(size=(2, 300))
    scores = np.stack([quality + sizes + 0.1 * noise for noise in rng.normal(size=(4, 300))], axis=1)
    told, rest = scores[:200], scores[200:]
    for known, count in ((np.ones(200), 2), (np.full(200, NAN), 2), (sizes[:200], 3)):
        trained = Trained(Scored(told, known, np.empty((200, 0))), (quality + sizes)[:200])
        found = combine(Libra(), rest, trained)
        sets = [list(chosen) for size in (1, 2, 3, 4) for chosen in combinations(range(4), size)]
        matching = [chosen for chosen in sets if np.allclose(found, combine(RankAggregation(), rest[:, chosen]))]
        assert [len(chosen) for chosen in matching] == [count]
    with pytest.raises(ValueError, match="margin must be above 0 and bins at least 2; got 0 and 3"):
        Libra(margin=0)


def test_weights_are_those_of_a_ridge_regression_on_products_left_out_one_at_a_time() -> None:
    """The dual problem in closed form; every penalty judged by fitting anew without each trained candidate."""
    rng = np.random.default_rng(0)
    scores, features = rng.normal(size=(45, 3)), rng.normal(size=(45, 4))
    values = scores[:, 0] * features[:, 1] + scores[:, 1] + 0.3 * rng.normal(size=45)
    ranks = np.apply_along_axis(rankdata, 0, scores) / 45 - 0.5
    scaled = (features - features.mean(axis=0)) / features.std(axis=0) / 2
    kernel = (ranks @ ranks.T) * (1 + scaled @ scaled.T)
    told = np.arange(15, 45)
    kernel /= np.trace(kernel[np.ix_(told, told)]) / 30
    targets = dict(zip(told.tolist(), rankdata(values[told]) / 30, strict=True))

    def predicted(asked: int, rows: list[int], penalty: float) -> float:
        middle = np.eye(len(rows)) - 1 / len(rows)
        inner = middle @ kernel[np.ix_(rows, rows)] @ middle
        y = np.array([targets[row] for row in rows])
        dual = middle @ np.linalg.solve(inner + penalty * np.eye(len(rows)), y - y.mean())
        return float(kernel[asked, rows] @ dual)

    def intercept(rows: list[int], penalty: float) -> float:
        return float(np.mean([targets[row] - predicted(row, rows, penalty) for row in rows]))

    def error(penalty: float) -> float:
        total = 0.0
        for out in told.tolist():
            rows = [row for row in told.tolist() if row != out]
            total += (targets[out] - predicted(out, rows, penalty) - intercept(rows, penalty)) ** 2
        return total

    best = min((10.0**power for power in range(-3, 3)), key=error)
    expected = [predicted(asked, told.tolist(), best) for asked in range(15)]
    unknown = np.full(45, NAN)
    trained = Trained(Scored(scores, unknown, features).rows(told), values[told])
    found = combine(PerArchitectureWeights(), Scored(scores, unknown, features).rows(np.arange(15)), trained)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)


def test_a_proxy_may_count_for_some_architectures_and_against_others() -> None:
    rng = np.random.default_rng(0)
    kinds = rng.choice([-1.0, 1.0], size=(400, 1))
    scores = rng.normal(size=(400, 2))
    values = scores[:, 0] * kinds[:, 0] + 0.2 * rng.normal(size=400)
    known = Scored(scores, np.full(400, NAN), kinds)
    told, rest = np.arange(200), np.arange(200, 400)
    trained = Trained(known.rows(told), values[told])
    found = combine(PerArchitectureWeights(), known.rows(rest), trained)
    assert np.corrcoef(found, values[rest])[0, 1] > 0.8
    blind = combine(
        PerArchitectureWeights(), Scored.by_scores(scores[rest]), Trained(Scored.by_scores(scores[told]), values[told])
    )
    assert abs(np.corrcoef(blind, values[rest])[0, 1]) < 0.3
