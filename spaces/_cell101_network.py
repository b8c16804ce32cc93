"""PyTorch networks of ``cell101``. Shapes: every feature map is ``(batch, channels, height, width)``."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spaces._cell101_graph import Cell
from spaces._cell101_skeleton import KERNELS, Skeleton, vertex_widths


def _conv_norm_relu(inputs: int, outputs: int, kernel: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )


def _operation(op: str, channels: int) -> nn.Module:
    if op in KERNELS:
        return _conv_norm_relu(channels, channels, KERNELS[op])
    return nn.MaxPool2d(3, stride=1, padding=1)


class _Module(nn.Module):
    """One cell: vertices sum what they receive, the output concatenates."""

    def __init__(self, cell: Cell, inputs: int, outputs: int) -> None:
        super().__init__()
        ops, edges = cell
        self.widths = vertex_widths(cell, outputs)
        self.sources = [[source for source, target in edges if target == vertex] for vertex in range(len(ops))]
        self.projections = nn.ModuleDict(
            {str(target): _conv_norm_relu(inputs, self.widths[target], 1) for source, target in edges if source == 0}
        )
        self.operations = nn.ModuleDict(
            {str(vertex): _operation(ops[vertex], self.widths[vertex]) for vertex in range(1, len(ops) - 1)}
        )

    def forward(self, x: Tensor) -> Tensor:
        values = [x]
        last = len(self.sources) - 1
        for vertex in range(1, last):
            width = self.widths[vertex]
            terms = [values[source][:, :width] for source in self.sources[vertex] if source > 0]
            values.append(self.operations[str(vertex)](self._sum(terms, x, vertex)))
        parts = [values[source] for source in self.sources[last] if source > 0]
        return self._sum([torch.cat(parts, dim=1)] if parts else [], x, last)

    def _sum(self, terms: list[Tensor], x: Tensor, vertex: int) -> Tensor:
        """``terms`` and the projected input where it feeds ``vertex``."""
        if self.sources[vertex][0] == 0:
            terms = [*terms, self.projections[str(vertex)](x)]
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        return total


def network(cell: Cell, skeleton: Skeleton) -> nn.Module:
    """The whole network: ``(batch, *input_shape)`` to logits ``(batch, classes)``, freshly initialised.

    Args:
        cell: A cell without dead vertices, in its published order.
        skeleton: What stands around the cells.
    """
    layers: list[nn.Module] = [_conv_norm_relu(skeleton.input_shape[0], skeleton.channels, 3)]
    for stack, (inputs, outputs) in enumerate(skeleton.widths()):
        if stack > 0:
            layers.append(nn.MaxPool2d(2, stride=2))
        layers.append(_Module(cell, inputs, outputs))
        layers.extend(_Module(cell, outputs, outputs) for _ in range(skeleton.modules - 1))
    width = skeleton.channels << skeleton.stacks - 1
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, skeleton.classes))
