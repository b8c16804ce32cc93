"""Objectives that measure: latency, memory, size, against what is known otherwise."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save
from torch import Tensor, nn

from evonas.core.failure import Failure
from evonas.core.objective import Subject, Unavailable, measured
from evonas.exporters import onnx
from evonas.objectives import timing
from evonas.objectives.latency_ms import LatencyMs
from evonas.objectives.model_size_mb import ModelSizeMb
from evonas.objectives.peak_memory_mb import PeakMemoryMb
from evonas.objectives.timing import measuring, timed_in_turn
from spaces.cell201 import Cell201
from spaces.mixed_precision import MixedPrecision

CPU = torch.device("cpu")
SPACE = Cell201(skeleton="compact", channels=4, input_shape=(1, 8, 8))
GRAPH = SPACE.parse("|nor_conv_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_3x3~2|")


def seen(model: nn.Module) -> Subject:
    return Subject(GRAPH, SPACE, built=model)


@pytest.fixture
def built() -> Iterator[nn.Module]:
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        yield SPACE.build(GRAPH)


class Watched(nn.Module):
    """Says what it was run with; a list is shared by copies."""

    def __init__(self, said: list[Any], seconds: float = 0.0) -> None:
        super().__init__()
        self.layer = nn.Linear(64, 10)
        self.said = SharedList(said)
        self.seconds = seconds

    def forward(self, x: Tensor) -> Tensor:
        time.sleep(self.seconds)
        self.said.append((tuple(x.shape), self.training, torch.is_grad_enabled(), torch.get_num_threads()))
        return self.layer(x.flatten(1))


class SharedList:
    def __init__(self, items: list[Any]) -> None:
        self.append = items.append

    def __deepcopy__(self, memo: Any) -> SharedList:
        return self


def test_latency_is_that_of_batches_in_evaluation_mode_on_the_asked_threads() -> None:
    said: list[Any] = []
    found = LatencyMs(batch=3, threads=2, repeats=10).measure(seen(Watched(said, 0.002)))
    assert 2 < found < 20
    assert set(said) == {((3, 1, 8, 8), False, False, 2)}


def test_calls_are_timed_in_turn_and_the_tenth_percentile_leaves_others_work_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each third call takes ten times as long, as on a busy machine: the mean and the spread see it."""
    now, order = [0.0], []
    clock = SimpleNamespace(
        perf_counter_ns=lambda: int(now[0] * 1e6), sleep=lambda seconds: now.__setitem__(0, now[0] + 1000 * seconds)
    )
    monkeypatch.setattr(timing, "time", clock)

    def calling(name: str, milliseconds: float) -> Any:
        def call() -> None:
            order.append(name)
            now[0] += milliseconds * (10 if len(order) % 3 == 0 else 1)

        return call

    one, two = timed_in_turn([calling("one", 1.0), calling("two", 7.0)], CPU, repeats=20, rounds=5)
    assert (one.milliseconds, two.milliseconds) == pytest.approx((1.0, 7.0))
    assert (one.calls, two.calls) == (20, 20)
    turns = [name for name, before in zip(order, [None, *order], strict=False) if name != before]
    assert turns == ["one", "two"] * 6  # once to warm up, and in five rounds
    order.clear()
    assert [each.calls for each in timed_in_turn([calling("one", 1.0), calling("two", 7.0)], CPU, repeats=3)] == [3, 3]
    assert order[2 * timing.WARM_UP :] == ["one", "two"] * 3  # no more rounds than calls that were asked for


def test_the_spread_is_the_median_over_the_tenth_percentile() -> None:
    found = timing.Timing(milliseconds=2.0, median=2.5, calls=9)
    assert found.spread == pytest.approx(0.25)


def test_a_block_that_measures_leaves_threads_gradients_and_generators() -> None:
    before = torch.get_num_threads(), torch.get_rng_state()
    with measuring(threads=2):
        assert (torch.get_num_threads(), torch.is_grad_enabled()) == (2, False)
        torch.rand(3)
    assert torch.is_grad_enabled()
    assert torch.get_num_threads() == before[0]
    assert torch.equal(torch.get_rng_state(), before[1])


def test_onnx_runtime_is_measured_and_the_network_stays(built: nn.Module) -> None:
    before = {name: tensor.clone() for name, tensor in built.state_dict().items()}
    found = measured(LatencyMs("onnx", batch=2, repeats=10), seen(built))
    assert isinstance(found, float), found
    assert 0.001 < found < 100
    assert built.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in built.state_dict().items())


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_compiled_network_is_measured(built: nn.Module) -> None:
    found = measured(LatencyMs("compiled", repeats=10), seen(built))
    assert isinstance(found, float), found
    assert 0.001 < found < 100


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")
def test_a_gpu_is_measured(built: nn.Module) -> None:
    assert 0 < LatencyMs(device="cuda", repeats=10).measure(seen(built)) < 1000
    assert PeakMemoryMb(device="cuda").measure(seen(built)) >= PeakMemoryMb().measure(seen(built))


