"""The Gaussian process against formulas by hand, brute force and scikit-learn."""

import time

import numpy as np
import pytest
from predictor_laws import SPACE, problem
from scipy.optimize import approx_fprime
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern, WhiteKernel

from surrogates import coverage, kendall_tau
from surrogates.encodings.columns import Columns
from surrogates.predictors._column_weights import ColumnWeights
from surrogates.predictors.covariance import (
    Covariance,
    covariance_of,
    most_probable,
    negative_log_posterior,
    prior,
    triangle,
)
from surrogates.predictors.gaussian_process import GaussianProcess
from surrogates.predictors.posterior import Posterior
from surrogates.predictors.standardisation import Standardisation

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(30, 5))
TARGETS = np.sin(ROWS[:, 0]) + 0.3 * ROWS[:, 1] + 0.1 * RNG.normal(size=30)
WEIGHTS = ColumnWeights.of(["a(x)", "a(y)", "b", "c(x)", "c(z)"])
LOGARITHMS = np.array([*np.log([0.6, 1.3, 0.07]), *RNG.normal(scale=0.5, size=len(WEIGHTS.spread))])
SCALES = np.array([0.5, 0.7, 0.2, 1.0, 0.1])
COVARIANCE = Covariance(local=0.6, broad=1.3, noise=0.07, scales=SCALES)


def twin() -> GaussianProcessRegressor:
    """scikit-learn's process of the same covariance: sqrt(3) d / length = r, and d² / (2 length²) = 0.05 r²."""
    kernel = (
        ConstantKernel(0.6) * Matern(np.sqrt(3) / SCALES, nu=1.5)
        + ConstantKernel(1.3) * RBF(np.sqrt(10) / SCALES)
        + WhiteKernel(0.07)
    )
    return GaussianProcessRegressor(kernel, alpha=0.0, optimizer=None).fit(ROWS[:20], TARGETS[:20])


def test_one_target_by_hand() -> None:
    """x = 0 with target 2; the new row lies at r = 1: all by hand from the covariance's definition."""
    covariance = Covariance(local=0.5, broad=1.5, noise=0.25, scales=np.array([2.0]))
    posterior = Posterior.of(covariance, np.array([[0.0]]), np.array([2.0]))
    mean, variance = posterior.at(np.array([[0.5]]))
    shared = 0.5 * 2 / np.e + 1.5 * np.exp(-0.05)
    assert mean == pytest.approx([shared * 2.0 / 2.25])
    assert variance == pytest.approx([2.0 - shared**2 / 2.25 + 0.25])


def test_posterior_is_that_of_scikit_learn() -> None:
    mean, variance = Posterior.of(COVARIANCE, ROWS[:20], TARGETS[:20]).at(ROWS[20:])
    expected, deviation = twin().predict(ROWS[20:], return_std=True)
    np.testing.assert_allclose(mean, expected, rtol=1e-9)
    np.testing.assert_allclose(np.sqrt(variance), deviation, rtol=1e-9)


def test_a_columns_weight_is_its_statistics_its_subjects_and_its_own() -> None:
    statistics, subjects, own = [0.1, 0.2, 0.4], [1.0, 2.0, 4.0, 8.0], [0.01, 0.02, 0.03, 0.04, 0.05]
    found = WEIGHTS.scales(np.array(statistics + subjects + own)) ** 2
    # Three statistics share 0.5, and each shares its part among its columns, which differ by 2 in the square.
    bases = np.array([0.5 / 12, 0.5 / 12, 0.5 / 6, 0.5 / 12, 0.5 / 12])
    sums = [0.1 + 1.0 + 0.01, 0.1 + 2.0 + 0.02, 0.2 + 4.0 + 0.03, 0.4 + 1.0 + 0.04, 0.4 + 8.0 + 0.05]
    np.testing.assert_allclose(found, bases * np.exp(sums))
    assert WEIGHTS.spread.tolist() == [1.0] * 3 + [1.5] * 4 + [1.0] * 5


