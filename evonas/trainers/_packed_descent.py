"""Stochastic gradient descent on several networks as one program."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from evonas.core.failure import Failure
from evonas.core.objective import Training
from evonas.core.split import Split
from evonas.packing import CapturedStep, Pack, Unpackable, free_bytes, packs_that_fit, peak_bytes, ready_to_capture
from evonas.trainers._descent import divergence, layout, optimiser_of, outcome, placed, precision
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
    models: Sequence[nn.Module], train: Split, validation: Split, recipes: Sequence[Recipe], seeds: Sequence[int]
) -> Iterator[tuple[int, Training | Failure]]:
    """Trains networks of one recipe as ``descend`` does, up to rounding, in packs as large as the memory allows.

    A network whose loss leaves the finite numbers leaves its pack at the end of the epoch. Left out are networks that
    cannot be packed or that nothing can be packed with, recipes with ``ema``, ``mixup`` or ``halve_batch``, and data
    that are streamed.

    Args:
        models: Freshly built; trained in place.
        train: To train on.
        validation: To measure on.
        recipes: Each network's own.
        seeds: Each network's own, which fix the order of its batches and what else is drawn.

    Yields:
        See ``JointTrainer.train_together``.
    """
    for recipe in dict.fromkeys(recipes):
        alike = {number: models[number] for number, own in enumerate(recipes) if own == recipe}
        if len(alike) > 1 and not (recipe.ema or recipe.mixup or recipe.halve_batch):
            yield from _descend_in_packs(alike, train, validation, recipe, seeds)


def _descend_in_packs(
    models: Mapping[int, nn.Module], train: Split, validation: Split, recipe: Recipe, seeds: Sequence[int]
) -> Iterator[tuple[int, Training | Failure]]:
    import torch

    device = recipe.torch_device()
    train = placed(train, device)
    if train.inputs.device != device:
        return
    for model in models.values():
        model.to(device=device, memory_format=layout(train.inputs)).train()  # type: ignore[call-overload]
    for numbers in _packs(models, train, recipe):
        if len(numbers) == 1:
            continue
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
        started = time.perf_counter()
        losses = _fit([models[number] for number in numbers], train, recipe, [seeds[number] for number in numbers])
        share = (time.perf_counter() - started) / len(numbers)
        for number, own in zip(numbers, losses, strict=True):
            began = time.perf_counter() - share
            yield number, outcome(models[number], validation, recipe, own, began, {"packed": float(len(numbers))})


def _packs(models: Mapping[int, nn.Module], train: Split, recipe: Recipe) -> list[list[int]]:
    """Numbers of the networks that train together, by the memory of a step on copies of them."""
    import torch

    device = train.inputs.device
    example = train.ready(train.inputs[:2])
    size = min(recipe.batch_size, len(train))

    def bytes_of(numbers: Sequence[int]) -> int:
        def dry_step() -> None:
            pack = Pack([copy.deepcopy(models[number]) for number in numbers], example)
            optimiser, _ = optimiser_of(pack, recipe, 1)
            rows = torch.arange(size, device=device).expand(len(numbers), size)
            _step(pack, optimiser, recipe, device)(train.ready(train.inputs[rows]), train.targets[rows])
            _let_go(optimiser)

        try:
            return peak_bytes(dry_step, device)
        except Unpackable as refusal:
            raise Unpackable(str(refusal), numbers[refusal.candidate]) from refusal

    packable = list(models)
    while True:
        try:
            return packs_that_fit(packable, bytes_of, int(ROOM_FOR_A_PACK * free_bytes(device)))
        except Unpackable as refusal:
            packable.remove(refusal.candidate)


def _step(pack: Pack, optimiser: Optimizer, recipe: Recipe, device: torch.device) -> CapturedStep:
    import torch

    def loss(outputs: Tensor, targets: Tensor) -> Tensor:
        return loss_of(outputs, targets, recipe.label_smoothing)

    def step(inputs: Tensor, targets: Tensor) -> Tensor:
        optimiser.zero_grad(set_to_none=True)  # first, so that a captured backward pass makes its own gradients
        with precision(recipe, device):
            losses: Tensor = torch.vmap(loss)(pack(inputs), targets)
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
    _let_go(optimiser)
    return found


def _let_go(optimiser: Optimizer) -> None:
    """Frees the weights and the state of a finished pack: a schedule and its optimiser hold each other for a while."""
    optimiser.state.clear()
    optimiser.param_groups.clear()
