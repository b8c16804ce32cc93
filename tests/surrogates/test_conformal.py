"""Conformal intervals against MAPIE, brute force and the theory."""

import math
from statistics import NormalDist

import numpy as np
import pytest
from mapie.regression import CrossConformalRegressor, SplitConformalRegressor
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import KFold, LeaveOneOut

from surrogates import Prediction
from surrogates.conformal import conformal_factor, conformal_quantile, jackknife_plus_interval, split_interval

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(90, 3))
TARGETS = ROWS[:, 0] + RNG.normal(size=90)
UNSEEN = ROWS[60:]


def test_rank_by_hand() -> None:
    errors = np.array([5.0, 1.0, 3.0, 2.0, 4.0, 9.0, 7.0, 8.0, 6.0])
    assert conformal_quantile(errors, 0.8) == 8.0  # the 8th of 9: ceil(10 x 0.8)
    assert conformal_quantile(errors, 0.7) == 7.0  # 10 x 0.7 is a little above 7 in floating point
    assert conformal_quantile(errors, 0.95) == math.inf  # the 10th of 9
    assert conformal_factor(errors, 0.8) == pytest.approx(8.0 / 1.2815516)
    assert conformal_factor(errors[:3], 0.8) == pytest.approx(5.0 / 1.2815516)  # the 4th of 3: the largest stands in


@pytest.mark.parametrize("n", [9, 19, 49])
def test_unseen_errors_are_covered_whatever_their_distribution(n: int) -> None:
    """Over 4,000 draws the share is within 0.02 of what the theory says: ceil((n + 1) 0.8) / (n + 1)."""
    rng = np.random.default_rng(n)
    errors = rng.lognormal(sigma=2, size=(4000, n + 1))
    reach = NormalDist().inv_cdf(0.9)
    covered = [row[-1] <= reach * conformal_factor(row[:-1], 0.8) * (1 + 1e-12) for row in errors]
    assert np.mean(covered) == pytest.approx(np.ceil((n + 1) * 0.8) / (n + 1), abs=0.02)


@pytest.mark.parametrize("share", [0.5, 0.8, 0.9])
def test_split_intervals_are_those_of_mapie(share: float) -> None:
    model = LinearRegression().fit(ROWS[:30], TARGETS[:30])
    other = SplitConformalRegressor(model, confidence_level=share, prefit=True)
    _, expected = other.conformalize(ROWS[30:59], TARGETS[30:59]).predict_interval(UNSEEN)
    errors = np.abs(TARGETS[30:59] - model.predict(ROWS[30:59]))
    lower, upper = split_interval(Prediction(model.predict(UNSEEN), np.ones(30)), errors, share)
    np.testing.assert_allclose(np.column_stack([lower, upper]), expected[:, :, 0])


@pytest.mark.parametrize("parts", [LeaveOneOut(), KFold(5)], ids=["jackknife+", "CV+"])
@pytest.mark.parametrize("share", [0.5, 0.8, 0.9])
def test_jackknife_plus_intervals_are_those_of_mapie(parts: LeaveOneOut | KFold, share: float) -> None:
    rows, targets = ROWS[:50], TARGETS[:50]
    other = CrossConformalRegressor(LinearRegression(), confidence_level=share, method="plus", cv=parts)
    _, expected = other.fit_conformalize(rows, targets).predict_interval(UNSEEN)
    mean, errors = np.empty((50, 30)), np.empty(50)
    for inside, outside in parts.split(rows):
        model = LinearRegression().fit(rows[inside], targets[inside])
        mean[outside] = model.predict(UNSEEN)
        errors[outside] = np.abs(targets[outside] - model.predict(rows[outside]))
    lower, upper = jackknife_plus_interval(mean, np.ones((50, 30)), errors, share)
    np.testing.assert_allclose(np.column_stack([lower, upper]), expected[:, :, 0])


def test_deviations_scale_jackknife_plus_intervals() -> None:
    """The paper's formula by sorting, for each unseen row alone: the 2nd smallest and the 8th smallest of 9."""
    rng = np.random.default_rng(1)
    mean, std, errors = rng.normal(size=(9, 4)), rng.uniform(0.5, 2, size=(9, 4)), rng.exponential(size=9)
    lower, upper = jackknife_plus_interval(mean, std, errors, 0.8)
    for column in range(4):
        assert lower[column] == sorted(mean[i, column] - errors[i] * std[i, column] for i in range(9))[1]
        assert upper[column] == sorted(mean[i, column] + errors[i] * std[i, column] for i in range(9))[7]


def test_too_few_errors_promise_nothing() -> None:
    few, one = np.ones(3), np.ones((3, 2))
    assert np.isinf(split_interval(Prediction(np.zeros(2), np.ones(2)), few, 0.8)).all()
    assert np.isinf(jackknife_plus_interval(one, one, few, 0.8)).all()
