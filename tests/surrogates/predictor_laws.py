"""The laws of a predictor: plain functions of a class. ``test_predictor_laws.py`` runs them over all."""

import inspect
import pickle
import random
from typing import get_args

import numpy as np
import pytest
import torch

from spaces import Architecture
from spaces.cell201 import Cell201
from surrogates import Predictor, coverage, kendall_tau
from surrogates.cross_validated import CrossValidated
from surrogates.mean_first import means_of
from surrogates.predictor import FloatArray

SPACE = Cell201("compact", input_shape=(1, 8, 8))
Kind = type[Predictor]


def problem(seed: int, count: int) -> tuple[list[Architecture], FloatArray]:
    """Different cells and a noisy error of each that falls with its convolutions: never a training point twice."""
    rng = np.random.default_rng(seed)
    found: dict[str, Architecture] = {}
    while len(found) < count:
        architecture = SPACE.sample(rng)
        found.setdefault(SPACE.simplify(architecture).key, architecture)
    architectures = list(found.values())
    error = []
    for architecture in architectures:
        ops = [node.op for node in SPACE.simplify(architecture).nodes]
        useful = 2 * ops.count("nor_conv_3x3") + ops.count("nor_conv_1x1") - 0.5 * ops.count("avg_pool_3x3")
        error.append(5 + 20 * np.exp(-useful / 3) + rng.normal(scale=0.3))
    return architectures, np.array(error)


def fitted(kind: Kind, seed: int = 0, count: int = 80) -> Predictor:
    predictor = kind(SPACE)  # type: ignore[call-arg]
    predictor.fit(*problem(seed, count), np.random.default_rng(seed))
    return predictor


def the_same_generator_gives_the_same_predictions(kind: Kind) -> None:
    unseen, _ = problem(9, 30)
    first, second = fitted(kind).predict(unseen), fitted(kind).predict(unseen)
    np.testing.assert_array_equal(first.mean, second.mean)
    np.testing.assert_array_equal(first.std, second.std)


def global_generators_are_neither_read_nor_written(kind: Kind) -> None:
    unseen, _ = problem(9, 10)
    reference = fitted(kind).predict(unseen).mean
    states = random.getstate(), pickle.dumps(np.random.get_state()), torch.get_rng_state().tolist()  # noqa: NPY002
    random.random()
    np.random.rand()  # noqa: NPY002
    torch.rand(1)
    np.testing.assert_array_equal(fitted(kind).predict(unseen).mean, reference)
    random.setstate(states[0])
    np.random.set_state(pickle.loads(states[1]))  # noqa: NPY002
    torch.set_rng_state(torch.tensor(states[2], dtype=torch.uint8))
    fitted(kind).predict(unseen)
    after = random.getstate(), pickle.dumps(np.random.get_state()), torch.get_rng_state().tolist()  # noqa: NPY002
    assert after == states


def a_fit_forgets_the_earlier_one(kind: Kind) -> None:
    unseen, _ = problem(9, 30)
    predictor = fitted(kind, seed=3, count=40)
    predictor.predict(unseen)
    predictor.fit(*problem(0, 80), np.random.default_rng(0))
    expected, found = fitted(kind).predict(unseen), predictor.predict(unseen)
    np.testing.assert_array_equal(found.mean, expected.mean)
    np.testing.assert_array_equal(found.std, expected.std)


def unseen_architectures_are_ranked_and_covered(kind: Kind) -> None:
    """Two hundred unseen cells for each of three training sets; none of them was trained on."""
    covered = []
    for seed in range(3):
        predictor = fitted(kind, seed)
        trained = {SPACE.simplify(architecture).key for architecture in problem(seed, 80)[0]}
        pool, values = problem(seed + 50, 280)
        unseen = [index for index, architecture in enumerate(pool) if SPACE.simplify(architecture).key not in trained]
        assert len(unseen) > 150
        prediction = predictor.predict([pool[index] for index in unseen])
        assert prediction.mean.shape == prediction.std.shape == (len(unseen),)
        assert (prediction.std > 0).all()
        tau = kendall_tau(prediction.mean, values[unseen])
        assert tau is not None
        assert tau > 0.7
        covered.append(coverage(prediction, values[unseen]) or 0.0)
    assert 0.68 < np.mean(covered) < 0.94


def predictions_are_in_the_unit_of_the_targets(kind: Kind) -> None:
    architectures, targets = problem(0, 60)
    unseen, _ = problem(9, 20)
    plain, moved = kind(SPACE), kind(SPACE)  # type: ignore[call-arg]
    plain.fit(architectures, targets, np.random.default_rng(0))
    moved.fit(architectures, 8 * targets - 640, np.random.default_rng(0))
    np.testing.assert_allclose(moved.predict(unseen).mean, 8 * plain.predict(unseen).mean - 640, rtol=1e-3)
    np.testing.assert_allclose(moved.predict(unseen).std, 8 * plain.predict(unseen).std, rtol=1e-2)


def constant_targets_are_predicted_as_they_are(kind: Kind) -> None:
    architectures, _ = problem(0, 10)
    for constant in (3.5, 0.0, -2.0):
        predictor = kind(SPACE)  # type: ignore[call-arg]
        predictor.fit(architectures, np.full(10, constant), np.random.default_rng(0))
        prediction = predictor.predict(architectures[:3])
        np.testing.assert_allclose(prediction.mean, constant)
        assert (prediction.std > 0).all()
        assert (prediction.std < 0.1).all()


