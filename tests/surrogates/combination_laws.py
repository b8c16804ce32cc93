"""The laws of a combination: plain functions of one. ``test_combinations.py`` runs them over all."""

import pickle
import random

import numpy as np
import pytest

from surrogates.combination import Combination, Scored, Trained
from surrogates.predictor import FloatArray
from surrogates.ranking import kendall_tau

NAN = float("nan")


def problem(seed: int = 0, count: int = 60) -> tuple[FloatArray, FloatArray]:
    """Scores of four noisy proxies, some not known, and the values that they are meant to rank."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=count)
    scores = values[:, None] + rng.normal(size=(count, 4)) * np.array([0.5, 0.8, 1.0, 1.5])
    scores[rng.random((count, 4)) < 0.1] = NAN
    scores[np.isnan(scores).all(axis=1), 0] = 0.0
    return scores, values


def scored(scores: FloatArray, seed: int = 2) -> Scored:
    """Sizes and features that say nothing, some not known."""
    rng = np.random.default_rng(seed)
    sizes, features = rng.integers(1, 9, size=len(scores)).astype(float), rng.normal(size=(len(scores), 5))
    features[rng.random(features.shape) < 0.1] = NAN
    return Scored(scores, np.where(rng.random(len(scores)) < 0.1, NAN, sizes), features)


def trained_on(scores: FloatArray, values: FloatArray) -> Trained:
    return Trained(scored(scores, 3), values)


def combined(combination: Combination, candidates: Scored, seed: int = 0) -> FloatArray:
    return combination.combine(candidates, trained_on(*problem(1, 40)), np.random.default_rng(seed))


def good_candidates_score_higher(combination: Combination) -> None:
    """The four proxies alone reach .32 to .69; a random order stays within ±.18."""
    scores, values = problem()
    assert (kendall_tau(combined(combination, scored(scores)), values) or 0.0) > 0.5


def scores_are_finite_except_where_nothing_is_known(combination: Combination) -> None:
    scores, _ = problem()
    scores[3] = NAN
    result = combined(combination, scored(scores))
    assert result.shape == (60,)
    assert np.flatnonzero(~np.isfinite(result)).tolist() == [3]
    assert np.isnan(result[3])


def one_known_proxy_is_enough(combination: Combination) -> None:
    """Whichever it is, and whichever the combination would rather have read."""
    scores, _ = problem()
    scores[:4] = np.where(np.eye(4) == 1, 0.5, NAN)
    assert np.isfinite(combined(combination, scored(scores))).all()


def a_candidate_is_judged_whatever_its_place(combination: Combination) -> None:
    scores, _ = problem()
    order = np.random.default_rng(5).permutation(60)
    candidates = scored(scores)
    moved = combined(combination, candidates.rows(order))
    np.testing.assert_allclose(combined(combination, candidates)[order], moved, rtol=1e-9)


def a_rising_map_of_all_scores_changes_no_order(combination: Combination) -> None:
    """Of scores and of the trained's scores alike, as a proxy in another unit would be."""
    scores, _ = problem()
    told, values = problem(1, 40)
    plain = combination.combine(scored(scores), trained_on(told, values), np.random.default_rng(0))
    moved = combination.combine(scored(8 * scores + 3), trained_on(8 * told + 3, values), np.random.default_rng(0))
    np.testing.assert_allclose(plain, moved, rtol=1e-9)


def arguments_and_global_generators_are_left_as_they_were(combination: Combination) -> None:
    candidates, trained = scored(problem()[0]), trained_on(*problem(1, 40))
    given = [*vars_of(candidates), *vars_of(trained.scored), trained.values]
    copies = [array.copy() for array in given]
    states = random.getstate(), pickle.dumps(np.random.get_state())  # noqa: NPY002
    first = combination.combine(candidates, trained, np.random.default_rng(3))
    assert (random.getstate(), pickle.dumps(np.random.get_state())) == states  # noqa: NPY002
    random.random(), np.random.rand()  # noqa: NPY002
    np.testing.assert_array_equal(combination.combine(candidates, trained, np.random.default_rng(3)), first)
    for now, before in zip(given, copies, strict=True):
        np.testing.assert_array_equal(now, before)


