"""What the stages of a network make of noise, and how they pass gradients back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from surrogates.proxies.proxy_failure import ProxyFailure
from surrogates.proxies.shared_pass import differentiable, require_finite


@dataclass(frozen=True)
class Stages:
    """What AZ-NAS (Lee and Ham, CVPR 2024) measures.

    Attributes:
        entropies: For each stage in the order of running, the entropy of its features' principal components.
        norms: For each stage after the first, the largest singular value of its mean Jacobian by channels.
    """

    entropies: tuple[float, ...]
    norms: tuple[float, ...]


def stages(model: nn.Module, inputs: Tensor) -> Stages:
    """Runs the model with Kaiming-normal weights (fan-in) in training mode on standard normal noise.

    A stage is a child of the model, or a member of a module list that is its child, that has weights or children of its
    own and puts out feature maps ``(batch, channels, height, width)``: stem, cells and reductions.

    Args:
        model: Its weights are overwritten.
        inputs: Shape ``(batch, channels, height, width)``; only the shape matters, no value is read.

    Raises:
        ProxyFailure: The inputs are no images, fewer than 2 stages ran, or nothing is finite.
    """
    if inputs.ndim != 4 or not inputs.is_floating_point():
        raise ProxyFailure(f"stages of feature maps need images as inputs; their shape is {tuple(inputs.shape)}")
    model.train()
    for parameter in model.parameters():
        require_finite(parameter)
    features: list[Tensor] = []
    hooks = [stage.register_forward_hook(lambda *given: _keep(features, given[2])) for stage in _found(model)]
    try:
        with torch.inference_mode(False), torch.enable_grad():
            _initialise(model)
            require_finite(model(differentiable(model, torch.randn_like(inputs))))
            if len(features) < 2:
                raise ProxyFailure(f"stages of feature maps are compared: at least 2; the network has {len(features)}")
            entropies = tuple(_entropy(feature.detach()) for feature in features)
            norms = tuple(_norm(before, after) for before, after in pairwise(features))
    finally:
        for hook in hooks:
            hook.remove()
    return Stages(entropies, norms)


def _found(model: nn.Module) -> Iterator[nn.Module]:
    for child in model.children():
        members = child.children() if isinstance(child, nn.ModuleList) else (child,)
        for member in members:
            if next(member.children(), None) is not None or any(weight.ndim >= 2 for weight in member.parameters()):
                yield member


def _keep(features: list[Tensor], output: Any) -> None:
    if isinstance(output, Tensor) and output.ndim == 4 and output.requires_grad:
        features.append(output)


def _initialise(model: nn.Module) -> None:
    for name, parameter in model.named_parameters():
        if parameter.ndim >= 2:
            nn.init.kaiming_normal_(parameter.data)
        else:
            parameter.data.fill_(1.0 if name.rpartition(".")[2] == "weight" else 0.0)


def _entropy(feature: Tensor) -> float:
    rows = feature.movedim(1, -1).flatten(0, -2).double()
    rows = rows - rows.mean(dim=0)
    eigenvalues = torch.linalg.eigvalsh(rows.T @ rows / len(rows)).clamp(min=0)
    total = eigenvalues.sum()
    if float(total) == 0:
        return 0.0  # nothing varies
    shares = eigenvalues / total
    return -float((shares * torch.log(shares + 1e-8)).sum())


def _norm(before: Tensor, after: Tensor) -> float:
    """Of the mean over positions of (gradient received) x (gradient given), which estimates the Jacobian; signs are
    drawn for the gradient given.
    """
    given = torch.randint(0, 2, after.shape, device=after.device).to(after.dtype) * 2 - 1
    received = torch.autograd.grad(after, before, given, retain_graph=True, allow_unused=True)[0]
    if received is None:
        raise ProxyFailure("each stage must depend on the one before it; one does not")
    if received.shape[2:] != after.shape[2:]:
        stride = before.shape[2] // after.shape[2]
        if received.shape[2] != stride * after.shape[2] or received.shape[3] != stride * after.shape[3]:
            raise ProxyFailure(
                f"a stage must reduce height and width by the same whole number; one makes {tuple(after.shape)} of "
                f"{tuple(before.shape)}"
            )
        received = functional.pixel_unshuffle(received, stride)
    into, out = (each.movedim(1, -1).flatten(0, -2).double() for each in (received, given))
    return float(torch.linalg.matrix_norm(into.T @ out / len(out), ord=2))
