"""Every law over every space that the registry discovers, and over small variants of each."""

import json
import os
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
import space_laws
from hypothesis import given, settings
from hypothesis import strategies as st
from small_spaces import SMALL

import spaces
from spaces import Space
from spaces.discovery import discover

DISCOVERED: dict[str, Space] = {name: cls() for name, cls in discover(spaces.ROOM).items()}
ENUMERABLE = [name for name, space in SMALL.items() if space.size is not None and space.size <= 2000]
SEEDS = st.integers(0, 2**32 - 1)

Law = Callable[[Space, int], None]


def named(cases: tuple[Law, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("law", cases, ids=lambda law: law.__name__)


def test_the_registry_is_not_empty_and_every_space_has_a_small_variant() -> None:
    assert "cell201" in DISCOVERED
    assert {type(space) for space in DISCOVERED.values()} <= {type(space) for space in SMALL.values()}


@named(space_laws.CHEAP)
@pytest.mark.parametrize("name", [*DISCOVERED, *SMALL])
def test_law(law: Law, name: str) -> None:
    space = {**DISCOVERED, **SMALL}[name]

    @settings(max_examples=25, deadline=None)
    @given(seed=SEEDS)
    def holds(seed: int) -> None:
        law(space, seed)

    holds()


@pytest.mark.slow
@named(space_laws.BUILDING)
@pytest.mark.parametrize("name", DISCOVERED)
def test_law_on_built_networks(law: Law, name: str) -> None:
    @settings(max_examples=2, deadline=None)
    @given(seed=SEEDS)
    def holds(seed: int) -> None:
        law(DISCOVERED[name], seed)

    holds()


@named(space_laws.BUILDING)
@pytest.mark.parametrize("name", SMALL)
def test_law_on_small_built_networks(law: Law, name: str) -> None:
    @settings(max_examples=12, deadline=None)
    @given(seed=SEEDS)
    def holds(seed: int) -> None:
        law(SMALL[name], seed)

    holds()


def test_some_space_is_small_enough_to_enumerate() -> None:
    assert {"three-operations", "identity-or-convolution"} <= set(ENUMERABLE)


@pytest.mark.parametrize("name", ENUMERABLE)
def test_every_function_is_reached_from_every_other_by_mutations(name: str) -> None:
    space_laws.every_function_is_reached_from_every_other_by_mutations(SMALL[name])


def test_samples_and_keys_are_the_same_in_another_process() -> None:
    code = (
        "import json, sys, numpy, spaces\n"
        "from spaces.discovery import discover\n"
        "print(json.dumps({name: [(a.to_json(), a.key, cls().simplify(a).key) for a in"
        " (cls().sample(numpy.random.default_rng(seed)) for seed in range(20))]"
        " for name, cls in discover(spaces.ROOM).items()}))"
    )
    answers = []
    for salt in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": salt}
        run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        answers.append(json.loads(run.stdout))
    here = {}
    for name, space in DISCOVERED.items():
        samples = [space.sample(np.random.default_rng(seed)) for seed in range(20)]
        here[name] = [[sample.to_json(), sample.key, space.simplify(sample).key] for sample in samples]
    assert answers[0] == answers[1] == here
