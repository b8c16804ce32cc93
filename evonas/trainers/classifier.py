"""Trains image classifiers."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING

from evonas.core.failure import Failure
from evonas.core.objective import Training
from evonas.trainers.trainer import Trainer

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler


class Classifier(Trainer):
    """Stochastic gradient descent with Nesterov momentum, cross-entropy and the one-cycle schedule.

    Every number of epochs has its own full schedule: a long schedule read early ranks candidates far worse than a short
    schedule read at its end. Data stay resident on the device; images are laid out channels last.

    Source of the schedule: Smith and Topin, "Super-Convergence", 2019.

    Args:
        epochs: At least 1.
        batch_size: Examples a step, at least 2; a last batch that is smaller is left out of the epoch.
        learning_rate: Peak of the schedule.
        momentum: Nesterov momentum in [0, 1), the same throughout the schedule.
        weight_decay: Not negative.
        device: ``"auto"`` (CUDA where there is one), or a torch device such as ``"cpu"`` or ``"cuda:0"``.

    Raises:
        ValueError: An argument breaks its rule.
    """

    def __init__(
        self,
        epochs: int = 15,
        batch_size: int = 64,
        learning_rate: float = 0.1,
        momentum: float = 0.9,
        weight_decay: float = 5e-4,
        device: str = "auto",
    ) -> None:
        for name, value, holds, rule in (
            ("epochs", epochs, _is_whole(epochs) and epochs >= 1, "a whole number of at least 1"),
            (
                "batch_size",
                batch_size,
                _is_whole(batch_size) and batch_size >= 2,
                "a whole number of at least 2, for batch normalisation",
            ),
            ("learning_rate", learning_rate, 0 < learning_rate < math.inf, "positive and finite"),
            ("momentum", momentum, 0 <= momentum < 1, "in [0, 1)"),
            ("weight_decay", weight_decay, 0 <= weight_decay < math.inf, "finite and not negative"),
        ):
            if not holds:
                raise ValueError(f"classifier: {name} must be {rule}; got {value}")
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.device = device
        self._device()

    def train(
        self, model: nn.Module, train: tuple[Tensor, Tensor], validation: tuple[Tensor, Tensor], seed: int
    ) -> Training | Failure:
        started = time.perf_counter()
        device = self._device()
        model.to(device=device, memory_format=_layout(train[0]))  # type: ignore[call-overload]
        losses = self._fit(model, *_resident(train, device), seed)
        if isinstance(losses, Failure):
            return losses
        inputs, targets = _resident(validation, device)
        validation_loss, error = score(model, inputs, targets)
        if not math.isfinite(validation_loss):
            return self._divergence(f"the validation loss is {validation_loss} after {self.epochs} epochs")
        curve: list[dict[str, float]] = [{"train_loss": loss} for loss in losses]
        curve[-1]["validation_error"] = error
        metrics = {"validation_error": error, "validation_loss": validation_loss, "train_loss": losses[-1]}
        return Training(model, metrics, inputs, targets, self.epochs, time.perf_counter() - started, tuple(curve))

    def _fit(self, model: nn.Module, inputs: Tensor, targets: Tensor, seed: int) -> list[float] | Failure:
        """Trains with a whole schedule; gives the mean training loss of every epoch."""
        import torch

        batch_size = min(self.batch_size, len(targets))
        steps = len(targets) // batch_size
        optimiser, schedule = self._optimiser(model, steps)
        order = torch.Generator().manual_seed(seed)
        losses = []
        for epoch in range(1, self.epochs + 1):
            shuffled = torch.randperm(len(targets), generator=order)[: steps * batch_size].to(targets.device)
            loss = _train_epoch(model, inputs, targets, torch.split(shuffled, batch_size), optimiser, schedule)
            if not math.isfinite(loss):
                return self._divergence(f"the training loss became {loss} in epoch {epoch} of {self.epochs}")
            losses.append(loss)
        return losses

    def _optimiser(self, model: nn.Module, steps: int) -> tuple[Optimizer, LRScheduler]:
        """Optimiser and schedule for ``epochs`` epochs of ``steps`` steps."""
        import torch

        optimiser = torch.optim.SGD(
            model.parameters(),
            lr=self.learning_rate,
            momentum=self.momentum,
            weight_decay=self.weight_decay,
            nesterov=self.momentum > 0,
        )
        # Without cycle_momentum=False the schedule would run momentum from 0.95 to 0.85, whatever was asked for.
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, max_lr=self.learning_rate, total_steps=self.epochs * steps, cycle_momentum=False
        )
        return optimiser, schedule

    def _divergence(self, what: str) -> Failure:
        return Failure("divergence", f"{what}; a learning_rate below {self.learning_rate:g} may help")

    def _device(self) -> torch.device:
        import torch

        if self.device == "auto":
            return torch.device("cuda" if torch.cuda.is_available() else "cpu")
        try:
            return torch.device(self.device)
        except (RuntimeError, TypeError) as error:
            raise ValueError(
                f"classifier: device must be 'auto' or a torch device such as 'cpu' or 'cuda:0'; got {self.device!r}"
            ) from error


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral)  # numpy's integers, too


def _layout(inputs: Tensor) -> torch.memory_format:
    """Channels last for images: convolutions run faster on them."""
    import torch

    return torch.channels_last if inputs.ndim == 4 else torch.contiguous_format


def _resident(examples: tuple[Tensor, Tensor], device: torch.device) -> tuple[Tensor, Tensor]:
    """Copies on the device: whatever objectives do to them, the data of the next training stay as they are."""
    inputs, targets = examples
    return inputs.to(device, memory_format=_layout(inputs), copy=True), targets.to(device, copy=True)


def _train_epoch(
    model: nn.Module,
    inputs: Tensor,
    targets: Tensor,
    batches: Sequence[Tensor],
    optimiser: Optimizer,
    schedule: LRScheduler,
) -> float:
    """One step a batch of row numbers; the mean of their losses."""
    import torch
    from torch.nn.functional import cross_entropy

    model.train()
    loss_sum = torch.zeros((), device=targets.device)  # stays on the device: reading a loss would wait for the GPU
    for batch in batches:
        loss = cross_entropy(model(inputs[batch]), targets[batch])
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        optimiser.step()
        schedule.step()
        loss_sum += loss.detach()
    return loss_sum.item() / len(batches)


def score(model: nn.Module, inputs: Tensor, targets: Tensor, batch_size: int = 1024) -> tuple[float, float]:
    """Mean cross-entropy and share of wrong answers of ``model`` in evaluation mode; leaves it in that mode."""
    import torch
    from torch.nn.functional import cross_entropy

    model.eval()
    loss = torch.zeros((), dtype=torch.float64, device=targets.device)
    wrong = torch.zeros((), dtype=torch.int64, device=targets.device)
    with torch.inference_mode():
        for held_inputs, held_targets in zip(
            torch.split(inputs, batch_size), torch.split(targets, batch_size), strict=True
        ):
            outputs = model(held_inputs.clone())  # a network may work in place on what it is given
            loss += cross_entropy(outputs, held_targets, reduction="sum").double()
            wrong += (outputs.argmax(dim=1) != held_targets).sum()
    return loss.item() / len(targets), wrong.item() / len(targets)
