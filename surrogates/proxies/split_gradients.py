"""How gradients of the weights differ between two halves of a batch."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from surrogates.proxies.proxy_failure import ProxyFailure
from surrogates.proxies.shared_pass import differentiable, gradients_of, loss_of, require_finite, weights_of


def split_gradients(model: nn.Module, inputs: Tensor, targets: Tensor | None) -> dict[str, Tensor]:
    """Gradients of the mean cross-entropy by each weight, for the first and the second half of the batch by themselves.

    Args:
        model: Put into training mode; its normalisation statistics move.
        inputs: Shape ``(batch, …)``; of an odd batch the last example is left out.
        targets: Class indices ``(batch,)``.

    Returns:
        For each weight, by its name in the model, ``(2, *shape)``.

    Raises:
        ProxyFailure: Fewer than 4 examples, no labels, or gradients that are not finite.
    """
    half = len(inputs) // 2
    if half < 2:
        raise ProxyFailure(f"gradients of two halves need a batch of at least 4; it has {len(inputs)}")
    model.train()
    with torch.inference_mode(False), torch.enable_grad():
        inputs = differentiable(model, inputs)
        weights = weights_of(model)
        halves = []
        for part in (slice(0, half), slice(half, 2 * half)):
            outputs = model(inputs[part])
            require_finite(outputs)
            halves.append(gradients_of(loss_of(outputs, None if targets is None else targets[part]), weights))
    return {name: torch.stack([gradients[name] for gradients in halves]) for name in weights}
