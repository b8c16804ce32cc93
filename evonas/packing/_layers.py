"""Layers of one kind side by side, as one layer."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from evonas.packing._operations import tensors_of


def joined(layers: Sequence[nn.Module]) -> nn.Module:
    """One layer that computes ``layers``, each on its own block of the channels.

    Each of its parameters and buffers holds those of the layers, one after another along the first axis. Takes and
    gives ``(batch, layers * channels, ...)``.

    Args:
        layers: Of one class with equal settings; left as they are.
    """
    first = layers[0]
    n = len(layers)
    if type(first) is nn.Conv2d:
        grown: tuple[str, ...] = ("in_channels", "out_channels", "groups")
    elif type(first) in (nn.BatchNorm1d, nn.BatchNorm2d):
        grown = ("num_features",)
    else:
        grown = ()
    empty = copy.deepcopy(first).to("meta")
    for name in grown:
        setattr(empty, name, n * int(vars(first)[name]))
    packed = empty if grown else _Mapped(empty, n)
    for name, own in tensors_of(first):
        tensor = torch.cat([_blocks(dict(tensors_of(layer))[name].detach()) for layer in layers])
        if isinstance(own, nn.Parameter):
            packed.register_parameter(name, nn.Parameter(tensor, own.requires_grad))
        else:
            packed.register_buffer(name, tensor)
    return packed


def mapped(function: Callable[..., Tensor], n: int, *packed: Tensor) -> Tensor:
    """``function`` on each of ``n`` blocks of the channels by PyTorch's batching rules."""
    split = [torch.unflatten(each, 1, (n, -1)) for each in packed]
    result: Tensor = torch.vmap(function, in_dims=1, out_dims=1)(*split)
    return result.flatten(1, 2)


class _Mapped(nn.Module):
    """Any layer without a form of its own for several at once, by PyTorch's batching rules."""

    def __init__(self, layer: nn.Module, n: int) -> None:
        super().__init__()
        self.layer = [layer]  # in a list, so that it is no part of this one
        self.n = n

    def forward(self, packed: Tensor) -> Tensor:
        weights = {name: torch.unflatten(tensor, 0, (self.n, -1)) for name, tensor in tensors_of(self)}

        def one(own: dict[str, Tensor], x: Tensor) -> Any:
            return torch.func.functional_call(self.layer[0], own, (x,))

        split = torch.unflatten(packed, 1, (self.n, -1))
        result: Tensor = torch.vmap(one, in_dims=(0, 1), out_dims=1)(weights, split)
        return result.flatten(1, 2)


def split(packed: Tensor, originals: Sequence[Tensor]) -> list[Tensor]:
    """The blocks of a tensor of a joined layer, each in its original's shape, which is that of all."""
    return list(packed.reshape(len(originals), *originals[0].shape))


def _blocks(tensor: Tensor) -> Tensor:
    return tensor if tensor.ndim else tensor[None]