def test_a_network_that_fails_when_it_runs_is_a_failure_of_its_trial() -> None:
    for objective in (LatencyMs(), PeakMemoryMb()):
        found = measured(objective, seen(nn.Linear(3, 2)))
        assert isinstance(found, Failure)
        assert found.message.startswith(f"objective {objective.name!r} raised RuntimeError: mat1 and mat2 shapes")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"runtime": "tensorrt"}, "runtime must be one of eager, compiled, onnx; got 'tensorrt'"),
        ({"device": "tpu"}, "device must be 'cpu', 'cuda' or 'cuda:N'; got 'tpu'"),
        ({"device": "cpu:1"}, "device must be 'cpu', 'cuda' or 'cuda:N'; got 'cpu:1'"),
        ({"batch": 0}, "batch must be a whole number of at least 1; got 0"),
        ({"threads": 1.5}, "threads must be a whole number of at least 1; got 1.5"),
        ({"repeats": True}, "repeats must be a whole number of at least 1; got True"),
    ],
)
def test_what_cannot_be_measured_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LatencyMs(**arguments)


def test_a_device_that_does_not_exist_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert LatencyMs(device="cuda").device == torch.device("cuda:0")
    assert LatencyMs(device="cuda:1").device == torch.device("cuda:1")
    for made in (LatencyMs, PeakMemoryMb):
        with pytest.raises(Unavailable, match="device 'cuda:2' does not exist: torch sees 2 CUDA devices here"):
            made(device="cuda:2")
    with pytest.raises(ValueError, match="'onnx' is measured on the processor; got device='cuda'"):
        LatencyMs("onnx", "cuda")


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx, "find_spec", lambda package: None)
    with pytest.raises(Unavailable, match=r"onnx, onnxscript, onnxruntime must be installed: pip install 'evonas\["):
        LatencyMs("onnx")


PERCEPTRON = nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.ReLU(), nn.Linear(8, 2))


def test_the_peak_of_a_small_network_is_what_one_counts_by_hand() -> None:
    """Two examples; at the ReLU its input and output are there. Flattening and transposing make no new storage."""
    weights = 64 * 8 + 8 + 8 * 2 + 2
    inputs, hidden = 2 * 64, 2 * 8
    found = PeakMemoryMb(batch=2).measure(seen(PERCEPTRON))
    assert found == pytest.approx(4 * (weights + inputs + hidden + hidden) / 1e6, rel=1e-12)


def test_what_was_freed_does_not_count() -> None:
    """A chain without gradients holds two activations at a time, however long it is; a training step holds them all."""
    chains = [nn.Sequential(nn.Conv2d(1, 1, 1), *[nn.Sigmoid() for _ in range(length)]) for length in (4, 40)]
    short, long = (PeakMemoryMb(batch=8).measure(seen(chain)) for chain in chains)
    assert short == long == pytest.approx(4 * (2 + 3 * 8 * 64) / 1e6)  # the weight and its bias; inputs, and two more
    short, long = (PeakMemoryMb(batch=8, of="training").measure(seen(chain)) for chain in chains)
    assert long - short == pytest.approx(36 * 4 * 8 * 64 / 1e6)


def test_a_training_step_holds_the_gradients_beside_the_weights() -> None:
    wide = nn.Sequential(nn.Flatten(), nn.Linear(64, 4096))
    weights = 4 * 65 * 4096 / 1e6
    assert 2 * weights < PeakMemoryMb(of="training").measure(seen(wide)) < 2.2 * weights
    assert all(parameter.grad is None for parameter in wide.parameters())


def test_an_unknown_pass_is_refused() -> None:
    with pytest.raises(ValueError, match="of must be one of inference, training; got 'both'"):
        PeakMemoryMb(of="both")  # type: ignore[arg-type]


def test_the_size_is_that_of_the_file_that_safetensors_writes(built: nn.Module) -> None:
    file = save(built.state_dict())
    header = 8 + int.from_bytes(file[:8], "little")
    assert ModelSizeMb().measure(seen(built)) * 1e6 == pytest.approx(len(file) - header, rel=1e-12)


def test_tied_weights_count_once_other_types_as_they_are_and_what_is_not_stored_not_at_all() -> None:
    first, second = nn.Linear(4, 4).half(), nn.Linear(4, 4).half()
    second.weight = first.weight
    first.register_buffer("mask", torch.ones(100), persistent=False)
    first.register_buffer("steps", torch.zeros(3, dtype=torch.int64))
    assert ModelSizeMb().measure(seen(nn.Sequential(first, second))) * 1e6 == pytest.approx(2 * (16 + 4 + 4) + 3 * 8)


def test_quantised_weights_take_their_bits() -> None:
    """Against 32 bits: 3x3 convolutions of 4 channels at stage one and 8 at stage two, 8 bits and a scale a channel."""
    sizes = {}
    for bits in (8, 32):
        space = MixedPrecision(
            {"name": "cell201", "skeleton": "compact", "channels": 4, "input_shape": [1, 8, 8]}, bits=[bits]
        )
        graph = space.sample(np.random.default_rng(1))
        with torch.random.fork_rng(devices=[]):
            model = space.build(graph)
        sizes[bits] = ModelSizeMb().measure(Subject(graph, space, built=model)) * 8e6
        ops = [node.op for node in graph.nodes]
    saved = sum(
        ops.count(op) * (24 * channels * channels * area - 32 * channels)
        for op, area in (("nor_conv_1x1", 1), ("nor_conv_3x3", 9))
        for channels in (4, 8)
    )
    assert saved > 0
    assert math.isclose(sizes[32] - sizes[8], saved)
