"""The mean of several predictors."""

import numpy as np
import pytest
from predictor_laws import SPACE, problem

from surrogates import kendall_tau
from surrogates.encodings.log_cost import LogCost
from surrogates.predictor import FloatArray, Predictor
from surrogates.predictors.averaged import Averaged
from surrogates.predictors.gaussian_process import GaussianProcess
from surrogates.predictors.trees import Trees


def trained(predictor: Predictor, count: int = 60) -> Predictor:
    predictor.fit(*problem(0, count), np.random.default_rng(0))
    return predictor


def warped(values: FloatArray, targets: FloatArray) -> FloatArray:
    """The fitted scale up to a line: what the members' means are averaged on, by hand."""
    gaps = np.median(targets - targets.min())
    return np.asarray(np.log((values - targets.min()) / gaps + 0.5))


def test_means_are_averaged_on_the_fitted_scale() -> None:
    _, targets = problem(0, 60)
    unseen, truth = problem(9, 200)
    both = trained(Averaged(SPACE, members=("gaussian_process", "trees"))).predict(unseen)
    rng = np.random.default_rng(0)  # the members draw one after the other
    members: list[Predictor] = [GaussianProcess(SPACE), Trees(SPACE)]
    for member in members:
        member.fit(*problem(0, 60), rng)
    first, second = (member.predict(unseen) for member in members)
    middle = (warped(first.mean, targets) + warped(second.mean, targets)) / 2
    np.testing.assert_allclose(warped(both.mean, targets), middle, rtol=1e-9)
    slopes = [np.exp(warped(mean, targets)) for mean in (first.mean, second.mean, both.mean)]
    expected = slopes[2] * (first.std / slopes[0] + second.std / slopes[1]) / 2
    np.testing.assert_allclose(both.std, expected, rtol=1e-3)
    taus = [kendall_tau(one.mean, truth) or 0.0 for one in (first, second, both)]
    assert taus[2] > min(taus)


def test_a_member_given_twice_is_that_member_where_it_draws_nothing() -> None:
    unseen, _ = problem(9, 50)
    twice = trained(Averaged(SPACE, members=("gaussian_process", "gaussian_process"))).predict(unseen)
    once = trained(GaussianProcess(SPACE)).predict(unseen)
    np.testing.assert_allclose(twice.mean, once.mean, rtol=1e-9)
    np.testing.assert_allclose(twice.std, once.std, rtol=1e-4)


def test_members_read_the_encoding_that_is_given() -> None:
    unseen, _ = problem(9, 50)
    costs = LogCost(SPACE)
    rows = costs.encode(unseen)
    prediction = trained(Averaged(SPACE, costs)).predict(unseen)
    _, same = np.unique(rows, axis=0, return_inverse=True)
    for group in range(same.max() + 1):
        assert np.ptp(prediction.mean[same.ravel() == group]) == pytest.approx(0, abs=1e-9)


class Optimist(Predictor):
    """Promises far less than the best target, whatever it was told, and reads no encoding."""

    def __init__(self, space: object) -> None:
        self.space = space

    def fit(self, architectures, targets, rng):  # type: ignore[no-untyped-def]
        self.best = targets.min()

    def predict(self, architectures):  # type: ignore[no-untyped-def]
        from surrogates import Prediction

        return Prediction(np.full(len(architectures), self.best - 1e6), np.full(len(architectures), 1.0))


def test_a_member_below_the_scale_leaves_the_order_to_the_others() -> None:
    unseen, _ = problem(9, 50)
    prediction = trained(Averaged(SPACE, members=("gaussian_process", f"{__name__}.Optimist"))).predict(unseen)
    assert np.isfinite(prediction.mean).all()
    assert np.isfinite(prediction.std).all()
    assert (prediction.std > 0).all()
    assert kendall_tau(prediction.mean, trained(GaussianProcess(SPACE)).predict(unseen).mean) == pytest.approx(1)


def test_arguments_are_checked() -> None:
    with pytest.raises(ValueError, match=r"members must name at least 2 predictors; got \['trees'\]"):
        Averaged(SPACE, members=("trees",))
    with pytest.raises(ValueError, match=r"expected a predictor: one of .*Got 'tree'.*Did you mean 'trees'"):
        Averaged(SPACE, members=("trees", "tree"))
