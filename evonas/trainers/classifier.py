"""Trains image classifiers."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from evonas.core.failure import Failure
from evonas.core.objective import Training
from evonas.trainers.trainer import Trainer

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn


class Classifier(Trainer):
    """Stochastic gradient descent with Nesterov momentum, cross-entropy and the one-cycle schedule.

    Every number of epochs has its own full schedule: a long schedule read early ranks candidates far worse than a short
    schedule read at its end. Data stay resident on the device; images are laid out channels last.

    Source of the schedule: Smith and Topin, "Super-Convergence", 2019.

    Args:
        epochs: At least 1.
        batch_size: Examples a step; a last batch that is smaller is left out of the epoch.
        learning_rate: Peak of the schedule.
        momentum: Nesterov momentum in [0, 1).
        weight_decay: Not negative.
        device: ``"auto"`` (CUDA where there is one), or a torch device such as ``"cpu"`` or ``"cuda:0"``.
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
            ("epochs", epochs, epochs >= 1, "at least 1"),
            ("batch_size", batch_size, batch_size >= 2, "at least 2, for batch normalisation"),
            ("learning_rate", learning_rate, 0 < learning_rate < math.inf, "positive and finite"),
            ("momentum", momentum, 0 <= momentum < 1, "in [0, 1)"),
            ("weight_decay", weight_decay, 0 <= weight_decay < math.inf, "not negative"),
        ):
            if not holds:
                raise ValueError(f"classifier: {name} must be {rule}; got {value}")
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.device = device

    def train(
        self, model: nn.Module, train: tuple[Tensor, Tensor], validation: tuple[Tensor, Tensor], seed: int
    ) -> Training | Failure:
        import torch
        from torch.nn.functional import cross_entropy

        started = time.perf_counter()
        device = self._device()
        layout = torch.channels_last if train[0].ndim == 4 else torch.contiguous_format
        model.to(device=device, memory_format=layout)  # type: ignore[call-overload]
        inputs, targets = train[0].to(device, memory_format=layout), train[1].to(device)
        batch_size = min(self.batch_size, len(targets))
        steps = len(targets) // batch_size
        optimiser = torch.optim.SGD(
            model.parameters(),
            lr=self.learning_rate,
            momentum=self.momentum,
            weight_decay=self.weight_decay,
            nesterov=self.momentum > 0,
        )
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, max_lr=self.learning_rate, total_steps=self.epochs * steps
        )
        order = torch.Generator().manual_seed(seed)
        curve: list[dict[str, float]] = []
        for epoch in range(self.epochs):
            model.train()
            loss_sum = torch.zeros((), device=device)
            permutation = torch.randperm(len(targets), generator=order).to(device)
            for batch in torch.split(permutation[: steps * batch_size], batch_size):
                loss = cross_entropy(model(inputs[batch]), targets[batch])
                optimiser.zero_grad(set_to_none=True)
                torch.autograd.backward(loss)
                optimiser.step()
                schedule.step()
                loss_sum += loss.detach()
            train_loss = loss_sum.item() / steps
            if not math.isfinite(train_loss):
                return Failure(
                    "divergence",
                    f"the training loss became {train_loss} in epoch {epoch + 1} of {self.epochs}; "
                    f"a learning_rate below {self.learning_rate:g} may help",
                )
            curve.append({"train_loss": train_loss})
        held_inputs, held_targets = validation[0].to(device, memory_format=layout), validation[1].to(device)
        validation_loss, error = score(model, held_inputs, held_targets)
        if not math.isfinite(validation_loss):
            return Failure("divergence", f"the validation loss is {validation_loss} after {self.epochs} epochs")
        curve[-1]["validation_error"] = error
        metrics = {
            "validation_error": error,
            "validation_loss": validation_loss,
            "train_loss": curve[-1]["train_loss"],
        }
        return Training(
            model, metrics, held_inputs, held_targets, self.epochs, time.perf_counter() - started, tuple(curve)
        )

    def _device(self) -> torch.device:
        import torch

        if self.device == "auto":
            return torch.device("cuda" if torch.cuda.is_available() else "cpu")
        return torch.device(self.device)


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
            outputs = model(held_inputs)
            loss += cross_entropy(outputs, held_targets, reduction="sum").double()
            wrong += (outputs.argmax(dim=1) != held_targets).sum()
    return loss.item() / len(targets), wrong.item() / len(targets)
