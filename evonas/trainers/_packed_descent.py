"""Stochastic gradient descent on several networks as one program."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from evonas.core.failure import Failure
from evonas.core.objective import Training
from evonas.core.split import Split
from evonas.core.stop import Stop
from evonas.core.stopping import StoppingRule
from evonas.packing import CapturedStep, Pack, Unpackable, first_that_fit, free_bytes, peak_bytes, ready_to_capture
from evonas.trainers._batches import Batches
from evonas.trainers._descent import gone_on, layout, optimiser_of, outcome, placed, precision, step_loss
from evonas.trainers._recipe import Recipe
from evonas.trainers._running_average import RunningAverage

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn
    from torch.optim import Optimizer

ROOM_FOR_A_PACK = 0.8
"""Share of the free memory that a pack may take, by its dry step."""


def descend_together(
    models: Sequence[nn.Module],
    train: Split,
    validation: Split,
    recipes: Sequence[Recipe],
    seeds: Sequence[int],
    stopping: Sequence[StoppingRule | None] = (),
) -> Iterator[tuple[int, Training | Failure | Stop]]:
    """Trains networks of one recipe as ``descend`` does, up to rounding, in packs as large as the memory allows.

    A network whose loss leaves the finite numbers, or whose training is given up, leaves its pack at the end of the
    epoch. Left out are networks that cannot be packed or that nothing can be packed with.

    Args:
        models: Freshly built; trained in place.
        train: To train on.
        validation: To measure on.
        recipes: Each network's own.
        seeds: Each network's own, which fix the order of its batches and what else is drawn.
        stopping: Each network's own rule; empty where all are trained to their end.

    Yields:
        See ``JointTrainer.train_together``.
    """
    rules = list(stopping) or [None] * len(models)
    for recipe in dict.fromkeys(recipes):
        alike = {number: models[number] for number, own in enumerate(recipes) if own == recipe}
        if len(alike) > 1:
            yield from _descend_in_packs(alike, train, validation, recipe, seeds, rules)


def _descend_in_packs(
    models: Mapping[int, nn.Module],
    train: Split,
    validation: Split,
    recipe: Recipe,
    seeds: Sequence[int],
    rules: Sequence[StoppingRule | None],
) -> Iterator[tuple[int, Training | Failure | Stop]]:
    import torch

    device = recipe.torch_device()
    train = placed(train, device)
    for model in models.values():
        model.to(device=device, memory_format=layout(train.inputs)).train()  # type: ignore[call-overload]
    waiting = list(models)
    while len(waiting) > 1:
        numbers, pack = _next_pack(waiting, models, train, recipe, seeds)
        waiting = [number for number in waiting if number not in numbers]
        if pack is None:
            continue
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
        started = time.perf_counter()
        batches = Batches(train, recipe, [seeds[number] for number in numbers], device)
        losses = _fit(pack, batches, [rules[number] for number in numbers])
        del pack  # its memory is the next one's
        share = (time.perf_counter() - started) / len(numbers)
        for number, own in zip(numbers, losses, strict=True):
            began = time.perf_counter() - share
            yield number, outcome(models[number], validation, recipe, own, began, {"packed": float(len(numbers))})


def _next_pack(
    waiting: Sequence[int], models: Mapping[int, nn.Module], train: Split, recipe: Recipe, seeds: Sequence[int]
) -> tuple[list[int], Pack | None]:
    """The next networks that train together, by the memory of a dry step; or those that cannot, without a pack."""
    device = recipe.torch_device()
    pack: Pack | None = None

    def bytes_of(numbers: Sequence[int]) -> int:
        nonlocal pack
        pack = None  # one that did not fit is gone before the next one is measured

        def dry_step() -> None:
            nonlocal pack
            pack = Pack([models[number] for number in numbers], _example(train, device))
            _try(pack, Batches(train, recipe, [seeds[number] for number in numbers], device))

        return peak_bytes(dry_step, device)

    try:
        numbers = first_that_fit(waiting, bytes_of, int(ROOM_FOR_A_PACK * free_bytes(device)))
    except Unpackable as refusal:
        return [waiting[refusal.candidate]], None  # packs are tried from the first on
    return numbers, pack if len(numbers) > 1 else None


def _try(pack: Pack, batches: Batches) -> None:
    """One step, after which everything is as it was before."""
    import torch

    recipe = batches.recipe
    tensors = [*pack.parameters(), *pack.buffers()]
    before = [tensor.detach().clone() for tensor in tensors]
    optimiser, _ = optimiser_of(pack, recipe, 1)
    try:
        _step(pack, optimiser, recipe, batches.device)(*next(batches.epoch()).tensors)
        if recipe.ema:
            RunningAverage(recipe.ema).update(pack)
    finally:  # also where memory runs out
        optimiser.zero_grad(set_to_none=True)
        _let_go(optimiser)
        with torch.no_grad():
            for tensor, value in zip(tensors, before, strict=True):
                tensor.copy_(value)


def _example(train: Split, device: torch.device) -> Tensor:
    return train.ready(train.inputs[:2].to(device))


def _step(pack: Pack, optimiser: Optimizer, recipe: Recipe, device: torch.device) -> CapturedStep:
    import torch

    losses_of = torch.vmap(partial(step_loss, smoothing=recipe.label_smoothing))

    def step(inputs: Tensor, *asked: Tensor) -> Tensor:
        optimiser.zero_grad(set_to_none=True)  # first, so that a captured backward pass makes its own gradients
        with precision(recipe, device):
            losses: Tensor = losses_of(pack(inputs), *asked)
        torch.autograd.backward(losses.sum())
        if recipe.clip:
            pack.clip_gradients(recipe.clip)
        optimiser.step()
        return losses.detach()

    return CapturedStep(step)


def _fit(pack: Pack, batches: Batches, rules: Sequence[StoppingRule | None]) -> list[list[float] | Failure | Stop]:
    """Trains one pack with a whole schedule; gives every network's mean training loss of every epoch."""
    import torch

    recipe, device = batches.recipe, batches.device
    optimiser, schedule = optimiser_of(pack, recipe, batches.steps)
    ready_to_capture(optimiser, device)
    step = _step(pack, optimiser, recipe, device)
    average = RunningAverage(recipe.ema) if recipe.ema else None
    losses: list[list[float]] = [[] for _ in rules]
    found: list[list[float] | Failure | Stop] = [[] for _ in rules]
    running = list(range(len(rules)))
    for epoch in range(recipe.epochs):
        loss_sum = torch.zeros(len(running), device=device)
        for batch in batches.epoch():
            loss_sum += step(*batch.tensors)
            schedule.step()
            if average is not None:
                average.update(pack)
        means = (loss_sum / batches.steps).tolist()
        for number, loss in zip(running, means, strict=True):
            losses[number].append(loss)
            found[number] = gone_on(losses[number], recipe, rules[number])
        staying = [place for place, number in enumerate(running) if isinstance(found[number], list)]
        if not staying:
            break
        if len(staying) < len(running) and epoch < recipe.epochs - 1:
            optimiser.zero_grad(set_to_none=True)  # gradients of the leaving take room
            smaller = pack.repacked(staying, optimiser)
            if average is not None:
                average.values = pack.carried(average.values, smaller)
            pack, step = smaller, _step(smaller, optimiser, recipe, device)
            batches.keep(staying)
            running = [running[place] for place in staying]
    if average is not None:
        average.write()
    pack.hand_back()
    _let_go(optimiser)
    return found


def _let_go(optimiser: Optimizer) -> None:
    """Frees the weights and the state of a finished pack: a schedule and its optimiser hold each other for a while."""
    optimiser.state.clear()
    optimiser.param_groups.clear()
