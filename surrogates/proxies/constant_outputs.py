"""What a network puts out when all its weights are one number."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from surrogates.proxies.shared_pass import require_finite

CONSTANTS = (1e-7, 1.0)  # of epsinas for NAS-Bench-201


def constant_outputs(model: nn.Module, inputs: Tensor) -> Tensor:
    """Runs the model in training mode with every weight, scales of normalisations included, at 1e-7, then at 1.

    Biases are zero. No labels and no initial weights are seen. All runs in double precision on copies: in single
    precision the outputs of many layers in a row, 1e-7 each, are rounded to zero.

    Args:
        model: Is only read, but for its mode.
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
        inputs = _doubled(inputs)
        for constant in CONSTANTS:
            values = {
                name: torch.full_like(
                    weight, 0.0 if name.rpartition(".")[2] == "bias" else constant, dtype=torch.float64
                )
                for name, weight in model.named_parameters()
            }
            values |= {name: _doubled(buffer) for name, buffer in model.named_buffers()}
            outputs = torch.func.functional_call(model, values, (inputs.clone(),))
            require_finite(outputs)
            rows.append(outputs.reshape(-1))
    return torch.stack(rows)


def _doubled(tensor: Tensor) -> Tensor:
    return tensor.detach().to(torch.float64 if tensor.is_floating_point() else tensor.dtype, copy=True)
