"""Laws of every evaluator that the room holds."""

import inspect
import math
import pickle
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from evonas.campaign.reading.rooms import ROOMS
from evonas.core.evaluation import Evaluator
from evonas.core.joint_evaluator import JointEvaluator
from evonas.datasets.digits import Digits
from evonas.objectives.column import Column
from evonas.objectives.macs import Macs
from evonas.objectives.validation_error import ValidationError
from evonas.trainers.classifier import Classifier
from spaces.architecture import Architecture
from spaces.cell201 import Cell201
from spaces.discovery import discover, summary

FOUND = discover(ROOMS["evaluator"])
SPACE = Cell201(skeleton="compact", channels=4, input_shape=(1, 8, 8))
NOTATION = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|nor_conv_1x1~2|"
ARCHITECTURE = SPACE.simplify(SPACE.parse(NOTATION))
# What constructors are given, by the parameter's name: as the engine does it.
SUPPLY: dict[str, Any] = {
    "space": SPACE,
    "dataset": Digits(train=100),
    "trainer": Classifier(epochs=2, device="cpu"),
    "objectives": [ValidationError(), Macs()],
}

# A table has its columns as objectives, and holds ARCHITECTURE among others.
TABLE = Path(tempfile.mkdtemp()) / "table.csv"
CELLS = [SPACE.sample(np.random.default_rng(seed)) for seed in range(20)]
ROWS = dict.fromkeys([NOTATION, *map(SPACE.format, CELLS)])
TABLE.write_text("arch,validation_error\n" + "".join(f"{arch},0.{n + 1}\n" for n, arch in enumerate(ROWS)))
OWN: dict[str, dict[str, Any]] = {
    "table": {"path": str(TABLE), "objectives": [Column("validation_error", "min"), Macs()], "seconds": 2.5}
}
HANDED_OUT = {"table": SPACE.parse(NOTATION)}  # a table's rows are notations; others get the simplified graph

every_evaluator = pytest.mark.parametrize("name", FOUND)


def made(name: str) -> Evaluator:
    parameters = inspect.signature(FOUND[name]).parameters
    supply = {**SUPPLY, **OWN.get(name, {})}
    return FOUND[name](**{key: value for key, value in supply.items() if key in parameters})


def handed_out(name: str) -> Architecture:
    return HANDED_OUT.get(name, ARCHITECTURE)


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_the_room_is_not_empty() -> None:
    assert {"table", "training"} <= FOUND.keys()


@every_evaluator
def test_an_evaluation_holds_what_needs_training_and_nothing_else(name: str) -> None:
    assert summary(FOUND[name])
    evaluation = made(name).evaluate(handed_out(name), 1)
    assert evaluation.failure is None
    assert set(evaluation.values) == {"validation_error"}
    assert all(type(value) is float and math.isfinite(value) for value in evaluation.values.values())
    assert evaluation.seconds > 0
    assert evaluation.epochs == len(evaluation.curve)


@every_evaluator
def test_the_process_is_as_it_was(name: str, two_threads: None) -> None:
    evaluator = made(name)
    for seed in (1, 2):
        torch.manual_seed(seed)
        before = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()  # noqa: NPY002
        assert evaluator.evaluate(handed_out(name), 3).failure is None
        assert torch.equal(torch.get_rng_state(), before[0])
        assert np.random.get_state()[1].tolist() == before[1]  # noqa: NPY002
        assert random.getstate() == before[2]
        assert torch.get_num_threads() == 2


@every_evaluator
def test_a_seed_gives_the_same_values_whatever_was_evaluated_before(name: str) -> None:
    first, busy = made(name), made(name)
    busy.evaluate(SPACE.simplify(SPACE.sample(np.random.default_rng(0))), 9)
    torch.manual_seed(4)
    values = [evaluator.evaluate(handed_out(name), 3) for evaluator in (first, first, busy)]
    assert len({repr((evaluation.values, evaluation.curve)) for evaluation in values}) == 1


@every_evaluator
def test_it_is_pickled_without_its_data_and_works_afterwards(name: str) -> None:
    evaluator = made(name)
    before = evaluator.evaluate(handed_out(name), 3)
    text = pickle.dumps(evaluator)
    assert len(text) < 5000
    after = pickle.loads(text).evaluate(handed_out(name), 3)
    assert (after.values, after.curve) == (before.values, before.curve)
    assert len(pickle.dumps(before)) < 2000


@every_evaluator
def test_what_is_no_architecture_of_the_space_is_a_failure(name: str) -> None:
    other = Cell201(skeleton="compact", channels=16, input_shape=(1, 8, 8))
    evaluation = made(name).evaluate(other.sample(np.random.default_rng(0)), 1)
    assert evaluation.failure is not None
    assert evaluation.failure.kind == "invalid"
    assert dict(evaluation.values) == {}


@pytest.mark.parametrize("name", [name for name in FOUND if issubclass(FOUND[name], JointEvaluator)])
def test_together_is_alone_and_leaves_the_process_as_it_was(name: str, two_threads: None) -> None:
    evaluator = made(name)
    assert isinstance(evaluator, JointEvaluator)
    architectures = [handed_out(name), *(SPACE.simplify(each) for each in CELLS[:2])]
    alone = [evaluator.evaluate(each, seed) for seed, each in enumerate(architectures)]
    torch.manual_seed(5)
    before = torch.get_rng_state()
    started = time.perf_counter()
    together = evaluator.evaluate_together(architectures, range(3))
    assert 0 < sum(each.seconds for each in together) <= time.perf_counter() - started
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == 2
    for one, other in zip(alone, together, strict=True):
        assert other.failure is one.failure is None
        assert other.epochs == one.epochs
        assert dict(other.values) == pytest.approx(dict(one.values), abs=0.002)  # of 848 answers one may turn
    assert [evaluation.values for evaluation in evaluator.evaluate_together(architectures[:1], [0])] == [
        alone[0].values
    ]
    again = evaluator.evaluate_together(architectures, range(3))
    assert [(each.values, each.curve) for each in again] == [(each.values, each.curve) for each in together]
    assert evaluator.evaluate_together([], []) == []
