"""Generators keyed by purpose: the same everywhere, different for every key."""

import os
import random
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from evonas.core.randomness import generator, integer_seed

KEYS = st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 10**6), st.text(max_size=12))


def test_the_same_in_another_process() -> None:
    code = (
        "from evonas.core.randomness import generator, integer_seed;"
        "print(generator(7, 3, 'propose').random(3).tolist(), integer_seed(7, 3, 'train'))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "12345"}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert run.stdout.strip() == f"{generator(7, 3, 'propose').random(3).tolist()} {integer_seed(7, 3, 'train')}"


def test_the_numbers_that_journals_rest_on() -> None:
    """Campaigns already begun go on by these. They may change only with a note in the changelog."""
    assert [integer_seed(0, 0, "train"), integer_seed(1, 63, "retrain 2")] == [182018006, 1298884087]


@given(KEYS)
def test_equal_keys_give_equal_streams(key: tuple[int, int, str]) -> None:
    assert generator(*key).random(4).tolist() == generator(*key).random(4).tolist()
    assert 0 <= integer_seed(*key) < 2**31


@given(KEYS, KEYS)
def test_different_keys_give_different_streams(left: tuple[int, int, str], right: tuple[int, int, str]) -> None:
    assume(left != right)
    assert generator(*left).random(4).tolist() != generator(*right).random(4).tolist()


@pytest.mark.parametrize("other", [(1, 0, "train"), (0, 1, "train"), (0, 0, "propose")])
def test_each_part_of_the_key_counts(other: tuple[int, int, str]) -> None:
    assert integer_seed(0, 0, "train") != integer_seed(*other)


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(ValueError, match="non-negative"):
        generator(-1, 0, "train")


def test_no_global_generator_is_touched() -> None:
    random.seed(5)
    before = np.random.get_state()[1].tolist(), random.getstate()  # noqa: NPY002
    generator(0, 0, "train").random(10)
    integer_seed(0, 0, "train")
    assert (np.random.get_state()[1].tolist(), random.getstate()) == before  # noqa: NPY002
