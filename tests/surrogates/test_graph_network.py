"""The graph network predictor: losses by name, side features, arguments, and dominance with the same networks."""

import time

import numpy as np
import pytest
from predictor_laws import SPACE, problem

from spaces import Space
from spaces.cell201 import Cell201
from surrogates import kendall_tau
from surrogates.dominance import dominates
from surrogates.encodings.columns import Columns
from surrogates.losses import NAMES
from surrogates.predictor import FloatArray
from surrogates.predictors.dominance_network import DominanceNetwork
from surrogates.predictors.graph_network import GraphNetwork

QUICK = {"members": 2, "hidden": 16, "layers": 2, "steps": 40}


@pytest.mark.parametrize("loss", [*NAMES, "comparison"])
def test_every_loss_learns_to_rank_in_the_targets_unit(loss: str) -> None:
    architectures, targets = problem(0, 60)
    unseen, values = problem(7, 200)
    trained = {SPACE.simplify(architecture).key for architecture in architectures}
    fresh = [row for row, architecture in enumerate(unseen) if SPACE.simplify(architecture).key not in trained]
    predictor = GraphNetwork(SPACE, loss=loss, **QUICK)  # type: ignore[arg-type]
    predictor.fit(architectures, targets, np.random.default_rng(0))
    mean = predictor.predict([unseen[row] for row in fresh]).mean
    tau = kendall_tau(mean, values[fresh])
    assert tau is not None
    assert tau > 0.55
    assert np.abs(np.median(mean) - np.median(values[fresh])) < 4  # of a range of about 20


def test_it_learns_from_the_graph_alone_and_from_side_features_that_are_partly_unknown() -> None:
    architectures, targets = problem(0, 60)
    known = {
        SPACE.simplify(architecture).key: {"oracle": value}
        for architecture, value in zip(architectures[::2], targets[::2], strict=True)
    }
    means = []
    for encoding in (Columns(SPACE), Columns(SPACE, known)):
        predictor = GraphNetwork(SPACE, encoding, **QUICK)  # type: ignore[arg-type]
        predictor.fit(architectures, targets, np.random.default_rng(0))
        means.append(predictor.predict(architectures).mean)
        assert np.isfinite(means[-1]).all()
        assert (kendall_tau(means[-1], targets) or 0) > 0.5
    assert np.abs(means[0] - means[1]).max() > 0.01


def test_settings_are_read() -> None:
    space = Cell201("compact", channels=(4, 16), input_shape=(1, 8, 8))
    rng = np.random.default_rng(0)
    architectures = [space.sample(rng) for _ in range(40)]
    targets = np.array([architecture.setting("channels") for architecture in architectures]) + rng.normal(size=40)
    predictor = GraphNetwork(space, Columns(space), **QUICK)  # type: ignore[arg-type]
    predictor.fit(architectures, targets, rng)
    wide = np.array([architecture.setting("channels") == 16 for architecture in architectures])
    mean = predictor.predict(architectures).mean
    assert mean[wide].min() > mean[~wide].max()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"loss": "rmse"}, r"loss must be one of mse, .*, comparison; got 'rmse'"),
        ({"members": 1}, "members must be at least 2; got 1"),
        ({"hidden": 0}, "hidden must be at least 1; got 0"),
        ({"steps": 0}, "steps must be at least 1; got 0"),
        ({"rate": 0.0}, "rate must lie between 0 and 1; got 0.0. Try 0.005"),
        ({"coverage": 0.0}, "coverage must lie between 0 and 1; got 0.0"),
    ],
)
def test_arguments_are_checked(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GraphNetwork(SPACE, **arguments)  # type: ignore[arg-type]


def two_objectives(seed: int, count: int) -> tuple[list, FloatArray]:
    architectures, error = problem(seed, count)
    return architectures, np.column_stack([error, [SPACE.cost(SPACE.simplify(a)).macs for a in architectures]])


def test_dominance_by_hand() -> None:
    values = np.array([[1.0, 1.0], [1.0, 2.0], [2.0, 1.0], [1.0, 1.0]])
    expected = np.array([[0, 1, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 1, 1, 0]], bool)
    np.testing.assert_array_equal(dominates(values, values), expected)


def test_dominance_is_told_of_unseen_architectures() -> None:
    architectures, values = two_objectives(0, 80)
    trained = {SPACE.simplify(architecture).key for architecture in architectures}
    pool, truth = two_objectives(5, 160)
    fresh = [row for row, architecture in enumerate(pool) if SPACE.simplify(architecture).key not in trained][:100]
    unseen, truth = [pool[row] for row in fresh], truth[fresh]
    network = DominanceNetwork(SPACE, members=3, hidden=16, steps=60)
    network.fit(architectures, values, np.random.default_rng(0))
    chance = network.probability(unseen, unseen)
    assert chance.shape == (len(unseen), len(unseen))
    assert chance.min() >= 0
    assert (chance + chance.T).max() <= 1 + 1e-5
    expected = dominates(truth, truth)
    base = expected.mean()
    assert np.mean((chance - expected) ** 2) < 0.9 * base * (1 - base)  # Brier score of always saying the base rate
    ahead = chance[expected][:, None] > chance[~expected][None]
    assert ahead.mean() > 0.85  # the area under the ROC curve; errors are noisy and many costs tie
    again = DominanceNetwork(SPACE, members=3, hidden=16, steps=60)
    again.fit(architectures, values, np.random.default_rng(0))
    np.testing.assert_array_equal(
        again.probability(unseen[:3], unseen[:4]), network.probability(unseen[:3], unseen[:4])
    )
    assert network.probability([], unseen).shape == (0, len(unseen))


def test_dominance_refuses_what_teaches_nothing() -> None:
    architectures, values = two_objectives(0, 6)
    network, rng = DominanceNetwork(SPACE), np.random.default_rng(0)
    with pytest.raises(RuntimeError, match="call fit first"):
        network.probability(architectures, architectures)
    with pytest.raises(ValueError, match="at least 4 trained architectures; got 3"):
        network.fit(architectures[:3], values[:3], rng)
    with pytest.raises(ValueError, match=r"values must have shape \(6, objectives\); got \(6,\)"):
        network.fit(architectures, values[:, 0], rng)
    with pytest.raises(ValueError, match=r"targets must be finite.*target 2 is nan"):
        network.fit(architectures, np.where(np.arange(6)[:, None] == 2, np.nan, values), rng)


def seconds_to_fit_and_to_score(space: Space) -> tuple[float, float]:
    architectures, targets = problem(0, 200)
    rng = np.random.default_rng(0)
    pool = [space.sample(rng) for _ in range(10_000)]
    predictor = GraphNetwork(space)
    start = time.process_time()
    predictor.fit(architectures, targets, rng)
    middle = time.process_time()
    predictor.predict(pool)
    return middle - start, time.process_time() - middle


@pytest.mark.slow
def test_fitting_and_scoring_are_fast() -> None:
    fit, score = seconds_to_fit_and_to_score(SPACE)
    assert fit < 10
    assert score < 4  # about 1 s on one idle core; loose, for busy machines
