"""What packing saves: operations of a training step, and on a GPU time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils._python_dispatch import TorchDispatchMode

from evonas.benchmarks.training import GPU_BATCH, measure_gpu, random_pixels
from evonas.core.failure import Failure
from evonas.packing import Pack
from evonas.trainers.classifier import Classifier
from evonas.trainers.trainer import NO_SETTINGS
from spaces.cell201 import Cell201
from surrogates.threads import one_torch_thread

EXAMPLES = 4  # of a counted step; their number and size change no count
SIDE = 8


def measure_packing(candidates: int) -> list[dict[str, Any]]:
    """Counts the operations of one SGD step of NAS-Bench-201 networks with 16 channels, packed and one at a time.

    Counted are PyTorch's operations in the forward and backward pass and the (fused) optimiser's step, but those that
    only look at a tensor otherwise or reserve memory: about one kernel on a GPU each.

    Returns:
        A row for 1 and for 5 cells a stage: ``operations_packed`` of the pack, ``operations_alone`` of all candidates'
        steps together, and ``share``, the first over the second. Where there is a CUDA device also the rows of
        ``measure_gpu``, and such with the candidates packed and their steps captured.
    """
    rows: list[dict[str, Any]] = []
    with one_torch_thread(), torch.random.fork_rng(devices=[]):
        for cells in (1, 5):
            models = _sampled(candidates, cells, SIDE)
            inputs = torch.randn(candidates, EXAMPLES, 3, SIDE, SIDE)
            targets = torch.zeros(candidates, EXAMPLES, dtype=torch.int64)
            pack = Pack(models, inputs[0, :2])
            packed = _operations(pack, _summed, inputs, targets)
            alone = sum(_operations(model, cross_entropy, inputs[0], targets[0]) for model in models)
            row = {"candidates": candidates, "cells": cells, "operations_packed": packed, "operations_alone": alone}
            rows.append({**row, "share": packed / alone})
    return [*rows, *(_on_gpu(candidates) if torch.cuda.is_available() else [])]


def _sampled(candidates: int, cells: int, side: int) -> list[nn.Module]:
    space = Cell201(cells=cells, channels=16, input_shape=(3, side, side))
    rng = np.random.default_rng(0)
    return [space.build(space.simplify(space.sample(rng))).train() for _ in range(candidates)]


def _summed(outputs: Tensor, targets: Tensor) -> Tensor:
    losses: Tensor = torch.vmap(cross_entropy)(outputs, targets)
    return losses.sum()


def _operations(model: nn.Module, loss: Callable[[Tensor, Tensor], Tensor], inputs: Tensor, targets: Tensor) -> int:
    optimiser = torch.optim.SGD(model.parameters(), 0.1, 0.9, weight_decay=5e-4, nesterov=True, fused=True)
    counted = _Counted()
    for counting in (False, True):  # the first step makes the optimiser's state
        counted.counting = counting
        with counted:
            value = loss(model(inputs), targets)
            optimiser.zero_grad()
            torch.autograd.backward(value)
            optimiser.step()
    return counted.operations


class _Counted(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts operations that compute."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.operations = 0
        self.counting = False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.name()
        computes = name.startswith("aten::") and not func.is_view and "empty" not in name and "detach" not in name
        self.operations += self.counting and computes
        return func(*args, **(kwargs or {}))


def _on_gpu(candidates: int) -> list[dict[str, Any]]:
    splits = random_pixels()
    trainer = Classifier(epochs=1, batch_size=GPU_BATCH, device="cuda:0")
    rows = measure_gpu(max(2, candidates // 4))
    for cells, alone in zip((1, 5), list(rows), strict=True):
        _trained(_sampled(2, cells, 32), splits, trainer)  # warms up
        models = _sampled(candidates, cells, 32)
        torch.cuda.synchronize()
        started = time.perf_counter()
        _trained(models, splits, trainer)
        torch.cuda.synchronize()
        rate = 3600 * candidates / (time.perf_counter() - started)
        over = alone["candidates_per_hour"] / rate
        way = f"packed and captured, N={cells}"
        rows.append({**alone, "way": way, "candidates_per_hour": rate, "seconds_over_trainer": over})
    return rows


def _trained(models: list[nn.Module], splits: Any, trainer: Classifier) -> None:
    seeds, settings = range(len(models)), [NO_SETTINGS] * len(models)
    for _, training in trainer.train_together(models, splits.train, splits.validation, seeds, settings):
        if isinstance(training, Failure):
            raise RuntimeError(f"a training failed: {training}")
