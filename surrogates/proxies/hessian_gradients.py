"""How gradients of the weights change when the weights follow them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from surrogates.proxies.shared_pass import differentiable, gradients_of, loss_of, require_finite, weights_of


def hessian_gradients(model: nn.Module, inputs: Tensor, targets: Tensor | None) -> dict[str, tuple[Tensor, Tensor]]:
    """Each weight, and the product of the loss's Hessian with the loss's gradient.

    Args:
        model: Put into training mode; its normalisation statistics move.
        inputs: Shape ``(batch, …)``.
        targets: Class indices ``(batch,)``.

    Raises:
        ProxyFailure: No labels, or gradients that are not finite.
    """
    model.train()
    with torch.inference_mode(False), torch.enable_grad():
        inputs = differentiable(model, inputs)
        weights = weights_of(model)
        outputs = model(inputs)
        require_finite(outputs)
        gradients = gradients_of(loss_of(outputs, targets), weights, differentiable=True)
        along = torch.stack([(gradient.detach() * gradient).sum() for gradient in gradients.values()]).sum()
        products = gradients_of(along, weights)
    return {name: (weight.detach().clone(), products[name].detach()) for name, weight in weights.items()}
