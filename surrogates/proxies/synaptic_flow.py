"""How much each weight carries of an all-ones input, in the network made linear and positive."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from surrogates.proxies.proxy_failure import ProxyFailure

_NORMALISATIONS: frozenset[Callable[..., Tensor]] = frozenset(
    {
        *(functional.batch_norm, functional.layer_norm, functional.group_norm, functional.instance_norm),
        *(functional.rms_norm, torch.batch_norm, torch.layer_norm, torch.group_norm, torch.instance_norm),
        torch.rms_norm,
    }
)


def synaptic_flow(model: nn.Module, inputs: Tensor) -> dict[str, Tensor]:
    """Synaptic saliency ``|w · dR/dw|`` (Tanaka et al., NeurIPS 2020, equations 1 and 2) of every weight.

    R is the sum of the outputs for one input of ones, with all parameters replaced by their absolute values. Weights
    are parameters of two or more dimensions: convolutions and linear layers, without biases. Every normalisation is the
    identity, module or function, as in zero-cost-nas (Abdelfattah et al., ICLR 2021): it would make R depend on
    nothing but its own scale. Dropout is off. All runs in double precision on copies; the model is only read.

    Args:
        model: Its mode is set to evaluation.
        inputs: Shape ``(batch, …)``; only their shape, device and kind of number matter.

    Returns:
        For each weight, by its name in the model, a float64 tensor of the weight's shape.

    Raises:
        ProxyFailure: The model has no weights or its output is no tensor that depends on them.
    """
    model.eval()
    with torch.inference_mode(False), torch.enable_grad(), _WithoutNormalisation():
        parameters = {name: _positive(tensor) for name, tensor in model.named_parameters()}
        buffers = {name: _positive(tensor) for name, tensor in model.named_buffers()}
        weights = {name: tensor.requires_grad_() for name, tensor in parameters.items() if tensor.ndim >= 2}
        if not weights:
            raise ProxyFailure("synaptic flow needs weights of two or more dimensions; the network has none")
        ones = torch.ones((1, *inputs.shape[1:]), dtype=_doubled(inputs.dtype), device=inputs.device)
        output = torch.func.functional_call(model, {**parameters, **buffers}, (ones,))
        if not isinstance(output, Tensor) or not output.requires_grad:
            raise ProxyFailure("synaptic flow needs one output tensor that depends on the weights; there is none")
        gradients = torch.autograd.grad(output.sum(), list(weights.values()), allow_unused=True)
    return {
        name: torch.zeros_like(weight) if gradient is None else (weight.detach() * gradient).abs()
        for (name, weight), gradient in zip(weights.items(), gradients, strict=True)
    }


def _positive(tensor: Tensor) -> Tensor:
    if not tensor.is_floating_point():
        return tensor.detach().clone()
    return tensor.detach().double().abs()


def _doubled(kind: torch.dtype) -> torch.dtype:
    return torch.float64 if kind.is_floating_point else kind


class _WithoutNormalisation(TorchFunctionMode):
    def __torch_function__(
        self, func: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = kwargs or {}
        if func in _NORMALISATIONS:
            return args[0] if args else given["input"]
        return func(*args, **given)
