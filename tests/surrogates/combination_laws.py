"""The laws of a combination: plain functions of one. ``test_combinations.py`` runs them over all."""

import pickle
import random

import numpy as np
import pytest

from surrogates.combination import Combination, Trained
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


def combined(combination: Combination, scores: FloatArray, seed: int = 0) -> FloatArray:
    return combination.combine(scores, Trained(*problem(1, 40)), np.random.default_rng(seed))


def good_candidates_score_higher(combination: Combination) -> None:
    """The four proxies alone reach .32 to .69; a random order stays within ±.18."""
    scores, values = problem()
    assert (kendall_tau(combined(combination, scores), values) or 0.0) > 0.5


def scores_are_finite_except_where_nothing_is_known(combination: Combination) -> None:
    scores, _ = problem()
    scores[3] = NAN
    result = combined(combination, scores)
    assert result.shape == (60,)
    assert np.flatnonzero(~np.isfinite(result)).tolist() == [3]
    assert np.isnan(result[3])


def a_candidate_is_judged_whatever_its_place(combination: Combination) -> None:
    scores, _ = problem()
    order = np.random.default_rng(5).permutation(60)
    np.testing.assert_allclose(combined(combination, scores)[order], combined(combination, scores[order]), rtol=1e-12)


def a_rising_map_of_all_scores_changes_no_order(combination: Combination) -> None:
    """Of scores and of the trained's scores alike, as a proxy in another unit would be."""
    scores, _ = problem()
    told, values = problem(1, 40)
    plain = combination.combine(scores, Trained(told, values), np.random.default_rng(0))
    moved = combination.combine(8 * scores + 3, Trained(8 * told + 3, values), np.random.default_rng(0))
    np.testing.assert_allclose(plain, moved, rtol=1e-9)


def arguments_and_global_generators_are_left_as_they_were(combination: Combination) -> None:
    scores, _ = problem()
    trained = Trained(*problem(1, 40))
    copies = scores.copy(), trained.scores.copy(), trained.values.copy()
    states = random.getstate(), pickle.dumps(np.random.get_state())  # noqa: NPY002
    first = combination.combine(scores, trained, np.random.default_rng(3))
    assert (random.getstate(), pickle.dumps(np.random.get_state())) == states  # noqa: NPY002
    random.random(), np.random.rand()  # noqa: NPY002
    np.testing.assert_array_equal(combination.combine(scores, trained, np.random.default_rng(3)), first)
    for now, before in zip((scores, trained.scores, trained.values), copies, strict=True):
        np.testing.assert_array_equal(now, before)


def none_and_one_candidate_are_combined(combination: Combination) -> None:
    scores, _ = problem()
    assert combined(combination, scores[:0]).shape == (0,)
    assert np.isfinite(combined(combination, scores[:1])).tolist() == [True]


def constant_and_unknown_proxies_are_borne(combination: Combination) -> None:
    scores, _ = problem()
    told, values = problem(1, 40)
    for column in (1.0, NAN):
        scores[:, 2] = told[:, 2] = column
        assert np.isfinite(combination.combine(scores, Trained(told, values), np.random.default_rng(0))).all()


def bad_arguments_are_refused(combination: Combination) -> None:
    scores, _ = problem()
    told, values = problem(1, 40)
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"with the same proxies; got \(60, 3\) and \(40, 4\)"):
        combination.combine(scores[:, :3], Trained(told, values), rng)
    with pytest.raises(ValueError, match=r"trained values must have shape \(40,\); got \(39,\)"):
        combination.combine(scores, Trained(told, values[1:]), rng)
    with pytest.raises(ValueError, match="trained values must be finite; leave failures out"):
        combination.combine(scores, Trained(told, np.where(np.arange(40) == 3, NAN, values)), rng)
    with pytest.raises(ValueError, match="a score must be finite, or NaN for 'not known'"):
        combination.combine(np.where(scores > 1, np.inf, scores), Trained(told, values), rng)
    if combination.least_trained:
        few = combination.least_trained - 1
        with pytest.raises(ValueError, match=f"at least {few + 1} trained; got {few}"):
            combination.combine(scores, Trained(told[:few], values[:few]), rng)
    else:
        np.testing.assert_array_equal(
            combination.combine(scores, Trained(told[:0], values[:0]), rng), combined(combination, scores)
        )


LAWS = (
    good_candidates_score_higher,
    scores_are_finite_except_where_nothing_is_known,
    a_candidate_is_judged_whatever_its_place,
    a_rising_map_of_all_scores_changes_no_order,
    arguments_and_global_generators_are_left_as_they_were,
    none_and_one_candidate_are_combined,
    constant_and_unknown_proxies_are_borne,
    bad_arguments_are_refused,
)
