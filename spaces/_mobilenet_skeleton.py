"""Layers of a once-for-all MobileNetV3 as numbers: ``mobilenet`` counts by them, ``_mobilenet_network`` builds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

STEM = 16  # channels before the width multiplier, as in the released networks
UNITS = (24, 40, 80, 112, 160)
EXPANDED = 960
MIXED = 1280

_SQUEEZED = (False, True, False, True, True)  # squeeze-and-excitation in each unit
_HARD_SWISH = (False, False, True, True, True)  # else ReLU


def rounded(channels: float) -> int:
    """The multiple of 8 nearest to ``channels``, at least 8, and the next one where that loses over a tenth.

    The rule of the MobileNets ("MobileNetV2", Sandler et al., 2018, in the authors' code).
    """
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * channels else nearest


@dataclass(frozen=True, slots=True)
class Block:
    """An inverted bottleneck: 1x1 expansion, depthwise convolution, squeeze-and-excitation, 1x1 projection.

    Every convolution but those of the squeeze is without bias and followed by a batch normalisation. The block's input
    is added to its output where both have the same shape.

    Attributes:
        inputs: Channels that come in.
        hidden: Channels of the depthwise convolution; equal to ``inputs`` where there is no expansion.
        outputs: Channels that go out.
        kernel: Height and width of the depthwise convolution.
        stride: Its stride.
        squeezed: Channels between the two 1x1 convolutions of the squeeze; 0 where there is none.
        hard_swish: Whether activations are hard swish, else ReLU.
    """

    inputs: int
    hidden: int
    outputs: int
    kernel: int
    stride: int
    squeezed: int
    hard_swish: bool

    def parameters(self) -> int:
        """Trainable parameters."""
        expansion = self.hidden * (self.inputs + 2) if self.hidden > self.inputs else 0
        squeeze = 2 * self.hidden * self.squeezed + self.hidden + self.squeezed if self.squeezed else 0
        return expansion + self.hidden * (self.kernel**2 + 2) + squeeze + self.outputs * (self.hidden + 2)

    def macs(self, before: int, after: int) -> int:
        """Multiply-accumulates of the convolutions, for so many pixels before and after the stride."""
        expansion = self.hidden * self.inputs * before if self.hidden > self.inputs else 0
        pointwise = self.hidden * self.outputs * after
        return expansion + self.hidden * self.kernel**2 * after + 2 * self.hidden * self.squeezed + pointwise


def blocks(width: float, units: Sequence[Sequence[tuple[int, int]]], strides: Sequence[int]) -> Iterator[Block]:
    """The fixed first block, then those of the units.

    Args:
        width: Multiplier of all channels.
        units: For each unit, the kernel and expansion of its blocks.
        strides: Of the stem and of each unit's first block.
    """
    inputs = rounded(STEM * width)
    yield Block(inputs, inputs, inputs, 3, 1, 0, False)
    for unit, layers in enumerate(units):
        outputs = rounded(UNITS[unit] * width)
        stride = strides[unit + 1]
        for kernel, expansion in layers:
            hidden = inputs * expansion
            squeezed = rounded(hidden // 4) if _SQUEEZED[unit] else 0
            yield Block(inputs, hidden, outputs, kernel, stride, squeezed, _HARD_SWISH[unit])
            inputs, stride = outputs, 1


def halved(size: int, stride: int) -> int:
    """Height or width after a padded convolution of this stride: rounded up."""
    return -(-size // stride)
