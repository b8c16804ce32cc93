"""Gradients of single examples."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from surrogates.proxies.proxy_failure import ProxyFailure
from surrogates.proxies.shared_pass import differentiable, gradients_of, loss_of, require_finite, weights_of

KERNEL_EXAMPLES = 8  # each costs a backward pass through all of them


def sample_sign_sums(model: nn.Module, inputs: Tensor, targets: Tensor | None) -> Tensor:
    """For each weight the sum over examples of the sign of its gradient, each example run by itself in training mode.

    Returns:
        Shape ``(weights,)``: all weight tensors, flattened and joined.

    Raises:
        ProxyFailure: No labels, or gradients that are not finite.
    """
    model.train()
    with torch.inference_mode(False), torch.enable_grad():
        inputs = differentiable(model, inputs)
        weights = weights_of(model)
        total = torch.zeros(sum(weight.numel() for weight in weights.values()), device=inputs.device)
        for example in range(len(inputs)):
            one = slice(example, example + 1)
            outputs = model(inputs[one])
            require_finite(outputs)
            total += _joined(gradients_of(loss_of(outputs, None if targets is None else targets[one]), weights)).sign()
    return total


def tangent_kernel(model: nn.Module, inputs: Tensor) -> Tensor:
    """The empirical neural tangent kernel of the batch's first 8 examples, run together in training mode.

    Returns:
        Shape ``(n, n)``, float64: scalar products of the gradients of each example's summed outputs by all weights.

    Raises:
        ProxyFailure: Fewer than 2 examples, or gradients that are not finite.
    """
    if len(inputs) < 2:
        raise ProxyFailure(f"a tangent kernel compares examples: at least 2; the batch has {len(inputs)}")
    model.train()
    with torch.inference_mode(False), torch.enable_grad():
        inputs = differentiable(model, inputs[:KERNEL_EXAMPLES])
        weights = weights_of(model)
        outputs = model(inputs)
        require_finite(outputs)
        if not outputs.requires_grad:
            raise ProxyFailure("a tangent kernel needs outputs that depend on the weights; these do not")
        rows = torch.stack([_joined(gradients_of(row.sum(), weights, keep=True)) for row in outputs]).double()
    return rows @ rows.T


def _joined(gradients: dict[str, Tensor]) -> Tensor:
    return torch.cat([gradient.reshape(-1) for gradient in gradients.values()])
