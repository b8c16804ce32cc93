"""Fake quantisation of the weights of a built network."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from spaces._mixed_precision_arguments import FLOAT_BITS

_NODE = re.compile(r"(?:^|\.)operations\.(\d+)$")


class _Round(torch.autograd.Function):
    """Rounds forward; backward the gradient passes as it is (straight-through; Bengio et al. 2013, section 4)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:  # noqa: ARG004 - torch's signature
        return x.round()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:  # noqa: ARG004
        return gradients[0]


class FakeQuantised(nn.Module):
    """A weight as it is after quantisation to ``bits`` and back, in floating point.

    Symmetric and uniform, one scale for each index of the first axis (an output channel): ``scale * round(w / scale)``
    with ``scale = max |w| / (2**(bits - 1) - 1)``; Krishnamoorthi 2018 (arXiv:1806.08342), sections 2.2 and 3.1. No
    weight is outside its channel's range, so none is clipped and every gradient passes.
    """

    def __init__(self, bits: int) -> None:
        super().__init__()
        self.bits = bits

    def forward(self, weight: Tensor) -> Tensor:
        largest = weight.detach().abs().amax(dim=tuple(range(1, weight.ndim)), keepdim=True)
        scale = largest.clamp_min(torch.finfo(weight.dtype).tiny) / (2 ** (self.bits - 1) - 1)
        rounded: Tensor = _Round.apply(weight / scale)  # type: ignore[no-untyped-call]
        quantised: Tensor = rounded * scale
        return quantised


def quantise(model: nn.Module, bits: Mapping[int, int]) -> nn.Module:
    """Quantises the weights of a network's nodes, in place.

    Args:
        model: A network in which node i is a module ``operations[i]``, once or several times.
        bits: Bits of each node by its index; 32 leaves it as it is.

    Raises:
        ValueError: A node has no module of its own, or one without weights.
    """
    waiting = set(bits)
    for name, module in list(model.named_modules()):
        match = _NODE.search(name)
        if match is None or int(match[1]) not in bits:
            continue
        for part in list(module.modules()):
            for weight in [key for key, value in part.named_parameters(recurse=False) if value.ndim >= 2]:
                waiting.discard(int(match[1]))
                if bits[int(match[1])] != FLOAT_BITS:
                    parametrize.register_parametrization(part, weight, FakeQuantised(bits[int(match[1])]))
    if waiting:
        raise ValueError(
            f"every node with bits is a module operations[i] of the network, with weights; nodes {sorted(waiting)} are "
            "none: name in 'quantised' only operations with weights, and have the space's build keep nodes' modules in "
            "a ModuleList called 'operations'"
        )
    return model


def stored_bits(model: nn.Module) -> int:
    """Bits that a network's parameters take, quantised weights in their own width and all others in their type's."""
    total, seen = 0, set()
    for module in model.modules():
        if isinstance(module, parametrize.ParametrizationList) and isinstance(module[0], FakeQuantised):
            weight = module.original
            seen.add(id(weight))
            total += weight.numel() * module[0].bits + len(weight) * FLOAT_BITS
    return total + sum(8 * weight.nbytes for weight in model.parameters() if id(weight) not in seen)
