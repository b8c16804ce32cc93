"""The losses that networks are trained by, and how they are measured."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from evonas.core.split import Split

if TYPE_CHECKING:
    from torch import Tensor, nn


def loss_of(outputs: Tensor, targets: Tensor, label_smoothing: float = 0.0, reduction: str = "mean") -> Tensor:
    """Cross-entropy in nats of classes, squared error of numbers.

    Args:
        outputs: ``(batch, classes)``, or ``(batch, classes, tokens)``.
        targets: int64 ``(batch,)`` or ``(batch, tokens)``, of which a network that answers for the last position alone
            is asked the last; or float32 ``(batch, classes)``.
        label_smoothing: Share of the probability that is spread over all classes.
        reduction: ``mean`` or ``sum``, over every single answer.

    Raises:
        ValueError: A regression's outputs have not the shape of its targets.
    """
    import torch
    from torch.nn.functional import cross_entropy, mse_loss

    if outputs.dtype in (torch.bfloat16, torch.float16):
        outputs = outputs.float()
    if targets.is_floating_point():
        if outputs.shape != targets.shape:
            raise ValueError(f"the network gives {tuple(outputs.shape)} where targets are {tuple(targets.shape)}")
        return mse_loss(outputs, targets, reduction=reduction)
    return cross_entropy(outputs, asked(outputs, targets), reduction=reduction, label_smoothing=label_smoothing)


def asked(outputs: Tensor, targets: Tensor) -> Tensor:
    """The targets that a network answers for: the last position's, where it answers for no other."""
    return targets[:, -1] if outputs.ndim < targets.ndim + 1 else targets


def score(model: nn.Module, split: Split, batch_size: int = 1024) -> tuple[float, float]:
    """Mean loss and error of ``model`` in evaluation mode; leaves it in that mode.

    The error is the share of wrong answers, in [0, 1]; of a regression the root of the mean squared error, in the
    targets' unit.

    Args:
        model: On its device, to which the examples are moved a batch at a time.
        split: To measure on.
        batch_size: Examples at a time.
    """
    import torch

    model.eval()
    parameter = next(model.parameters(), None)
    device = split.targets.device if parameter is None else parameter.device
    split = split.on(device, inputs_too=False)
    loss = torch.zeros((), dtype=torch.float64, device=device)
    wrong = torch.zeros((), dtype=torch.int64, device=device)
    answers = 0
    with torch.inference_mode():
        for inputs, targets in zip(
            torch.split(split.inputs, batch_size), torch.split(split.targets, batch_size), strict=True
        ):
            # A copy where nothing else made one: a network may work in place on what it is given.
            ready = split.ready(inputs.to(device))
            outputs = model(ready.clone() if ready.data_ptr() == inputs.data_ptr() else ready)
            right = targets.to(device)
            loss += loss_of(outputs, right, reduction="sum").double()
            if right.is_floating_point():
                answers += right.numel()
            else:
                right = asked(outputs, right)
                wrong += (outputs.argmax(dim=1) != right).sum()
                answers += right.numel()
    mean = loss.item() / answers
    return mean, math.sqrt(mean) if split.targets.is_floating_point() else wrong.item() / answers
