"""Stochastic gradient descent on one network: the loop that every trainer here runs."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from evonas.core.failure import Failure, is_out_of_memory
from evonas.core.objective import Training
from evonas.core.split import Split
from evonas.core.stop import Stop
from evonas.core.stopping import StoppingRule
from evonas.trainers._batches import Batches
from evonas.trainers._recipe import Recipe
from evonas.trainers._running_average import RunningAverage
from evonas.trainers.score import loss_of, score

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

ROOM_FOR_DATA = 0.5
"""Share of a GPU's free memory that training inputs may take to stay there; larger ones are streamed from the host."""
MOST_SHOWN_BYTES = 2**28
"""Validation inputs that objectives are shown, standardised; only of uint8 pixels that would take more, fewer are."""


def descend(
    model: nn.Module,
    train: Split,
    validation: Split,
    recipe: Recipe,
    seed: int,
    stopping: StoppingRule | None = None,
) -> Training | Failure | Stop:
    """Trains ``model`` in place by a recipe and measures it; see ``Trainer.train``.

    Where the recipe allows it and memory runs out, the network starts anew from its initial weights with half the
    batch size, the rest of the recipe unchanged; the last point of the curve then tells the ``batch_size``.
    """
    import torch

    started = time.perf_counter()
    device = recipe.torch_device()
    model.to(device=device, memory_format=layout(train.inputs))  # type: ignore[call-overload]
    initial = copy.deepcopy(model.state_dict()) if recipe.halve_batch else None
    asked_size = recipe.batch_size
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    while True:
        try:
            losses = _fit(model, placed(train, device), recipe, seed, stopping)
            break
        except Exception as error:
            if initial is None or recipe.batch_size < 4 or not is_out_of_memory(error):
                raise
        recipe = replace(recipe, batch_size=min(recipe.batch_size, len(train)) // 2)
        model.zero_grad(set_to_none=True)
        model.load_state_dict(initial)
        if device.type == "cuda":
            torch.cuda.empty_cache()
    changed = {} if recipe.batch_size == asked_size else {"batch_size": float(recipe.batch_size)}
    return outcome(model, validation, recipe, losses, started, changed)


def outcome(
    model: nn.Module,
    validation: Split,
    recipe: Recipe,
    losses: list[float] | Failure | Stop,
    started: float,
    more: Mapping[str, float],
) -> Training | Failure | Stop:
    """A network that was trained, measured.

    Args:
        model: On its device.
        validation: To measure on.
        recipe: It was trained by.
        losses: Mean training loss of every epoch, or why there are none.
        started: When, by ``time.perf_counter``.
        more: Figures beside those of the validation.
    """
    import torch

    if isinstance(losses, Failure | Stop):
        return losses
    device = recipe.torch_device()
    loss, error_share = score(model, validation)
    if not math.isfinite(loss):
        return _divergence(recipe, f"the validation loss is {loss} after {recipe.epochs} epochs")
    peak = "pack_peak_memory_mb" if "packed" in more else "peak_memory_mb"  # a pack's is nobody's own
    memory = {peak: torch.cuda.max_memory_allocated(device) / 1e6} if device.type == "cuda" else {}
    metrics = {"validation_error": error_share, "validation_loss": loss, "train_loss": losses[-1], **memory, **more}
    curve: list[dict[str, float]] = [{"train_loss": loss} for loss in losses]
    curve[-1].update({"validation_error": error_share, **memory, **more})
    inputs, targets = _shown(validation, device)
    return Training(model, metrics, inputs, targets, recipe.epochs, time.perf_counter() - started, tuple(curve))


def placed(split: Split, device: torch.device, room_bytes: float = math.inf) -> Split:
    """The split on the device whole, images channels last; inputs without room there stay on the host.

    Args:
        split: Anywhere.
        device: To train on.
        room_bytes: What inputs may take there; a GPU's free memory limits it further.
    """
    from evonas.packing import free_bytes

    if device.type == "cuda":
        room_bytes = min(room_bytes, ROOM_FOR_DATA * free_bytes(device))
    stays = split.inputs.nbytes > room_bytes
    split = split.on(device, inputs_too=not stays)
    return replace(split, inputs=split.inputs.contiguous(memory_format=layout(split.inputs)))


def _divergence(recipe: Recipe, what: str) -> Failure:
    """The failure of a loss that left the finite numbers."""
    return Failure("divergence", f"{what}; a learning_rate below {recipe.learning_rate:g} may help")


def optimiser_of(model: nn.Module, recipe: Recipe, steps: int) -> tuple[Optimizer, LRScheduler]:
    """Optimiser and schedule for ``recipe.epochs`` epochs of ``steps`` steps."""
    import torch

    rate, decay = recipe.learning_rate, recipe.weight_decay
    optimiser: Optimizer
    if recipe.optimiser == "sgd":
        optimiser = torch.optim.SGD(
            model.parameters(), rate, recipe.momentum, weight_decay=decay, nesterov=recipe.momentum > 0, fused=True
        )
    else:
        betas = (recipe.momentum, 0.999)
        optimiser = torch.optim.AdamW(model.parameters(), rate, betas, weight_decay=decay, fused=True)
    if recipe.schedule == "cosine":
        return optimiser, torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=recipe.epochs * steps)
    # Without cycle_momentum=False the schedule would run momentum from 0.95 to 0.85, whatever was asked for.
    return optimiser, torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=rate, total_steps=recipe.epochs * steps, cycle_momentum=False
    )


