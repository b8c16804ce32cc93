"""PyTorch networks of ``darts``. Shapes: every feature map is ``(batch, channels, height, width)``."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from spaces._darts_cells import blocks, flow, in_reduction
from spaces._darts_layout import BEFORE_LAST, INPUTS, LAST, Layout, Place
from spaces.architecture import Architecture


class _Zero(nn.Module):
    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        return torch.zeros_like(x[:, :, :: self.stride, :: self.stride])


class _FactorizedReduce(nn.Module):
    """Halves height and width: ReLU, two 1x1 convolutions of stride 2 on shifted grids, each half of the channels."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.relu = nn.ReLU()
        self.even = nn.Conv2d(inputs, outputs // 2, 1, stride=2, bias=False)
        self.odd = nn.Conv2d(inputs, outputs // 2, 1, stride=2, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(x)
        halved: Tensor = self.norm(torch.cat([self.even(x), self.odd(x[:, :, 1:, 1:])], dim=1))
        return halved


def _relu_conv_norm(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.ReLU(), nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs))


def _depthwise(channels: int, kernel: int, stride: int, dilation: int = 1) -> nn.Sequential:
    padding = dilation * (kernel // 2)
    return nn.Sequential(
        nn.ReLU(),
        nn.Conv2d(channels, channels, kernel, stride, padding, dilation, groups=channels, bias=False),
        nn.Conv2d(channels, channels, 1, bias=False),
        nn.BatchNorm2d(channels),
    )


def _separable(channels: int, kernel: int, stride: int) -> nn.Sequential:
    return nn.Sequential(_depthwise(channels, kernel, stride), _depthwise(channels, kernel, 1))


def _skip(channels: int, stride: int) -> nn.Module:
    return nn.Identity() if stride == 1 else _FactorizedReduce(channels, channels)


_OPERATIONS: dict[str, Callable[[int, int], nn.Module]] = {
    "none": lambda _, stride: _Zero(stride),
    "max_pool_3x3": lambda _, stride: nn.MaxPool2d(3, stride, padding=1),
    "avg_pool_3x3": lambda _, stride: nn.AvgPool2d(3, stride, padding=1, count_include_pad=False),
    "skip_connect": _skip,
    "sep_conv_3x3": lambda channels, stride: _separable(channels, 3, stride),
    "sep_conv_5x5": lambda channels, stride: _separable(channels, 5, stride),
    "dil_conv_3x3": lambda channels, stride: _depthwise(channels, 3, stride, dilation=2),
    "dil_conv_5x5": lambda channels, stride: _depthwise(channels, 5, stride, dilation=2),
    "add": lambda _, __: nn.Identity(),
}


class _Cell(nn.Module):
    """One cell of the graph at its place: ``(c_{k-2}, c_{k-1})`` to the concatenation of its blocks."""

    def __init__(self, architecture: Architecture, order: list[int], place: Place) -> None:
        super().__init__()
        self.order = order
        self.channels = place.channels
        self.stride = 2 if place.reduction else 1
        labels = architecture.nodes
        members = in_reduction(architecture)
        self.inputs: dict[int, str] = {}
        self.sources: dict[int, list[int]] = {}
        for node, label in enumerate(labels):
            if label.attributes and members[node] == place.reduction and label.op != "concat":
                if label.op in INPUTS:
                    self.inputs[node] = label.op
                self.sources[node] = []
        for source, target in architecture.edges:
            if target in self.sources and target not in self.inputs:
                self.sources[target].append(source)
        self.operations = nn.ModuleDict()
        for node, sources in self.sources.items():
            if node in self.inputs:
                self.operations[str(node)] = self._preprocessing(labels[node].op, place)
            else:
                halves = place.reduction and any(source in self.inputs for source in sources)
                self.operations[str(node)] = _OPERATIONS[labels[node].op](place.channels, 2 if halves else 1)

    @staticmethod
    def _preprocessing(op: str, place: Place) -> nn.Module:
        if op == BEFORE_LAST and place.after_reduction:
            return _FactorizedReduce(place.inputs[0], place.channels)
        return _relu_conv_norm(place.inputs[op == LAST], place.channels)

    def forward(self, before_last: Tensor, last: Tensor) -> Tensor:
        values: dict[int, Tensor] = {}
        for node, sources in self.sources.items():
            if node in self.inputs:
                total = before_last if self.inputs[node] == BEFORE_LAST else last
            elif sources:
                total = values[sources[0]]
                for source in sources[1:]:
                    total = total + values[source]
            else:
                batch, _, height, width = last.shape
                total = last.new_zeros(batch, self.channels, height // self.stride, width // self.stride)
            values[node] = self.operations[str(node)](total)
        return torch.cat([values[node] for node in self.order], dim=1)


class _Network(nn.Module):
    def __init__(self, architecture: Architecture, layout: Layout) -> None:
        super().__init__()
        width = 3 * layout.channels
        self.stem = nn.Sequential(
            nn.Conv2d(layout.input_shape[0], width, 3, padding=1, bias=False), nn.BatchNorm2d(width)
        )
        found = flow(architecture, layout.reductions())
        order = {reduction: blocks(architecture, found, reduction) for reduction in (False, True)}
        places = layout.places()
        self.cells = nn.ModuleList(_Cell(architecture, order[place.reduction], place) for place in places)
        self.head = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4 * places[-1].channels, layout.classes)
        )

    def forward(self, x: Tensor) -> Tensor:
        before_last = last = self.stem(x)
        for cell in self.cells:
            before_last, last = last, cell(before_last, last)
        logits: Tensor = self.head(last)
        return logits


def network(architecture: Architecture, layout: Layout) -> nn.Module:
    """The whole network: ``(batch, *input_shape)`` to logits ``(batch, classes)``, freshly initialised.

    Args:
        architecture: Graph of both cells; built as it is, dead parts included.
        layout: How the cells are stacked.
    """
    return _Network(architecture, layout)
