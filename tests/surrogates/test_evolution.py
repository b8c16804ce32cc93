"""The genetic programming on data whose best formula is known."""

import pickle
import random

import numpy as np
import pytest
import torch

from surrogates.evolution import Evolution, evolve
from surrogates.predictor import FloatArray
from surrogates.ranking import kendall_tau

SMALL = Evolution(population=80, generations=12)


def data(count: int = 300, seed: int = 0) -> tuple[dict[str, FloatArray], FloatArray]:
    rng = np.random.default_rng(seed)
    scores = {name: rng.normal(size=count) for name in ("good", "half", "noise")}
    return scores, np.minimum(scores["good"], scores["half"])


def test_a_known_formula_is_found_and_ranks_what_was_held_out() -> None:
    formula = evolve(*data(), np.random.default_rng(0), SMALL)
    scores, values = data(seed=1)
    best = max(kendall_tau(column, values) or 0.0 for column in scores.values())
    assert (kendall_tau(formula.apply(scores), values) or 0.0) > max(0.9, best + 0.2)
    assert "noise" not in {one.name for one in formula.inputs}


def test_a_formula_costs_what_it_gains() -> None:
    rng = np.random.default_rng(0)
    scores = {"good": rng.normal(size=200), "noise": rng.normal(size=200)}
    values = scores["good"] + 0.1 * rng.normal(size=200)
    dear = Evolution(population=80, generations=8, parsimony=0.05)
    assert evolve(scores, values, np.random.default_rng(0), dear).text == "good"


def test_the_same_generator_gives_the_same_formula_and_globals_stay() -> None:
    told: list[tuple[int, float, str]] = []
    first = evolve(*data(), np.random.default_rng(3), SMALL, lambda *news: told.append(news))
    states = random.getstate(), pickle.dumps(np.random.get_state()), torch.get_rng_state().tolist()  # noqa: NPY002
    second = evolve(*data(), np.random.default_rng(3), SMALL)
    assert (random.getstate(), pickle.dumps(np.random.get_state()), torch.get_rng_state().tolist()) == states  # noqa: NPY002
    assert first.to_json() == second.to_json()
    assert [generation for generation, _, _ in told] == list(range(1, 13))
    assert told[-1][1] >= told[0][1]


def test_no_formula_is_longer_than_allowed() -> None:
    free = Evolution(population=60, generations=8, parsimony=0.0, most_nodes=5)
    scores, values = data()
    text = evolve(scores, values + 0.2 * scores["noise"] ** 3, np.random.default_rng(0), free).text
    assert sum(text.count(part) for part in (*scores, "+", "-", "*", "(", "2.0", "0.5")) <= 7


def test_bad_data_are_refused() -> None:
    scores, values = data(20)
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="at least one input; got none"):
        evolve({}, values, rng)
    with pytest.raises(ValueError, match="an identifier and no function; got 'tanh'"):
        evolve({"tanh": values}, values, rng)
    with pytest.raises(ValueError, match="scores of half must be finite, one for each value"):
        evolve({**scores, "half": np.full(20, np.nan)}, values, rng)
    with pytest.raises(ValueError, match="at least 16 finite values; got 15"):
        evolve({"good": scores["good"][:15]}, values[:15], rng)
