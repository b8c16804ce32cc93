"""What packing saves: operations of a training step, and on a GPU time."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from evonas.benchmarks.gpu_figures import copy_rate, multiply_rate
from evonas.benchmarks.packed_campaign import measure_packed_campaign
from evonas.benchmarks.training import DEPTHS, GPU_BATCH, measure_gpu, random_pixels
from evonas.core.objective import Training
from evonas.datasets.dataset import Splits
from evonas.packing import Pack
from evonas.trainers.classifier import Classifier
from evonas.trainers.trainer import NO_SETTINGS
from spaces.architecture import Architecture
from spaces.cell201 import Cell201
from surrogates.threads import one_torch_thread

EXAMPLES = 4  # of a counted step; their number and size change no count
SIDE = 8


def measure_packing(candidates: int, epochs: int, depths: Sequence[int] = DEPTHS) -> list[dict[str, Any]]:
    """Counts the operations of one SGD step of NAS-Bench-201 networks with 16 channels, packed and one at a time.

    Then the rows of ``measure_packed_campaign``, whole campaigns.

    Counted are PyTorch's operations in the forward and backward pass and the (fused) optimiser's step, but those that
    only look at a tensor otherwise or reserve memory: about one kernel on a GPU each.

    Returns:
        A row for each of ``depths``, cells a stage: ``operations_packed`` of the pack, ``operations_alone`` of all
        candidates' steps together, and ``share``, the first over the second; ``bytes_over_alone``, what the operations
        read and write, likewise. Where there is a CUDA device also the rows of
        ``measure_gpu``, and such with the candidates packed and their steps captured, with ``share_of_copy`` and
        ``share_of_multiply``: the bytes that the operations read and write, and the multiplications and additions of
        forward and backward passes, over what the device copies and multiplies in the same run.
    """
    rows: list[dict[str, Any]] = []
    with one_torch_thread(), torch.random.fork_rng(devices=[]):
        for cells in depths:
            models = _sampled(candidates, cells, SIDE)
            inputs = torch.randn(candidates, EXAMPLES, 3, SIDE, SIDE)
            targets = torch.zeros(candidates, EXAMPLES, dtype=torch.int64)
            pack = Pack(models, inputs[0, :2])
            packed = _counted(pack, _summed, inputs, targets)
            each = [_counted(model, cross_entropy, inputs[0], targets[0]) for model in models]
            alone = sum(one.operations for one in each)
            rows.append(
                {
                    "way": "a step",
                    "device": "cpu",
                    "candidates": candidates,
                    "cells": cells,
                    "operations_packed": packed.operations,
                    "operations_alone": alone,
                    "share": packed.operations / alone,
                    "bytes_over_alone": packed.bytes / sum(one.bytes for one in each),
                }
            )
    rows += measure_packed_campaign(candidates, epochs, depths)
    rows += _on_gpu(candidates, depths) if torch.cuda.is_available() else []
    columns: dict[str, Any] = dict.fromkeys(name for row in rows for name in row)
    return [{**columns, **row} for row in rows]


def _sampled(candidates: int, cells: int, side: int) -> list[nn.Module]:
    space, architectures = _drawn(candidates, cells, side)
    return [space.build(each).train() for each in architectures]


def _drawn(candidates: int, cells: int, side: int) -> tuple[Cell201, list[Architecture]]:
    space = Cell201(cells=cells, channels=16, input_shape=(3, side, side))
    rng = np.random.default_rng(0)
    return space, [space.simplify(space.sample(rng)) for _ in range(candidates)]


def _summed(outputs: Tensor, targets: Tensor) -> Tensor:
    losses: Tensor = torch.vmap(cross_entropy)(outputs, targets)
    return losses.sum()


def _counted(
    model: nn.Module, loss: Callable[[Tensor, Tensor], Tensor], inputs: Tensor, targets: Tensor, half: bool = False
) -> _Counted:
    optimiser = torch.optim.SGD(model.parameters(), 0.1, 0.9, weight_decay=5e-4, nesterov=True, fused=True)
    counted = _Counted()
    for counting in (False, True):  # the first step makes the optimiser's state
        counted.counting = counting
        with counted:
            with torch.autocast(inputs.device.type, torch.bfloat16, enabled=half):
                value = loss(model(inputs), targets)
            optimiser.zero_grad()
            torch.autograd.backward(value)
            optimiser.step()
    return counted


class _Counted(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts operations that compute, and the bytes of the tensors that they read and write."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.operations = self.bytes = 0
        self.counting = False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.name()
        computes = name.startswith("aten::") and not func.is_view and "empty" not in name and "detach" not in name
        result = func(*args, **(kwargs or {}))
        if self.counting and computes:
            self.operations += 1
            self.bytes += sum(each.nbytes for each in tree_leaves((args, kwargs, result)) if isinstance(each, Tensor))
        return result


def _on_gpu(candidates: int, depths: Sequence[int]) -> list[dict[str, Any]]:
    device = torch.device("cuda", 0)
    splits = random_pixels()
    trainer = Classifier(epochs=1, batch_size=GPU_BATCH, device=str(device))
    half = trainer.recipe.is_half(device)
    copied, multiplied = copy_rate(device), multiply_rate(device)
    steps = len(splits.train) // GPU_BATCH
    rows = []
    for cells, alone in zip(depths, measure_gpu(max(2, candidates // 4), depths), strict=True):
        _trained(_sampled(2, cells, 32), splits, trainer)  # warms up
        models = _sampled(candidates, cells, 32)
        space, architectures = _drawn(candidates, cells, 32)
        macs = sum(space.cost(each).macs for each in architectures)
        inputs = splits.train.first(GPU_BATCH).on(device)
        ready, targets = inputs.ready(inputs.inputs), inputs.targets
        moved = {"alone": 0, "packed": 0}
        for model in copy.deepcopy(models):
            moved["alone"] += _counted(model.to(device), cross_entropy, ready, targets, half).bytes
        torch.cuda.synchronize(device)
        started = time.perf_counter()
        sizes = _trained(models, splits, trainer)
        torch.cuda.synchronize(device)
        seconds = time.perf_counter() - started
        together = int(max(sizes))
        pack = Pack([model.train() for model in models[:together]], ready[:2])
        several = (ready.expand(together, *ready.shape), targets.expand(together, len(targets)))
        moved["packed"] = _counted(pack, _summed, *several, half).bytes * candidates // together
        for way, rate in {"alone": alone["candidates_per_hour"], "packed": 3600 * candidates / seconds}.items():
            took = 3600 * candidates / rate
            rows.append(
                {
                    "way": alone["way"] if way == "alone" else f"packed and captured, N={cells}",
                    "device": alone["device"],
                    "candidates": candidates,
                    "cells": cells,
                    "candidates_per_hour": rate,
                    "over_alone": rate / alone["candidates_per_hour"],
                    "packed": 1.0 if way == "alone" else sum(sizes) / len(sizes),
                    "memory_format": "channels last",
                    "captured": way == "packed",
                    "share_of_copy": moved[way] * steps / took / copied,
                    "share_of_multiply": 6.0 * macs * GPU_BATCH * steps / took / multiplied,
                }
            )
    return rows


def _trained(models: list[nn.Module], splits: Splits, trainer: Classifier) -> list[float]:
    """Trains together; gives how many trained as one with each."""
    seeds, settings = range(len(models)), [NO_SETTINGS] * len(models)
    sizes = []
    for _, training in trainer.train_together(models, splits.train, splits.validation, seeds, settings):
        if not isinstance(training, Training):
            raise RuntimeError(f"a training failed: {training}")
        sizes.append(training.metrics["packed"])
    if len(sizes) < len(models):
        raise RuntimeError(f"{len(models) - len(sizes)} of {len(models)} candidates found no room in a pack")
    return sizes
