"""PyTorch networks of ``cell201``. Shapes: every feature map is ``(batch, channels, height, width)``."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from spaces._cell201_skeleton import Skeleton
from spaces.architecture import Architecture


class _Zero(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.zeros_like(x)


def _convolution(channels: int, kernel: int) -> nn.Module:
    return _relu_conv_norm(channels, channels, kernel, stride=1)


def _relu_conv_norm(inputs: int, outputs: int, kernel: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.ReLU(inplace=False),  # the input feeds other operations too
        nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
    )


_MODULES: dict[str, Callable[[int], nn.Module]] = {
    "input": lambda _: nn.Identity(),
    "output": lambda _: nn.Identity(),
    "none": lambda _: _Zero(),
    "skip_connect": lambda _: nn.Identity(),
    "nor_conv_1x1": lambda channels: _convolution(channels, 1),
    "nor_conv_3x3": lambda channels: _convolution(channels, 3),
    "avg_pool_3x3": lambda _: nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False),
}


class _Cell(nn.Module):
    """The architecture's graph: each node applies its operation to the sum of its inputs, or to zeros without any."""

    def __init__(self, architecture: Architecture, channels: int) -> None:
        super().__init__()
        self.operations = nn.ModuleList(_MODULES[node.op](channels) for node in architecture.nodes)
        ops = [node.op for node in architecture.nodes]
        self.input, self.output = ops.index("input"), ops.index("output")
        self.sources: list[list[int]] = [[] for _ in architecture.nodes]
        for source, target in architecture.edges:
            self.sources[target].append(source)

    def forward(self, x: Tensor) -> Tensor:
        values: list[Tensor] = []
        for node, (operation, sources) in enumerate(zip(self.operations, self.sources, strict=True)):
            if node == self.input:
                total = x
            elif sources:
                total = values[sources[0]]
                for source in sources[1:]:
                    total = total + values[source]
            else:
                total = torch.zeros_like(x)
            values.append(operation(total))
        return values[self.output]


class _Residual(nn.Module):
    """The benchmark's reduction: a residual block of stride 2 that doubles the channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv_a = _relu_conv_norm(channels, 2 * channels, 3, stride=2)
        self.conv_b = _relu_conv_norm(2 * channels, 2 * channels, 3, stride=1)
        self.shortcut = nn.Sequential(nn.AvgPool2d(2, stride=2), nn.Conv2d(channels, 2 * channels, 1, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        residual: Tensor = self.conv_b(self.conv_a(x))
        shortcut: Tensor = self.shortcut(x)
        return shortcut + residual


def _pool(channels: int) -> nn.Module:
    return nn.Sequential(
        nn.AvgPool2d(2, stride=2),
        nn.Conv2d(channels, 2 * channels, 1, bias=False),
        nn.BatchNorm2d(2 * channels),
    )


def network(architecture: Architecture, channels: int, skeleton: Skeleton) -> nn.Module:
    """The whole network: ``(batch, *input_shape)`` to logits ``(batch, classes)``, freshly initialised.

    Args:
        architecture: Graph of the cell with one ``input`` and one ``output``; built as it is.
        channels: Channels of the first stage.
        skeleton: What stands around the cells.
    """
    reduction = _Residual if skeleton.reduction == "residual" else _pool
    stem = nn.Sequential(
        nn.Conv2d(skeleton.input_shape[0], channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels)
    )
    layers: list[nn.Module] = [stem]
    width = channels
    for stage in range(skeleton.stages):
        if stage > 0:
            layers.append(reduction(width))
            width *= 2
        layers.extend(_Cell(architecture, width) for _ in range(skeleton.cells))
    head = [nn.BatchNorm2d(width), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, skeleton.classes)]
    return nn.Sequential(*layers, *head)