def test_marginal_likelihood_is_that_of_scikit_learn() -> None:
    scales = covariance_of(LOGARITHMS, WEIGHTS).scales
    value, _ = negative_log_posterior(LOGARITHMS, ROWS[:20], WEIGHTS, TARGETS[:20])
    centre, spread = prior(WEIGHTS)
    kernel = (
        ConstantKernel(0.6) * Matern(np.sqrt(3) / scales, nu=1.5)
        + ConstantKernel(1.3) * RBF(np.sqrt(10) / scales)
        + WhiteKernel(0.07)
    )
    other = GaussianProcessRegressor(kernel, alpha=0.0, optimizer=None).fit(ROWS[:20], TARGETS[:20])
    penalty = 0.5 * (((LOGARITHMS - centre) / spread) ** 2).sum()
    assert value == pytest.approx(penalty - other.log_marginal_likelihood_value_)


def test_gradient_is_that_of_finite_differences() -> None:
    _, gradient = negative_log_posterior(LOGARITHMS, ROWS, WEIGHTS, TARGETS)
    steps = approx_fprime(LOGARITHMS, lambda some: negative_log_posterior(some, ROWS, WEIGHTS, TARGETS)[0], 1e-6)
    np.testing.assert_allclose(gradient, steps, rtol=1e-4, atol=1e-4)


def test_the_most_probable_is_a_maximum_and_finds_what_matters() -> None:
    targets = (TARGETS - TARGETS.mean()) / TARGETS.std()
    covariance = most_probable(ROWS, WEIGHTS, targets, iterations=200)
    assert covariance.scales[0] > 2 * covariance.scales[[2, 3, 4]].max()  # the targets are those of columns 0 and 1
    centre, _ = prior(WEIGHTS)
    found = np.log(covariance.scales**2) - WEIGHTS.base
    # The density's maximum, reached a second way: from the weights of the columns, by least squares under the prior.
    gram = (WEIGHTS.shares * WEIGHTS.spread**2) @ WEIGHTS.shares.T
    parameters = WEIGHTS.spread**2 * (WEIGHTS.shares.T @ np.linalg.solve(gram, found))
    logarithms = np.array([*np.log([covariance.local, covariance.broad, covariance.noise]), *parameters])
    value, gradient = negative_log_posterior(logarithms, ROWS, WEIGHTS, targets)
    assert np.abs(gradient).max() < 0.02
    assert value < negative_log_posterior(centre, ROWS, WEIGHTS, targets)[0] - 1


def test_left_out_predictions_are_those_of_refits() -> None:
    mean, variance = Posterior.of(COVARIANCE, ROWS, TARGETS).left_out(TARGETS)
    for index in range(len(ROWS)):
        rest = np.arange(len(ROWS)) != index
        refitted = Posterior.of(COVARIANCE, ROWS[rest], TARGETS[rest]).at(ROWS[[index]])
        np.testing.assert_allclose((mean[index], variance[index]), np.ravel(refitted), rtol=1e-9)


def test_left_out_targets_are_not_seen_and_are_covered_in_their_unit() -> None:
    architectures, targets = problem(0, 80)
    predictor = GaussianProcess(SPACE)
    with pytest.raises(RuntimeError, match="nothing is fitted, so call fit first"):
        predictor.left_out()
    predictor.fit(architectures, targets, np.random.default_rng(0))
    left_out, seen = predictor.left_out(), predictor.predict(architectures)
    assert np.abs(targets - left_out.mean).mean() > 1.5 * np.abs(targets - seen.mean).mean()
    assert (left_out.std > seen.std).all()
    assert 0.75 < (coverage(left_out, targets) or 0) < 0.97
    wild = targets.copy()
    wild[3] = targets.max() + 1  # the warp and lengthscales may see it, the prediction of its own row must not follow
    predictor.fit(architectures, wild, np.random.default_rng(0))
    moved = abs(predictor.left_out().mean[3] - left_out.mean[3])
    assert moved < 0.2 * (wild[3] - targets[3])
    predictor.fit(architectures, np.full(80, 3.5), np.random.default_rng(0))
    np.testing.assert_array_equal(predictor.left_out().mean, np.full(80, 3.5))


def test_many_rows_are_predicted_as_few_are() -> None:
    posterior = Posterior.of(COVARIANCE, ROWS, TARGETS)
    many = np.tile(ROWS, (150, 1))
    mean, variance = posterior.at(many)
    few = posterior.at(ROWS)
    np.testing.assert_allclose(mean, np.tile(few[0], 150), rtol=1e-9)
    np.testing.assert_allclose(variance, np.tile(few[1], 150), rtol=1e-9)


