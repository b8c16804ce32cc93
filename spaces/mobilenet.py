"""Once-for-all networks in the form of MobileNetV3 (Cai et al., "Once-for-All", ICLR 2020; Howard et al., 2019).

Five units of two to four inverted bottlenecks, a kernel of 3, 5 or 7 and an expansion of 3, 4 or 6 for each of them,
the image's resolution, and the width of all layers. The units have 24, 40, 80, 112 and 160 channels times the width;
the second, fourth and fifth have squeeze-and-excitation; the first two use ReLU, the others hard swish.

Counts follow the authors' code (github.com/mit-han-lab/once-for-all): channels are rounded to multiples of 8, also a
squeeze's quarter of the hidden channels; the squeeze's convolutions have biases and no normalisation, the last 1x1
convolution has neither. Their ``flops@595M_top1@80.0_finetune@75`` (width 1.2, 236 pixels) has 9,135,928
parameters and 595,189,032 multiply-accumulates here, 9.1 M and 595 M in their table. Extremes, 1,000 classes:

    sub-network                       width  parameters   multiply-accumulates at 224 pixels
    largest (depth 4, kernel 7, x6)   1.0     7,664,760   566,170,656
    smallest (depth 2, kernel 3, x3)  1.0     3,410,792   121,278,672
    largest                           1.2    10,701,632   843,101,040
    smallest                          1.2     4,602,456   193,078,200

Other counters have other rules: torchprofile's 89,421,520 for the smallest at 192 pixels
(github.com/zhijian-liu/torchprofile/issues/10) is, with ten classes, the 88,574,144 here, 822,656 products of hard
swish and gates, and 24,720 elements of means.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from spaces._argument_checks import listed, whole
from spaces._choices_arguments import one_or_more
from spaces._mobilenet_skeleton import EXPANDED, MIXED, STEM, UNITS, blocks, halved, rounded
from spaces.architecture import Architecture
from spaces.choices import Choice, ChoiceSpace, Layers
from spaces.space import Cost

if TYPE_CHECKING:
    from torch import nn

RESOLUTIONS = tuple(range(128, 225, 4))  # section 4.1 of the paper

Units = tuple[tuple[tuple[int, int], ...], ...]  # kernel and expansion of each layer of each unit


class MobileNet(ChoiceSpace):
    """Once-for-all MobileNetV3: depth of five units, kernel and expansion of each layer, resolution and width.

    Nodes ``unit1`` to ``unit5`` are inverted bottlenecks: 1x1 expansion, depthwise convolution, 1x1 projection. Stem,
    first block and head are fixed parts of ``input`` and ``output``. Counts are those of the authors' networks;
    multiply-accumulates are of convolutions and the linear layer, squeeze-and-excitation included.
    """

    def __init__(
        self,
        width: Sequence[float] | float = 1.0,
        resolution: Sequence[int] | int | None = RESOLUTIONS,
        depth: Sequence[int] = (2, 3, 4),
        kernel: Sequence[int] = (3, 5, 7),
        expansion: Sequence[int] = (3, 4, 6),
        strides: Sequence[int] = (2, 2, 2, 2, 1, 2),
        input_shape: Sequence[int] = (3, 224, 224),
        classes: int = 1000,
    ) -> None:
        """Chooses what is searched. The defaults are the released ``ofa_mbv3_d234_e346_k357_w1.0``.

        Args:
            width: Multiplier of all channels, which are then rounded to multiples of 8; several values make it a gene.
            resolution: Height and width to which images are resized (bilinear, antialiased); several values make it a
                gene, None takes images as they are.
            depth: Choices of a unit's number of layers.
            kernel: Choices of a depthwise convolution's odd height and width.
            expansion: Choices of a layer's hidden channels, in multiples of its input channels.
            strides: Of the stem and of the first layer of each unit; smaller ones suit smaller images.
            input_shape: ``(channels, height, width)`` of one example.
            classes: Width of the output.

        Raises:
            ValueError: An argument breaks a rule; the message says the rule, the value and the remedy.
        """
        self._strides = tuple(whole(stride, "strides") for stride in listed(strides, "strides"))
        if len(self._strides) != 1 + len(UNITS):
            raise ValueError(f"strides must be of the stem and five units, six numbers; got {list(self._strides)}")
        layer = [Choice("kernel", _odd(kernel)), Choice("expansion", _whole_numbers(expansion, "expansion"))]
        settings = [Choice("width", _widths(width))]
        if resolution is not None:
            settings.append(Choice("resolution", _whole_numbers(one_or_more(resolution), "resolution")))
        super().__init__(
            settings=settings,
            layers=[Layers(f"unit{unit}", _whole_numbers(depth, "depth"), layer) for unit in range(1, 1 + len(UNITS))],
            input_shape=input_shape,
            classes=classes,
        )
        if len(self.input_shape) != 3:
            raise ValueError(f"input_shape must be (channels, height, width); got {input_shape!r}")
        self._require_room([] if resolution is None else [int(value) for value in settings[1].values])

    def cost(self, architecture: Architecture) -> Cost:
        """Exact cost of the network; resizing costs nothing."""
        width, (height, across), units = self._read(architecture)
        stem, expanded, mixed = (rounded(channels * width) for channels in (STEM, EXPANDED, MIXED))
        height, across = halved(height, self._strides[0]), halved(across, self._strides[0])
        weights = 9 * self.input_shape[0] * stem
        parameters, macs, outputs = weights + 2 * stem, weights * height * across, stem
        for block in blocks(width, units, self._strides):
            before = height * across
            height, across = halved(height, block.stride), halved(across, block.stride)
            parameters += block.parameters()
            macs += block.macs(before, height * across)
            outputs = block.outputs
        head = expanded * mixed + mixed * self.classes
        return Cost(
            parameters + (outputs + 2) * expanded + head + self.classes,
            macs + outputs * expanded * height * across + head,
        )

    def build(self, architecture: Architecture) -> nn.Module:
        """The network with PyTorch's default initialisation, without dropout."""
        from spaces._mobilenet_network import network  # torch takes a second to import

        width, size, units = self._read(architecture)
        resized = size if size != self.input_shape[1:] else None
        return network(width, units, self._strides, resized, self.input_shape[0], self.classes)

    def _read(self, architecture: Architecture) -> tuple[float, tuple[int, ...], Units]:
        """Width, height and width of the image that the stem sees, and the units."""
        genes = self.genes(architecture)
        resolution = genes.settings.get("resolution")
        size = self.input_shape[1:] if resolution is None else (resolution, resolution)
        units = tuple([tuple([(each["kernel"], each["expansion"]) for each in run]) for run in genes.layers.values()])
        return genes.settings["width"], size, units

    def _require_room(self, resolutions: Sequence[int]) -> None:
        _, height, width = self.input_shape
        if resolutions and max(resolutions) > min(height, width):
            raise ValueError(
                f"resolution must be at most the image's height and width; got {max(resolutions)} for "
                f"{height}x{width}: give a larger input_shape or smaller resolutions, or None for images as they are"
            )
        least = min([height, width, *resolutions])
        if least < math.prod(self._strides):
            raise ValueError(
                f"strides divide height and width by {math.prod(self._strides)}, so both must be at least that; "
                f"got {least}: enlarge the images, or take smaller strides"
            )


def _whole_numbers(values: object, name: str) -> tuple[int, ...]:
    return tuple(whole(value, name) for value in listed(values, name))


def _odd(kernel: Sequence[int]) -> tuple[int, ...]:
    given = _whole_numbers(kernel, "kernel")
    for size in given:
        if size % 2 == 0:
            raise ValueError(f"kernel must be odd, so that it has a middle; got {size}")
    return given


def _widths(width: Sequence[float] | float) -> tuple[float, ...]:
    given = listed(one_or_more(width), "width")
    widths = []
    for value in given:
        if isinstance(value, bool | str) or not isinstance(value, int | float) or not 0 < value < math.inf:
            raise ValueError(f"width must be a positive number; got {value!r}")
        widths.append(float(value))
    channels = {tuple(rounded(base * value) for base in (STEM, *UNITS, EXPANDED, MIXED)) for value in widths}
    if len(channels) < len(widths):
        raise ValueError(f"width must be numbers that make different channels; got {widths}: leave some out")
    return tuple(widths)
