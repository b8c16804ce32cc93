"""What a network puts out when all its weights are one number."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from surrogates.proxies.shared_pass import differentiable, require_finite

CONSTANTS = (1e-7, 1.0)  # of epsinas for NAS-Bench-201


def constant_outputs(model: nn.Module, inputs: Tensor) -> Tensor:
    """Runs the model in training mode with every weight, scales of normalisations included, at 1e-7, then at 1.

    Biases are zero. No labels and no initial weights are seen.

    Args:
        model: Its parameters are overwritten.
        inputs: Shape ``(batch, …)``.

    Returns:
        Shape ``(2, outputs of the whole batch)``, float64.

    Raises:
        ProxyFailure: The weights or the outputs are not finite.
    """
    model.train()
    for parameter in model.parameters():
        require_finite(parameter)
    rows = []
    with torch.inference_mode(False), torch.no_grad():
        inputs = differentiable(model, inputs)
        for constant in CONSTANTS:
            for name, parameter in model.named_parameters():
                parameter.data.fill_(0.0 if name.rpartition(".")[2] == "bias" else constant)
            outputs = model(inputs)
            require_finite(outputs)
            rows.append(outputs.double().reshape(-1))
    return torch.stack(rows)