def few_or_mostly_equal_targets_are_fitted(kind: Kind) -> None:
    for values in ([1.0, 2.0, 3.0, 4.0], [1.0, 1.0, 1.0, 1.0, 7.0], [1.0, 7.0, 7.0, 7.0], [1e-9, 2e-9, 3e-9, 5e-9]):
        architectures, _ = problem(0, len(values))
        predictor = kind(SPACE)  # type: ignore[call-arg]
        predictor.fit(architectures, np.array(values), np.random.default_rng(0))
        prediction = predictor.predict(architectures)
        assert np.isfinite(prediction.mean).all()
        assert np.isfinite(prediction.std).all()
        assert (prediction.std > 0).all()


def bad_targets_are_refused(kind: Kind) -> None:
    architectures, targets = problem(0, 6)
    predictor = kind(SPACE)  # type: ignore[call-arg]
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="at least 4 trained architectures; got 3"):
        predictor.fit(architectures[:3], targets[:3], rng)
    with pytest.raises(ValueError, match=r"must have shape \(6,\).*got \(5,\)"):
        predictor.fit(architectures, targets[:5], rng)
    for bad in (np.nan, np.inf, -np.inf):
        with pytest.raises(ValueError, match=r"targets must be finite.*target 2 is"):
            predictor.fit(architectures, np.where(np.arange(6) == 2, bad, targets), rng)


def predicting_needs_a_fit(kind: Kind) -> None:
    with pytest.raises(RuntimeError, match="call fit first"):
        kind(SPACE).predict([])  # type: ignore[call-arg]


def nothing_to_predict_gives_nothing(kind: Kind) -> None:
    prediction = fitted(kind, count=8).predict([])
    assert prediction.mean.shape == prediction.std.shape == (0,)


def a_pickle_predicts_the_same(kind: Kind) -> None:
    unseen, _ = problem(9, 10)
    predictor = fitted(kind)
    twin = pickle.loads(pickle.dumps(predictor))
    np.testing.assert_array_equal(twin.predict(unseen).mean, predictor.predict(unseen).mean)


def means_alone_are_those_of_predictions(kind: Kind) -> None:
    unseen, _ = problem(9, 30)
    predictor = fitted(kind, count=40)
    np.testing.assert_array_equal(means_of(predictor, unseen), predictor.predict(unseen).mean)
    assert means_of(predictor, []).shape == (0,)
    with pytest.raises(RuntimeError, match="call fit first"):
        means_of(kind(SPACE), [])  # type: ignore[call-arg]


def left_out_targets_are_not_seen_and_are_covered(kind: Kind) -> None:
    """For predictors that judge themselves: a target that is changed alone hardly moves its own prediction."""
    predictor = kind(SPACE)  # type: ignore[call-arg]
    if not isinstance(predictor, CrossValidated):
        return
    with pytest.raises(RuntimeError, match="call fit first"):
        predictor.left_out()
    architectures, targets = problem(0, 60)
    predictor.fit(architectures, targets, np.random.default_rng(0))
    left_out, seen = predictor.left_out(), predictor.predict(architectures)
    assert np.abs(targets - left_out.mean).mean() > 1.2 * np.abs(targets - seen.mean).mean()
    assert (kendall_tau(left_out.mean, targets) or 0) > 0.6
    assert 0.75 < (coverage(left_out, targets) or 0) < 0.87
    wild = targets.copy()
    wild[3] = targets.max() + 1
    predictor.fit(architectures, wild, np.random.default_rng(0))
    assert abs(predictor.left_out().mean[3] - left_out.mean[3]) < 0.3 * (wild[3] - targets[3])
    predictor.fit(architectures, np.full(60, 3.5), np.random.default_rng(0))
    np.testing.assert_array_equal(predictor.left_out().mean, np.full(60, 3.5))


def no_argument_is_ignored(kind: Kind) -> None:
    """Each number, choice and switch changes what is predicted, if need be beside another choice."""
    architectures, targets = problem(0, 40)

    def outcome(**arguments: object) -> bytes:
        predictor = kind(SPACE, **arguments)  # type: ignore[call-arg]
        predictor.fit(architectures[:30], targets[:30], np.random.default_rng(0))
        prediction = predictor.predict(architectures[30:])
        return np.concatenate([prediction.mean, prediction.std]).tobytes()

    parameters = inspect.signature(kind, eval_str=True).parameters
    choices = [
        (name, one) for name, each in parameters.items() for one in get_args(each.annotation) if type(one) is str
    ]
    bases: dict[int, bytes] = {}
    for name, default in ((name, each.default) for name, each in parameters.items()):
        if name == "folds":  # judge members that cannot judge themselves; those of every default can
            continue
        if type(default) is float:
            others: list[object] = [0.75 * default]
        elif type(default) is int:
            others = [default + 1 if default < 4 else min(10, default // 2)]
        else:
            others = [one for choice, one in choices if choice == name and one != default]
        for other in others:
            for number, base in enumerate([{}, *({choice: one} for choice, one in choices if choice != name)]):
                if number not in bases:
                    bases[number] = outcome(**base)
                if outcome(**base, **{name: other}) != bases[number]:
                    break
            else:
                raise AssertionError(f"{name}={other!r} changes nothing; an argument that is ignored misleads")


LAWS = (
    the_same_generator_gives_the_same_predictions,
    global_generators_are_neither_read_nor_written,
    a_fit_forgets_the_earlier_one,
    unseen_architectures_are_ranked_and_covered,
    predictions_are_in_the_unit_of_the_targets,
    constant_targets_are_predicted_as_they_are,
    few_or_mostly_equal_targets_are_fitted,
    bad_targets_are_refused,
    predicting_needs_a_fit,
    nothing_to_predict_gives_nothing,
    a_pickle_predicts_the_same,
    means_alone_are_those_of_predictions,
    left_out_targets_are_not_seen_and_are_covered,
)
