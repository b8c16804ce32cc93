"""The network that DARTS cells are stacked in, as data: ``darts`` counts by it, ``_darts_network`` builds by it."""

from __future__ import annotations

from dataclasses import dataclass

BEFORE_LAST, LAST = "c_{k-2}", "c_{k-1}"  # a cell's two inputs, as the paper names them
INPUTS = (BEFORE_LAST, LAST)
_CONVOLUTIONS = {"sep_conv_3x3": (2, 3), "sep_conv_5x5": (2, 5), "dil_conv_3x3": (1, 3), "dil_conv_5x5": (1, 5)}


@dataclass(frozen=True, slots=True)
class Place:
    """One cell's place in the network.

    Attributes:
        reduction: Whether it is a reduction cell, which halves height and width.
        after_reduction: Whether the cell before is one, so that ``c_{k-2}`` is twice as high and wide as ``c_{k-1}``.
        inputs: Channels of ``c_{k-2}`` and ``c_{k-1}``.
        channels: Channels of each operation; the cell's output has four times as many.
        pixels: Height times width of ``c_{k-1}``.
    """

    reduction: bool
    after_reduction: bool
    inputs: tuple[int, int]
    channels: int
    pixels: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Stem, cells with a reduction at one third and at two thirds of the depth, head.

    Attributes:
        channels: Channels of the operations of the first cell; the stem has three times, each reduction doubles them.
        cells: Number of cells, at least 3; those numbered ``cells // 3`` and ``2 * cells // 3`` from 0 are reductions.
        input_shape: ``(channels, height, width)`` of one example.
        classes: Width of the output.
    """

    channels: int
    cells: int
    input_shape: tuple[int, int, int]
    classes: int

    def reductions(self) -> tuple[bool, ...]:
        """Of each cell, whether it is a reduction cell."""
        where = (self.cells // 3, 2 * self.cells // 3)
        return tuple([cell in where for cell in range(self.cells)])

    def places(self) -> list[Place]:
        """The cells in their order."""
        _, height, width = self.input_shape
        pixels, channels = height * width, self.channels
        inputs = (3 * channels, 3 * channels)
        found: list[Place] = []
        for reduction in self.reductions():
            channels *= 2 if reduction else 1
            found.append(Place(reduction, bool(found) and found[-1].reduction, inputs, channels, pixels))
            pixels //= 4 if reduction else 1
            inputs = (inputs[1], 4 * channels)
        return found

    def fixed(self) -> tuple[int, int]:
        """Parameters and multiply-accumulates of stem and head."""
        colours, height, width = self.input_shape
        stem = 9 * colours * 3 * self.channels
        head = 4 * self.places()[-1].channels * self.classes
        return stem + 2 * 3 * self.channels + head + self.classes, stem * height * width + head

    def operation(self, op: str, reduction: bool, strided: bool = False) -> tuple[int, int]:
        """Parameters and multiply-accumulates that one node adds, over all cells of its kind.

        Args:
            op: An operation of the vocabulary, or one of a cell's two inputs, whose preprocessing counts.
            reduction: Whether the node stands in the reduction cell.
            strided: Whether it reads an input of the reduction cell; only ``skip_connect`` costs more then.
        """
        parameters = macs = 0
        for place in self.places():
            if place.reduction == reduction:
                channels = place.channels
                pixels = place.pixels // (4 if reduction and op not in INPUTS else 1)
                if op in INPUTS:
                    repeats, weights = 1, place.inputs[op == LAST] * channels
                elif op == "skip_connect" and strided:
                    repeats, weights = 1, channels**2
                elif op in _CONVOLUTIONS:
                    repeats, kernel = _CONVOLUTIONS[op]
                    weights = kernel**2 * channels + channels**2
                else:
                    continue
                parameters += repeats * (weights + 2 * channels)
                macs += repeats * weights * pixels
        return parameters, macs