def _fit(
    model: nn.Module, train: Split, recipe: Recipe, seed: int, stopping: StoppingRule | None
) -> list[float] | Failure | Stop:
    """Trains with a whole schedule; gives the mean training loss of every epoch."""
    batches = Batches(train, recipe, [seed], recipe.torch_device())
    optimiser, schedule = optimiser_of(model, recipe, batches.steps)
    average = RunningAverage(recipe.ema) if recipe.ema else None
    losses: list[float] = []
    for _ in range(recipe.epochs):
        losses.append(_train_epoch(model, batches, optimiser, schedule, average))
        found = gone_on(losses, recipe, stopping)
        if not isinstance(found, list):
            return found
    if average is not None:
        average.write()
    return losses


def gone_on(losses: list[float], recipe: Recipe, stopping: StoppingRule | None) -> list[float] | Failure | Stop:
    """The mean losses of the epochs so far, or why the training ends with the last of them."""
    if not math.isfinite(losses[-1]):
        what = f"the training loss became {losses[-1]} in epoch {len(losses)} of {recipe.epochs}"
        return _divergence(recipe, what)
    if stopping is not None and (reason := stopping.verdict(losses)):
        return Stop(recipe.epochs, reason, tuple(losses))
    return losses


def _train_epoch(
    model: nn.Module, batches: Batches, optimiser: Optimizer, schedule: LRScheduler, average: RunningAverage | None
) -> float:
    """One step a batch; the mean of their losses."""
    import torch

    recipe, device = batches.recipe, batches.device
    passing = precision(recipe, device)
    model.train()
    loss_sum = torch.zeros((), device=device)  # stays on the device: reading a loss would wait for the GPU
    for batch in batches.epoch():
        inputs, *asked = (each[0] for each in batch.tensors)
        with passing:
            loss = step_loss(model(inputs), *asked, smoothing=recipe.label_smoothing)
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        if recipe.clip:
            torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
        optimiser.step()
        schedule.step()
        if average is not None:
            average.update(model)
        loss_sum += loss.detach()
    return loss_sum.item() / batches.steps


def step_loss(
    outputs: Tensor, targets: Tensor, others: Tensor | None = None, weight: Tensor | None = None, *, smoothing: float
) -> Tensor:
    """What a step descends on: one training's loss on its batch.

    Args:
        outputs: The network's.
        targets: Of the batch.
        others: Targets of what was mixed in.
        weight: Of the batch's own examples in the mixture, a scalar.
        smoothing: Of labels.
    """
    own = loss_of(outputs, targets, smoothing)
    return (
        own if others is None or weight is None else weight * own + (1 - weight) * loss_of(outputs, others, smoothing)
    )


def precision(recipe: Recipe, device: torch.device) -> AbstractContextManager[None]:
    """The context of a forward pass."""
    import torch

    return torch.autocast(device.type, dtype=torch.bfloat16) if recipe.is_half(device) else nullcontext()


def layout(inputs: Tensor) -> torch.memory_format:
    """Channels last for images: convolutions run faster on them."""
    import torch

    return torch.channels_last if inputs.ndim == 4 else torch.contiguous_format


def _shown(validation: Split, device: torch.device) -> tuple[Tensor, Tensor]:
    """Copies on the device: whatever objectives do to them, the data of the next training stay as they are."""
    import torch

    inputs, targets = validation.inputs, validation.targets
    if inputs.dtype != torch.uint8:
        return inputs.to(device, memory_format=layout(inputs), copy=True), targets.to(device, copy=True)
    fit = max(1, MOST_SHOWN_BYTES // (4 * inputs[0].numel()))
    first = validation.first(fit).on(device)
    return first.ready(first.inputs).contiguous(memory_format=layout(inputs)), first.targets.clone()