def vars_of(candidates: Scored) -> list[FloatArray]:
    return [candidates.scores, candidates.sizes, candidates.features]


def none_and_one_candidate_are_combined(combination: Combination) -> None:
    candidates = scored(problem()[0])
    assert combined(combination, candidates.rows(np.arange(0))).shape == (0,)
    assert np.isfinite(combined(combination, candidates.rows(np.arange(1)))).tolist() == [True]


def constant_and_unknown_proxies_are_borne(combination: Combination) -> None:
    scores, _ = problem()
    told, values = problem(1, 40)
    for column in (1.0, NAN):
        scores[:, 2] = told[:, 2] = column
        assert np.isfinite(
            combination.combine(scored(scores), trained_on(told, values), np.random.default_rng(0))
        ).all()


def constant_measurements_are_borne(combination: Combination) -> None:
    """Every training may have ended at chance."""
    scores, _ = problem()
    told, values = problem(1, 40)
    same = trained_on(told, np.full_like(values, 10.0))
    assert np.isfinite(combination.combine(scored(scores), same, np.random.default_rng(0))).all()


def scores_alone_are_enough(combination: Combination) -> None:
    """Sizes unknown, and no features or none that is known."""
    scores, expected = problem()
    told, values = problem(1, 40)
    for width in (0, 3):
        candidates, trained = Scored.by_scores(scores), Scored.by_scores(told)
        candidates = Scored(scores, candidates.sizes, np.full((len(scores), width), NAN))
        trained = Scored(told, trained.sizes, np.full((len(told), width), NAN))
        result = combination.combine(candidates, Trained(trained, values), np.random.default_rng(0))
        assert (kendall_tau(result, expected) or 0.0) > 0.5


def bad_arguments_are_refused(combination: Combination) -> None:
    scores, _ = problem()
    told, values = problem(1, 40)
    candidates, trained = scored(scores), trained_on(told, values)
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"scores .* with the same columns; got \(60, 3\) and \(40, 4\)"):
        combination.combine(scored(scores[:, :3]), trained, rng)
    with pytest.raises(ValueError, match=r"features .* with the same columns; got \(60, 0\) and \(40, 5\)"):
        combination.combine(Scored.by_scores(scores), trained, rng)
    with pytest.raises(ValueError, match=r"a row for each of the 60 candidates; got sizes of shape \(59,\)"):
        combination.combine(Scored(scores, candidates.sizes[1:], candidates.features), trained, rng)
    with pytest.raises(ValueError, match=r"trained values must have shape \(40,\); got \(39,\)"):
        combination.combine(candidates, Trained(trained.scored, values[1:]), rng)
    with pytest.raises(ValueError, match="trained values must be finite; leave failures out"):
        combination.combine(candidates, trained_on(told, np.where(np.arange(40) == 3, NAN, values)), rng)
    with pytest.raises(ValueError, match="must be finite, or NaN for 'not known'"):
        combination.combine(scored(np.where(scores > 1, np.inf, scores)), trained, rng)
    count = max(0, combination.least_trained - 1)
    few = Trained(trained.scored.rows(np.arange(count)), values[:count])
    if combination.least_trained:
        expected = f"at least {combination.least_trained} trained; got {count}"
        with pytest.raises(ValueError, match=expected):
            combination.combine(candidates, few, rng)
    else:
        np.testing.assert_array_equal(combination.combine(candidates, few, rng), combined(combination, candidates))


LAWS = (
    good_candidates_score_higher,
    scores_are_finite_except_where_nothing_is_known,
    one_known_proxy_is_enough,
    a_candidate_is_judged_whatever_its_place,
    a_rising_map_of_all_scores_changes_no_order,
    arguments_and_global_generators_are_left_as_they_were,
    none_and_one_candidate_are_combined,
    constant_and_unknown_proxies_are_borne,
    constant_measurements_are_borne,
    scores_alone_are_enough,
    bad_arguments_are_refused,
)
