"""PyTorch networks of ``grammar``. Shapes: every value is ``(batch, channels, height, width)``."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from spaces._grammar_shapes import Shape, whole
from spaces._grammar_tree import AGGREGATIONS
from spaces.architecture import Architecture, Node

_EPSILON = 1e-5  # of torch's normalisations


def fitted(x: Tensor, sizes: Sequence[int]) -> Tensor:
    """``x`` averaged or repeated along the axes behind the batch to ``sizes``, by adaptive average pooling."""
    for axis, size in enumerate(sizes, start=1):
        if x.shape[axis] != size:
            moved = x.movedim(axis, -1)
            pooled = functional.adaptive_avg_pool1d(moved.reshape(x.shape[0], -1, moved.shape[-1]), size)
            x = pooled.reshape(*moved.shape[:-1], size).movedim(-1, axis)
    return x


def _unit(x: Tensor) -> Tensor:
    """``x`` divided by its root mean square over the channels."""
    return x * torch.rsqrt(x.square().mean(1, keepdim=True) + _EPSILON)


class _Aggregation(nn.Module):
    def __init__(self, op: str) -> None:
        super().__init__()
        self.op = op

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        if self.op == "add":
            return left + fitted(right, left.shape[1:])
        if self.op == "concat":
            return torch.cat([left, fitted(right, (right.shape[1], *left.shape[2:]))], dim=1)
        if self.op == "dot":
            queries = _unit(left).flatten(2)
            keys = _unit(fitted(right, (left.shape[1], *right.shape[2:]))).flatten(2)
            scores = torch.bmm(keys.transpose(1, 2), queries) / math.sqrt(left.shape[1])
            return scores.reshape(*scores.shape[:2], *left.shape[2:])
        values = right.flatten(2)
        weights = fitted(left, (values.shape[2], *left.shape[2:])).flatten(2).softmax(dim=1)
        return torch.bmm(values, weights).reshape(*values.shape[:2], *left.shape[2:])


class _LayerNorm(nn.LayerNorm):
    def forward(self, x: Tensor) -> Tensor:
        normalised: Tensor = super().forward(x.movedim(1, -1))
        return normalised.movedim(-1, 1)


class _Position(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.empty(shape[:3]))
        nn.init.normal_(self.table, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.table


class _Patch(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        padded = functional.pad(x, (0, -width % self.size, 0, -height % self.size))
        return functional.pixel_unshuffle(padded, self.size)


class _Half(nn.Module):
    def __init__(self, second: bool) -> None:
        super().__init__()
        self.second = second

    def forward(self, x: Tensor) -> Tensor:
        middle = x.shape[1] // 2
        return x[:, middle:] if self.second else x[:, : max(1, middle)]


class _Permute(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(2).transpose(1, 2).unsqueeze(-1)


class _Unpermute(nn.Module):
    def __init__(self, outer: Shape) -> None:
        super().__init__()
        self.outer = outer

    def forward(self, x: Tensor) -> Tensor:
        channels, height, width, _ = self.outer
        back = fitted(x.flatten(2).transpose(1, 2), (channels, height * width))
        return back.reshape(x.shape[0], channels, height, width)


_PLAIN: dict[str, Callable[[], nn.Module]] = {
    "pool": lambda: nn.AvgPool2d(2, ceil_mode=True),
    "relu": nn.ReLU,
    "gelu": nn.GELU,
    "softmax": lambda: nn.Softmax(dim=1),
    "first_half": lambda: _Half(second=False),
    "second_half": lambda: _Half(second=True),
    "permute": _Permute,
}


def _module(node: Node, before: Shape, after: Shape) -> nn.Module:
    """One node's operation, from its shape before to that after; an identity for what only marks the structure."""
    op = node.op
    if op in AGGREGATIONS:
        return _Aggregation(op)
    if op == "linear":
        return nn.Conv2d(before.channels, after.channels, 1)
    if op == "conv":
        return nn.Conv2d(before.channels, after.channels, 3, stride=whole(node, "stride"), padding=1, bias=False)
    if op == "depthwise":
        return nn.Conv2d(after.channels, after.channels, 3, padding=1, groups=after.channels, bias=False)
    if op == "batch_norm":
        return nn.BatchNorm2d(after.channels)
    if op == "layer_norm":
        return _LayerNorm(after.channels)
    if op == "position":
        return _Position(after)
    if op == "patch":
        return _Patch(whole(node, "patch"))
    if op == "unpermute":
        return _Unpermute(after)
    return _PLAIN[op]() if op in _PLAIN else nn.Identity()


class _Derived(nn.Module):
    """The architecture's graph."""

    def __init__(self, architecture: Architecture, sources: list[list[int]], shapes: list[Shape]) -> None:
        super().__init__()
        self.sources = sources
        self.output = [node.op for node in architecture.nodes].index("output")
        self.operations = nn.ModuleList(
            _module(node, shapes[given[0]] if given else after, after)
            for node, given, after in zip(architecture.nodes, sources, shapes, strict=True)
        )

    def forward(self, x: Tensor) -> Tensor:
        values: list[Tensor] = []
        for operation, sources in zip(self.operations, self.sources, strict=True):
            values.append(operation(*(values[source] for source in sources)) if sources else x)
        return values[self.output]


def network(
    architecture: Architecture, sources: list[list[int]], shapes: list[Shape], colours: int, classes: int
) -> nn.Module:
    """The whole network: ``(batch, colours, height, width)`` to logits ``(batch, classes)``, freshly initialised.

    Args:
        architecture: Graph of the vocabulary; built as it is.
        sources: Operands of each node, the left one first.
        shapes: Shape of each node's result.
        colours: Channels of the images.
        classes: Width of the output.
    """
    ops = [node.op for node in architecture.nodes]
    first, last = shapes[ops.index("input")].channels, shapes[ops.index("output")].channels
    return nn.Sequential(
        nn.Conv2d(colours, first, 1, bias=False),
        nn.BatchNorm2d(first),
        _Derived(architecture, sources, shapes),
        nn.BatchNorm2d(last),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(last, classes),
    )
