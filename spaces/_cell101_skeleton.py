"""What stands around the cells of ``cell101`` and how wide each vertex is: counts and networks are made by it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from spaces._cell101_graph import Cell, published

KERNELS = {"conv3x3-bn-relu": 3, "conv1x1-bn-relu": 1}  # operations with weights, and the size of their kernels


def vertex_widths(cell: Cell, outputs: int) -> list[int]:
    """Channels of each vertex of a cell with ``outputs`` output channels; that of ``input`` is 0, it is projected.

    The vertices that feed the output share its channels evenly; where a remainder is left, the first of them have one
    more. Every other vertex is as wide as the widest vertex it feeds.

    Args:
        cell: A cell without dead vertices, in its published order.
        outputs: Channels of the output.
    """
    return _widths(*_shares(cell), outputs)


def _shares(cell: Cell) -> tuple[int, list[int]]:
    """How many vertices share the output's channels, and whose share each inner vertex has, by its place among them.

    A vertex that does not feed the output has the widest share of those that it feeds, which is the first.
    """
    ops, edges = cell
    last = len(ops) - 1
    feeding = [source for source, target in edges if target == last and source > 0]
    places = [last] * last
    for place, vertex in enumerate(feeding):
        places[vertex] = place
    for source, target in reversed(edges):  # a source's own place is complete: its targets come later
        if source not in feeding and target < last:
            places[source] = min(places[source], places[target])
    return len(feeding), places[1:]


def _widths(sharing: int, places: list[int], outputs: int) -> list[int]:
    share, left = divmod(outputs, max(sharing, 1))
    return [0, *[share + (place < left) for place in places], outputs]


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Stem, stacks of equal cells with a 2x2 max pooling between two stacks, head.

    Attributes:
        channels: Channels of the stem and of the first stack; every further stack has twice those of the one before.
        stacks: Number of stacks.
        modules: Cells in each stack.
        input_shape: ``(channels, height, width)`` of one example.
        classes: Width of the output.
    """

    channels: int
    stacks: int
    modules: int
    input_shape: tuple[int, int, int]
    classes: int

    def widths(self) -> Iterator[tuple[int, int]]:
        """Channels that enter the first cell, and that leave every cell, of each stack."""
        inputs = self.channels
        for stack in range(self.stacks):
            outputs = self.channels << stack
            yield inputs, outputs
            inputs = outputs

    def count(self, cell: Cell) -> tuple[int, int]:
        """Trainable parameters and multiply-accumulates of the whole network.

        Args:
            cell: A cell without dead vertices, in any order.
        """
        ops, edges = cell
        last = len(ops) - 1
        sharing = len([source for source, target in edges if target == last and source > 0])
        if sharing and self.channels % sharing:
            ops, edges = cell = published(cell)
        _, places = _shares(cell)
        projected = [target for source, target in edges if source == 0]
        weighted = [(vertex, KERNELS[op] * KERNELS[op]) for vertex, op in enumerate(ops) if op in KERNELS]
        colours, height, width = self.input_shape
        weights = 9 * colours * self.channels
        parameters, macs = weights + 2 * self.channels, weights * height * width
        for stack, (inputs, outputs) in enumerate(self.widths()):
            channels = _widths(sharing, places, outputs)
            into = sum([channels[vertex] for vertex in projected])
            normalised, inside = into, 0
            for vertex, area in weighted:
                normalised += channels[vertex]
                inside += area * channels[vertex] * channels[vertex]
            weights = self.modules * inside + into * (inputs + (self.modules - 1) * outputs)
            parameters += weights + self.modules * 2 * normalised
            macs += weights * (height >> stack) * (width >> stack)
        head = (self.channels << self.stacks - 1) * self.classes
        return parameters + head + self.classes, macs + head
