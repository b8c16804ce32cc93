"""Packed training is separate training."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from trained_alone import (
    MakeOptimiser,
    adamw,
    batches,
    copies,
    distance,
    networks,
    sgd,
    train_alone,
    train_packed,
)

import spaces
from evonas.packing import Pack, Unpackable
from spaces import Space
from spaces.cell201 import Cell201
from spaces.discovery import discover

COMPACT = Cell201(skeleton="compact", channels=4, input_shape=(1, 8, 8))
STANDARD = Cell201(channels=2, cells=1, input_shape=(3, 8, 8))
EXACT = 1e-12
ROUNDING = 1e-9
"""A gradient below this is rounding where it is zero in theory, as of a bias before a normalisation: AdamW divides it
by its own size, so that such weights, which change no result, may differ; nothing else may."""

SMALLEST: dict[str, dict[str, object]] = {
    "cell101": {"channels": 7, "stacks": 2, "modules": 1, "input_shape": (1, 8, 8)},
    "cell201": {"skeleton": "compact", "channels": (2, 4), "input_shape": (1, 8, 8)},
    "darts": {"channels": 4, "cells": 3, "input_shape": (3, 16, 16)},
    "macro": {"layers": (1, 2), "channels": 4, "head_channels": 8, "input_shape": (3, 8, 8)},
    "mixed_precision": {"space": {"name": "cell201", "skeleton": "compact", "channels": 4, "input_shape": (1, 8, 8)}},
    "mobilenet": {
        "width": 0.25,
        "resolution": None,
        "depth": [1, 2],
        "strides": [1, 2, 1, 2, 1, 1],
        "input_shape": (2, 9, 6),
    },
    "size_nats": {"widths": (2, 4), "input_shape": (3, 8, 8)},
    "transformer": {"embed_dims": 8, "layers": (1, 2), "heads": 1, "input_shape": (7,), "classes": 11},
}


@pytest.mark.parametrize(
    "space", [COMPACT, pytest.param(STANDARD, marks=pytest.mark.slow)], ids=["compact", "nasbench201"]
)
@pytest.mark.parametrize(("make", "clip"), [(sgd, 0.0), (adamw, 0.5)], ids=["sgd", "adamw clipped"])
@settings(max_examples=2, deadline=None)
@given(seed=st.integers(0, 2**20), count=st.integers(1, 5))
def test_thirty_steps_give_the_weights_of_separate_training(
    space: Space, make: MakeOptimiser, clip: float, seed: int, count: int
) -> None:
    models = networks(space, count, seed)
    alone = copies(models)
    inputs, targets = batches(space, 30, count, 8, seed)
    pack = Pack(models, inputs[0, 0, :2])
    losses = train_packed(pack, inputs, targets, make(pack.parameters()), clip)
    pack.hand_back()
    for number, (model, twin) in enumerate(zip(models, alone, strict=True)):
        expected, largest = train_alone(twin, inputs[:, number], targets[:, number], make, clip)
        assert losses[:, number].tolist() == pytest.approx(expected, abs=EXACT)
        if make is sgd:
            assert distance(model, twin) <= EXACT
        else:
            assert distance(model, twin, [name for name, size in largest.items() if size > ROUNDING]) <= EXACT
            assert distance(model, twin) <= 1e-9


@pytest.mark.parametrize("name", sorted(discover(spaces.ROOM)))
def test_candidates_of_every_space_train_exactly_or_are_refused(name: str) -> None:
    space = discover(spaces.ROOM)[name](**SMALLEST.get(name, {}))
    models = networks(space, 3, seed=1)
    inputs, targets = batches(space, 3, 3, 6, seed=1)
    if name in ("grammar", "transformer"):  # their courses depend on shapes
        with pytest.raises(Unpackable, match=r"candidate 0 of 3 cannot be packed: its forward .* train it alone"):
            Pack(models, inputs[0, 0, :2])
        return
    alone = copies(models)
    pack = Pack(models, inputs[0, 0, :2])
    train_packed(pack, inputs, targets, sgd(pack.parameters()))
    pack.hand_back()
    for number, (model, twin) in enumerate(zip(models, alone, strict=True)):
        train_alone(twin, inputs[:, number], targets[:, number], sgd)
        assert distance(model, twin) <= EXACT


@pytest.mark.parametrize("make", [sgd, adamw])
def test_candidates_that_leave_are_done_and_the_rest_goes_on_as_if_nothing_was(make: MakeOptimiser) -> None:
    models = networks(COMPACT, 4, seed=3)
    alone = copies(models)
    inputs, targets = batches(COMPACT, 8, 4, 8, seed=3)
    pack = Pack(models, inputs[0, 0, :2])
    optimiser = make(pack.parameters())
    schedule = torch.optim.lr_scheduler.StepLR(optimiser, step_size=1, gamma=0.5)
    train_packed(pack, inputs[:5], targets[:5], optimiser)
    schedule.step()
    staying = [3, 1]
    pack = pack.repacked(staying, optimiser)
    train_packed(pack, inputs[5:, staying], targets[5:, staying], optimiser)
    pack.hand_back()
    for number, (model, twin) in enumerate(zip(models, alone, strict=True)):
        last = 8 if number in staying else 5
        _train_with_a_halved_rate(twin, inputs[:last, number], targets[:last, number], make, after=5)
        assert distance(model, twin) <= (EXACT if make is sgd else 1e-10)


@pytest.mark.parametrize("make", [sgd, adamw])
def test_state_lies_in_memory_as_its_weights_do_after_one_has_left(make: MakeOptimiser) -> None:
    """A convolution to one channel: its weights are channels last, one of them alone is so by either order."""
    models: list[nn.Module] = [
        nn.Sequential(nn.Conv2d(3, 1, 3), nn.Flatten(), nn.Linear(36, 10)).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        for _ in range(3)
    ]
    pack = Pack(models, torch.randn(2, 3, 8, 8))
    optimiser = make(pack.parameters())
    inputs, targets = torch.randn(2, 3, 4, 3, 8, 8), torch.zeros(2, 3, 4, dtype=torch.int64)
    train_packed(pack, inputs, targets, optimiser)
    pack = pack.repacked([0, 2], optimiser)
    states = [
        (weight.stride(), value.stride())
        for weight, state in optimiser.state.items()
        for value in state.values()
        if isinstance(value, Tensor) and value.shape == weight.shape
    ]
    assert len(states) >= 4
    assert all(weight == value for weight, value in states)


def test_reading_a_network_changes_nothing_of_it_and_one_that_counts_its_own_calls_is_refused() -> None:
    class Normalised(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("mean", torch.zeros(4))
            self.register_buffer("deviation", torch.ones(4))
            self.head = nn.Linear(4, 4)

        def forward(self, x: Tensor) -> Tensor:
            return self.head(nn.functional.batch_norm(x, self.mean, self.deviation, training=self.training))

    class Counting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("calls", torch.zeros(()))
            self.head = nn.Linear(4, 4)

        def forward(self, x: Tensor) -> Tensor:
            self.calls.add_(1)
            return self.head(x)

    model = Normalised()
    Pack([model, Normalised()], torch.ones(2, 4))
    assert torch.equal(model.mean, torch.zeros(4))
    assert torch.equal(model.deviation, torch.ones(4))
    counting = Counting()
    with pytest.raises(Unpackable, match="its forward pass changes calls by itself"):
        Pack([model, counting], torch.ones(2, 4))
    assert counting.calls == 0


def _train_with_a_halved_rate(
    model: nn.Module, inputs: Tensor, targets: Tensor, make: MakeOptimiser, after: int
) -> None:
    optimiser = make(model.parameters())
    for step, (own_inputs, own_targets) in enumerate(zip(inputs, targets, strict=True)):
        if step == after:
            optimiser.param_groups[0]["lr"] /= 2
        optimiser.zero_grad()
        nn.functional.cross_entropy(model(own_inputs), own_targets).backward()
        optimiser.step()


def test_a_candidate_that_diverges_does_not_touch_the_others() -> None:
    models = networks(COMPACT, 3, seed=5)
    with torch.no_grad():
        next(models[1].parameters()).fill_(float("inf"))
    alone = copies(models)
    inputs, targets = batches(COMPACT, 4, 3, 8, seed=5)
    pack = Pack(models, inputs[0, 0, :2])
    losses = train_packed(pack, inputs, targets, sgd(pack.parameters()), clip=0.5)
    pack.hand_back()
    assert losses.isfinite().tolist() == [[True, False, True]] * 4
    for number in (0, 2):
        train_alone(alone[number], inputs[:, number], targets[:, number], sgd, clip=0.5)
        assert distance(models[number], alone[number]) <= EXACT


def test_only_hand_back_writes_to_the_networks() -> None:
    models = networks(COMPACT, 2, seed=7)
    before = copies(models)
    inputs, targets = batches(COMPACT, 1, 2, 8, seed=7)
    state = torch.get_rng_state()
    pack = Pack(models, inputs[0, 0, :2])
    assert torch.equal(state, torch.get_rng_state())
    train_packed(pack, inputs, targets, sgd(pack.parameters()))
    assert [distance(*pair) for pair in zip(models, before, strict=True)] == [0.0, 0.0]
    pack.hand_back()
    for model, twin in zip(models, before, strict=True):
        assert not torch.equal(next(model.parameters()), next(twin.parameters()))


def test_what_candidates_have_in_common_runs_as_one() -> None:
    same = networks(COMPACT, 1, seed=11) * 6
    example = torch.zeros(2, *COMPACT.input_shape, dtype=torch.float64)
    assert len(Pack(same, example).layers) == len(Pack(same[:1], example).layers)


class _Convolutions(TorchDispatchMode):
    """What convolutions are given, and how many numbers all operations read and write."""

    def __init__(self) -> None:
        super().__init__()
        self.channels_last: list[bool] = []
        self.numbers = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if func is torch.ops.aten.convolution.default:
            self.channels_last.append(args[0].stride(1) == 1)
        if not func.is_view:
            self.numbers += sum(
                each.numel() for each in tree_leaves((args, kwargs, result)) if isinstance(each, Tensor)
            )
        return result


def test_a_pack_keeps_the_memory_layout_and_moves_little_more_than_its_networks() -> None:
    models = [model.to(memory_format=torch.channels_last) for model in networks(STANDARD, 6, seed=4)]
    inputs = torch.zeros(6, 8, 8, 8, 3, dtype=torch.float64).permute(0, 1, 4, 2, 3)
    pack = Pack(models, inputs[0, :2])
    with _Convolutions() as alone:
        for model in models:
            model(inputs[0]).sum().backward()
    with _Convolutions() as packed:
        pack(inputs).sum().backward()
    assert len(packed.channels_last) < len(alone.channels_last)
    assert all(packed.channels_last[1:]), "the first are the stems, which the images reach side by side"
    assert packed.numbers < 2 * alone.numbers


class _Shared(nn.Module):
    """A layer twice, and a weight of the network's own."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(4, 4)
        self.scale = nn.Parameter(torch.ones(4))

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(torch.tanh(self.inner(x))).softmax(dim=-1) * self.scale


