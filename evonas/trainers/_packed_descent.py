"""Stochastic gradient descent on several networks as one program."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import psutil

from evonas.core.failure import Failure
from evonas.core.objective import Training
from evonas.core.split import Split
from evonas.packing import CapturedStep, Pack, Unpackable, packs_that_fit, peak_bytes, ready_to_capture
from evonas.trainers._descent import descend, divergence, layout, optimiser_of, outcome, placed, precision
from evonas.trainers._recipe import Recipe
from evonas.trainers._variation import Variation
from evonas.trainers.score import loss_of

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn
    from torch.optim import Optimizer

ROOM_FOR_A_PACK = 0.8
"""Share of the free memory that a pack may take, by its dry step."""


def descend_together(
    models: Sequence[nn.Module], train: Split, validation: Split, recipe: Recipe, seeds: Sequence[int]
) -> list[Training | Failure]:
    """Trains each network as ``descend`` does, up to rounding, in packs as large as the memory allows.

    A network whose loss leaves the finite numbers leaves its pack at the end of the epoch. Networks that cannot be
    packed train one at a time; so do all by recipes with ``ema``, ``mixup`` or ``halve_batch``, and on data that are
    streamed.

    Args:
        models: Freshly built; trained in place.
        train: To train on.
        validation: To measure on.
        recipe: Of all of them.
        seeds: Each network's own, which fix the order of its batches and what else is drawn.

    Returns:
        The outcomes in the networks' order; ``seconds`` and the peak memory are its pack's.
    """
    device = recipe.torch_device()
    there = placed(train, device)
    models = [model.to(device=device, memory_format=layout(train.inputs)).train() for model in models]  # type: ignore[call-overload]
    example = there.ready(there.inputs[:2])
    outcomes: list[Training | Failure | None] = [None] * len(models)
    one_at_a_time = bool(recipe.ema or recipe.mixup or recipe.halve_batch or there.inputs.device != device)
    try:
        packs = [] if one_at_a_time else _packs(models, there, recipe, example)
    except Unpackable:
        packs = []
    for numbers in packs:
        started = time.perf_counter()
        losses = _fit([models[number] for number in numbers], there, recipe, [seeds[number] for number in numbers])
        for number, own in zip(numbers, losses, strict=True):
            outcomes[number] = outcome(models[number], validation, recipe, own, started, {})
    return [
        descend(model, train, validation, recipe, seed) if done is None else done
        for model, seed, done in zip(models, seeds, outcomes, strict=True)
    ]


def _packs(models: Sequence[nn.Module], train: Split, recipe: Recipe, example: Tensor) -> list[list[int]]:
    """Numbers of the networks that train together, by the memory of a step on copies of them."""
    import torch

    device = example.device
    free = torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else psutil.virtual_memory().available
    size = min(recipe.batch_size, len(train))

    def bytes_of(numbers: Sequence[int]) -> int:
        def dry_step() -> None:
            pack = Pack([copy.deepcopy(models[number]) for number in numbers], example)
            step = _step(pack, optimiser_of(pack, recipe, 1)[0], recipe, device)
            rows = torch.arange(size, device=device).expand(len(numbers), size)
            step(train.ready(train.inputs[rows]), train.targets[rows])

        return peak_bytes(dry_step, device)

    return packs_that_fit(range(len(models)), bytes_of, int(ROOM_FOR_A_PACK * free))


def _step(pack: Pack, optimiser: Optimizer, recipe: Recipe, device: torch.device) -> CapturedStep:
    import torch

    def loss(outputs: Tensor, targets: Tensor) -> Tensor:
        return loss_of(outputs, targets, recipe.label_smoothing)

    def step(inputs: Tensor, targets: Tensor) -> Tensor:
        with precision(recipe, device):
            losses: Tensor = torch.vmap(loss)(pack(inputs), targets)
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(losses.sum())
        if recipe.clip:
            pack.clip_gradients(recipe.clip)
        optimiser.step()
        return losses.detach()

    return CapturedStep(step)


def _fit(
    models: Sequence[nn.Module], train: Split, recipe: Recipe, seeds: Sequence[int]
) -> list[list[float] | Failure]:
    """Trains one pack with a whole schedule; gives every network's mean training loss of every epoch."""
    import torch

    device = train.inputs.device
    size = min(recipe.batch_size, len(train))
    steps = len(train) // size
    pack = Pack(models, train.ready(train.inputs[:2]))
    optimiser, schedule = optimiser_of(pack, recipe, steps)
    ready_to_capture(optimiser, device)
    step = _step(pack, optimiser, recipe, device)
    orders = [torch.Generator().manual_seed(seed) for seed in seeds]
    variations = [Variation(recipe, seed, device) for seed in seeds]
    found: list[list[float] | Failure] = [[] for _ in models]
    running = list(range(len(models)))
    for epoch in range(1, recipe.epochs + 1):
        shuffled = [torch.randperm(len(train), generator=orders[number])[: steps * size] for number in running]
        loss_sum = torch.zeros(len(running), device=device)
        for rows in torch.split(torch.stack(shuffled).to(device), size, dim=1):
            inputs = train.ready(train.inputs[rows])
            if variations[0].augments:
                own = zip(running, inputs, strict=True)
                inputs = torch.stack([variations[number].augmented(images) for number, images in own])
            loss_sum += step(inputs, train.targets[rows])
            schedule.step()
        staying = []
        for place, loss in enumerate((loss_sum / steps).tolist()):
            so_far = found[running[place]]
            if not math.isfinite(loss):
                what = f"the training loss became {loss} in epoch {epoch} of {recipe.epochs}"
                found[running[place]] = divergence(recipe, what)
            elif isinstance(so_far, list):
                so_far.append(loss)
                staying.append(place)
        if not staying:
            break
        if len(staying) < len(running) and epoch < recipe.epochs:
            pack = pack.repacked(staying, optimiser)
            step = _step(pack, optimiser, recipe, device)
            running = [running[place] for place in staying]
    pack.hand_back()
    return found
