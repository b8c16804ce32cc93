"""The fixed part around a NAS-Bench-201 cell, as data: ``cell201`` counts by it, ``_cell201_network`` builds by it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Stem, stages of equal cells with a reduction between two stages, head.

    Every reduction halves height and width (rounding down) and doubles the channels.

    Attributes:
        stages: Number of stages; stage k (from 0) has ``channels * 2**k`` channels.
        cells: Cells in each stage.
        reduction: ``"residual"``: the benchmark's residual block of stride 2; ``"pool"``: a 2x2 average pooling, a 1x1
            convolution and a batch normalisation.
        input_shape: ``(channels, height, width)`` of one example.
        classes: Width of the output.
    """

    stages: int
    cells: int
    reduction: str
    input_shape: tuple[int, int, int]
    classes: int

    def pixels(self, stage: int) -> int:
        """Height times width of the feature maps in ``stage``."""
        _, height, width = self.input_shape
        return (height >> stage) * (width >> stage)

    def fixed(self, channels: int) -> tuple[int, int]:
        """Parameters and multiply-accumulates of everything but the cells, with ``channels`` in the first stage."""
        colours = self.input_shape[0]
        parameters = 9 * colours * channels + 2 * channels
        macs = 9 * colours * channels * self.pixels(0)
        width = channels
        for stage in range(1, self.stages):
            if self.reduction == "residual":  # conv_a and conv_b, both 3x3 with a normalisation, and a 1x1 shortcut
                weights, normalisations = 9 * width * 2 * width + 9 * (2 * width) ** 2 + width * 2 * width, 2
            else:
                weights, normalisations = width * 2 * width, 1
            width *= 2
            parameters += weights + normalisations * 2 * width
            macs += weights * self.pixels(stage)
        head = width * self.classes
        return parameters + 2 * width + head + self.classes, macs + head

    def convolution(self, channels: int, kernel: int) -> tuple[int, int]:
        """Parameters and multiply-accumulates that one convolution node of the cell adds, over all cells."""
        parameters = macs = 0
        for stage in range(self.stages):
            width = channels << stage
            weights = (kernel * width) ** 2
            parameters += self.cells * (weights + 2 * width)
            macs += self.cells * weights * self.pixels(stage)
        return parameters, macs