def test_shared_layers_and_bare_weights_stay_one_weight() -> None:
    models: list[nn.Module] = [_Shared().double() for _ in range(2)]
    alone = copies(models)
    inputs = torch.randn(3, 2, 5, 4, dtype=torch.float64)
    targets = torch.randint(4, (3, 2, 5))
    pack = Pack(models, inputs[0, 0, :2])
    train_packed(pack, inputs, targets, sgd(pack.parameters()))
    for number, (model, twin) in enumerate(zip(models, alone, strict=True)):
        train_alone(twin, inputs[:, number], targets[:, number], sgd)
        assert distance(model, twin) <= EXACT


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (nn.Dropout(0.5), "draws random numbers"),
        (nn.ReLU(inplace=True), "works in place"),
        (nn.Linear(5, 4), r"its forward pass fails \(RuntimeError: mat1"),
        (nn.Flatten(start_dim=0), r"its result is not one tensor \(batch, classes\)"),
    ],
)
def test_what_packing_would_change_is_refused(layer: nn.Module, message: str) -> None:
    models: list[nn.Module] = [nn.Sequential(nn.Linear(4, 4)), nn.Sequential(nn.Linear(4, 4), layer)]
    with pytest.raises(Unpackable, match=f"candidate 1 of 2 cannot be packed: .*{message}.*; train it alone"):
        Pack(models, torch.zeros(2, 4))
