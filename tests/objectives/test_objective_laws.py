"""Laws of every objective that the room holds, and references for those that count."""

import functools
import inspect
import math
import tempfile
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from evonas.benchmarks.latency_table import measured_table
from evonas.campaign.reading.rooms import ROOMS
from evonas.core.failure import Failure
from evonas.core.objective import GOALS, NEEDS, Objective, Subject, Training, Unavailable, measured
from spaces.cell201 import Cell201
from spaces.discovery import discover, summary

FOUND = discover(ROOMS["objectives"])
NOISE = 10  # a figure that a clock gives is within this factor of itself, even on a busy machine


@functools.cache
def table() -> str:
    """The path of a table of the operations of ``SPACE``; all its layers are in a few networks."""
    architectures = [SPACE.simplify(SPACE.sample(np.random.default_rng(seed))) for seed in range(24)]
    known = {one.key: one for one in architectures}
    held_out, *fitted = list(known.values())
    whole = np.ones(len(fitted))
    made = measured_table(SPACE, [], (fitted, whole), ([held_out], whole[:1]), torch.device("cpu"), calls=5)
    path = Path(tempfile.mkdtemp()) / "table.json"
    made.write(path)
    return str(path)


# What the constructors that need something are given, by the parameter's name.
SUPPLY: dict[str, Any] = {
    "measure": lambda: lambda cost: cost.macs,
    "column": lambda: "accuracy",
    "goal": lambda: "max",
    "table": table,
}


def made(name: str) -> Objective:
    needed = {
        parameter.name: SUPPLY[parameter.name]()
        for parameter in inspect.signature(FOUND[name]).parameters.values()
        if parameter.default is parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    }
    try:
        return FOUND[name](**needed)
    except Unavailable as missing:
        pytest.skip(f"{name}: {missing}")


SPACE = Cell201(skeleton="compact", channels=(4, 8), input_shape=(1, 8, 8))


def subject(seed: int, needs: str = "architecture") -> Subject:
    """Just as much as the need covers."""
    architecture = SPACE.simplify(SPACE.sample(np.random.default_rng(seed)))
    if needs == "architecture":
        return Subject(architecture, SPACE)
    with torch.random.fork_rng(devices=[]):
        model = SPACE.build(architecture)
    if needs == "model":
        return Subject(architecture, SPACE, built=model)
    metrics = {"validation_error": 0.125, "validation_loss": 1.5, "train_loss": 1.25}
    inputs, targets = torch.zeros(8, 1, 8, 8), torch.zeros(8, dtype=torch.int64)
    trained = Training(model.eval(), metrics, inputs, targets, 15, 0.5)
    return Subject(architecture, SPACE, trained=trained, figures={"accuracy": 91.5})


every_objective = pytest.mark.parametrize("name", FOUND)


def test_the_room_is_not_empty() -> None:
    assert {"column", "function", "macs", "parameters", "validation_error"} <= set(FOUND)


@every_objective
def test_it_says_what_it_is(name: str) -> None:
    objective = made(name)
    assert objective.name
    assert objective.needs in NEEDS
    assert objective.goal in GOALS
    assert isinstance(objective.unit, str)
    assert summary(FOUND[name])
    if name not in ("function", "column"):
        assert objective.name == name


@every_objective
def test_what_it_needs_suffices_and_gives_a_finite_figure(name: str) -> None:
    objective = made(name)
    for seed in range(5):
        value = measured(objective, subject(seed, objective.needs))
        assert isinstance(value, float), value
        assert math.isfinite(value)


def assert_same(objective: Objective, first: object, second: object) -> None:
    """Equal to the last bit, or near it where the objective reads a clock and says so."""
    assert isinstance(first, float), first
    assert isinstance(second, float), second
    if objective.noisy:
        assert first / NOISE < second < first * NOISE
    else:
        assert first == second


@every_objective
def test_it_measures_the_same_again_and_touches_no_global_generator(name: str) -> None:
    objective = made(name)
    seen = subject(3, objective.needs)
    before = torch.get_rng_state(), np.random.get_state()[1].tolist()  # noqa: NPY002
    assert_same(objective, measured(objective, seen), measured(objective, seen))
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.random.get_state()[1].tolist() == before[1]  # noqa: NPY002


@every_objective
def test_it_crosses_to_a_worker(name: str) -> None:
    objective = made(name)
    seen = subject(4, objective.needs)
    sent = cloudpickle.loads(cloudpickle.dumps(objective))
    assert_same(objective, measured(sent, seen), measured(objective, seen))


@every_objective
def test_it_leaves_the_network_as_it_was(name: str) -> None:
    objective = made(name)
    seen = subject(5, "training" if objective.needs == "training" else "model")
    before = state(seen.model)
    threads, gradients = torch.get_num_threads(), torch.is_grad_enabled()
    assert isinstance(measured(objective, seen), float)
    assert state(seen.model) == before
    assert (torch.get_num_threads(), torch.is_grad_enabled()) == (threads, gradients)


def state(model: torch.nn.Module) -> list[Any]:
    """Everything that an objective could leave behind."""
    tensors = [*model.named_parameters(), *model.named_buffers()]
    return [
        [(name, tensor.tolist(), tensor.requires_grad, tensor.grad is None) for name, tensor in tensors],
        [(len(one._forward_hooks), len(one._forward_pre_hooks), one.training) for one in model.modules()],
    ]


@pytest.mark.parametrize("seed", range(4))
def test_macs_and_parameters_are_those_of_the_built_network(seed: int) -> None:
    seen = subject(seed)
    model = subject(seed, "model").model.eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.zeros(1, 1, 8, 8))
    assert made("macs").measure(seen) == counter.get_total_flops() / 2
    assert made("parameters").measure(seen) == sum(one.numel() for one in model.parameters() if one.requires_grad)


def test_losses_are_the_trainings_and_bits_per_byte_those_of_its_nats() -> None:
    assert made("validation_loss").measure(subject(0, "training")) == 1.5
    assert made("bits_per_byte").measure(subject(0, "training")) == pytest.approx(1.5 / 0.6931471805599453)


def test_validation_error_is_the_trainings() -> None:
    assert made("validation_error").measure(subject(0, "training")) == 0.125


def test_a_column_is_the_tables_figure_and_asks_for_a_table() -> None:
    column = made("column")
    assert (column.name, column.needs, column.goal) == ("accuracy", "training", "max")
    assert measured(column, subject(0, "training")) == 91.5
    failure = measured(column, subject(0))
    assert isinstance(failure, Failure)
    assert "column 'accuracy' is read from a table, and there is none here" in failure.message