def test_a_singular_covariance_gets_jitter_and_an_indefinite_one_is_refused() -> None:
    singular = np.ones((3, 3))
    factor = triangle(singular)
    np.testing.assert_allclose(factor @ factor.T, singular, atol=1e-6)
    with pytest.raises(np.linalg.LinAlgError, match="must be positive definite"):
        triangle(np.array([[1.0, 2.0], [2.0, 1.0]]))


def test_columns_are_standardised_and_the_unknown_is_typical() -> None:
    nan = np.nan
    rows = np.array([[1, 5, nan, nan, 1], [3, 5, 2, nan, nan], [8, 5, nan, nan, 3]], np.float32)
    columns = Standardisation.of(rows)
    assert columns.kept.tolist() == [0, 4]  # of the third, 2 is all that is known
    found = columns.apply(rows)
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(found.std(axis=0), 1)
    assert found[1, 1] == 0  # between 1 and 3
    assert columns.apply(np.full((1, 5), nan, np.float32))[0] == pytest.approx([(3 - 4) / np.std([1, 3, 8]), 0])


def test_unknown_values_are_learned_around() -> None:
    architectures, targets = problem(0, 80)
    known = {
        SPACE.simplify(architecture).key: {"score": value}
        for architecture, value in zip(architectures[::2], targets[::2], strict=True)
    }
    predictor = GaussianProcess(SPACE, Columns(SPACE, known))
    predictor.fit(architectures, targets, np.random.default_rng(0))
    prediction = predictor.predict(architectures)
    assert (kendall_tau(prediction.mean[::2], targets[::2]) or 0) > 0.9
    assert np.ptp(prediction.mean[1::2]) == pytest.approx(0, abs=1e-9)  # all that is known is that nothing is


def test_columns_that_never_vary_leave_the_typical_target() -> None:
    architectures, targets = problem(0, 40)
    predictor = GaussianProcess(SPACE, Columns(SPACE, {}, ("score",)))
    predictor.fit(architectures, targets, np.random.default_rng(0))
    prediction = predictor.predict(architectures)
    assert np.ptp(prediction.mean) == pytest.approx(0, abs=1e-9)
    assert targets.min() < prediction.mean[0] < targets.max()
    assert (coverage(prediction, targets) or 0) >= 0.8


def test_wider_coverage_gives_wider_intervals() -> None:
    architectures, targets = problem(0, 60)
    unseen, _ = problem(9, 40)
    reach = []
    for share, quantile in ((0.5, 0.6745), (0.95, 1.96)):  # quantiles of the normal distribution
        predictor = GaussianProcess(SPACE, coverage=share)
        predictor.fit(architectures, targets, np.random.default_rng(0))
        reach.append(quantile * predictor.predict(unseen).std)
    assert (reach[1] > reach[0]).all()


def test_lengthscales_come_from_a_share_of_many_targets_and_predictions_from_all() -> None:
    architectures, targets = problem(0, 80)
    unseen, truth = problem(9, 100)
    taus = {}
    for trained, share in ((20, 20), (80, 20), (80, 80)):
        predictor = GaussianProcess(SPACE, likelihood_rows=share)
        predictor.fit(architectures[:trained], targets[:trained], np.random.default_rng(0))
        taus[trained, share] = kendall_tau(predictor.predict(unseen).mean, truth) or 0.0
    assert taus[80, 20] > taus[20, 20]
    assert taus[80, 80] != taus[80, 20]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"likelihood_rows": 3}, "likelihood_rows must be at least 4; got 3"),
        ({"iterations": 0}, "iterations must be at least 1; got 0"),
        ({"coverage": 0.0}, r"coverage must lie between 0 and 1; got 0.0. Try 0.8"),
    ],
)
def test_arguments_are_checked(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GaussianProcess(SPACE, **arguments)  # type: ignore[arg-type]


def test_an_encoding_without_columns_is_refused() -> None:
    architectures, targets = problem(0, 5)
    with pytest.raises(ValueError, match="encoding must have at least one column; got none"):
        GaussianProcess(SPACE, Columns(SPACE)).fit(architectures, targets, np.random.default_rng(0))


def test_fitting_and_scoring_are_fast() -> None:
    architectures, targets = problem(0, 200)
    rng = np.random.default_rng(0)
    pool = [SPACE.sample(rng) for _ in range(10_000)]
    predictor = GaussianProcess(SPACE)
    start = time.perf_counter()
    predictor.fit(architectures, targets, rng)
    predictor.predict(pool)
    assert time.perf_counter() - start < 5  # about 1 s on one idle core; loose, for busy machines
