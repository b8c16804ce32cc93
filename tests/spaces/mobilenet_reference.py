"""Once-for-all MobileNetV3 in the terms of its authors' code: what ``mobilenet`` is checked against.

Nothing here uses ``spaces``. A network is, for each unit, the ``(kernel, expansion)`` of its layers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

Units = Sequence[Sequence[tuple[int, int]]]

BASE = (16, 16, 24, 40, 80, 112, 160, 960, 1280)
STRIDES = (2, 2, 2, 1, 2)
SQUEEZED = (False, True, False, True, True)
HARD_SWISH = (False, False, True, True, True)

# flops@595M_top1@80.0_finetune@75 of the authors' table (9.1 M parameters, 595 M MACs): width 1.2, 236 pixels
SPECIALISED: Units = (
    ((3, 3), (5, 4), (3, 3)),
    ((5, 4), (5, 4), (3, 6), (5, 3)),
    ((7, 6), (5, 6), (3, 3), (5, 4)),
    ((3, 6), (5, 6), (7, 6), (3, 4)),
    ((3, 6), (3, 6), (5, 6), (3, 3)),
)


def uniform(depth: int, kernel: int, expansion: int) -> Units:
    return [[(kernel, expansion)] * depth] * 5


def divisible(value: float) -> int:
    found = max(8, int(value + 4) // 8 * 8)
    return found + 8 if found < 0.9 * value else found


@dataclass
class Counts:
    """Parameters; MACs of convolutions and the linear layer; products of hard swish and gates; elements of means."""

    parameters: int = 0
    macs: int = 0
    products: int = 0
    means: int = 0

    def convolution(
        self, inputs: int, outputs: int, kernel: int, size: int, groups: int = 1, norm: bool = True
    ) -> None:
        weights = inputs * outputs * kernel * kernel // groups
        self.parameters += weights + (2 * outputs if norm else 0)
        self.macs += weights * size * size


def counts(units: Units, width: float, resolution: int, classes: int) -> Counts:
    """Layer by layer; the authors' global averages are a mean over the columns and then one over the rows."""
    channels = [divisible(base * width) for base in BASE]
    found = Counts()
    size = (resolution + 1) // 2
    found.convolution(3, channels[0], 3, size)
    found.products += channels[0] * size**2
    found.convolution(channels[0], channels[0], 3, size, groups=channels[0])
    found.convolution(channels[0], channels[1], 1, size)
    inputs = channels[1]
    for unit, layers in enumerate(units):
        for place, (kernel, expansion) in enumerate(layers):
            hidden = divisible(round(inputs * expansion))
            found.convolution(inputs, hidden, 1, size)
            found.products += HARD_SWISH[unit] * hidden * size**2
            if place == 0 and STRIDES[unit] == 2:
                size = (size + 1) // 2
            found.convolution(hidden, hidden, kernel, size, groups=hidden)
            found.products += HARD_SWISH[unit] * hidden * size**2
            if SQUEEZED[unit]:
                squeezed = divisible(hidden // 4)
                found.convolution(hidden, squeezed, 1, 1, norm=False)
                found.convolution(squeezed, hidden, 1, 1, norm=False)
                found.parameters += hidden + squeezed
                found.products += hidden * size**2
                found.means += hidden * size + hidden
            inputs = channels[2 + unit]
            found.convolution(hidden, inputs, 1, size)
    expanded, mixed = channels[7:]
    found.convolution(inputs, expanded, 1, size)
    found.products += expanded * size**2 + mixed
    found.means += expanded * size + expanded
    found.convolution(expanded, mixed, 1, 1, norm=False)
    found.convolution(mixed, classes, 1, 1, norm=False)
    found.parameters += classes
    return found


def output(units: Units, strides: Sequence[int], size: int | None, weights: Iterator[Tensor], x: Tensor) -> Tensor:
    """Logits of the network in evaluation mode with fresh normalisations.

    Args:
        units: The network.
        strides: Of the stem and of each unit's first layer.
        size: Height and width to which the image is resized first.
        weights: Of convolutions and the linear layer, biases after their weights, in the order of the layers.
        x: Images, ``(batch, channels, height, width)``.
    """

    def convolved(value: Tensor, stride: int = 1, depthwise: bool = False) -> Tensor:
        weight = next(weights)
        groups = value.shape[1] if depthwise else 1
        value = functional.conv2d(value, weight, stride=stride, padding=weight.shape[-1] // 2, groups=groups)
        return value / (1 + 1e-5) ** 0.5

    def swish(value: Tensor) -> Tensor:
        return value * (value + 3).clamp(0, 6) / 6

    def layer(value: Tensor, unit: int, expansion: int, stride: int) -> Tensor:
        activation = swish if unit >= 0 and HARD_SWISH[unit] else torch.relu
        out = activation(convolved(value)) if expansion > 1 else value
        out = activation(convolved(out, stride, depthwise=True))
        if unit >= 0 and SQUEEZED[unit]:
            gate = torch.relu(functional.conv2d(out.mean((2, 3), keepdim=True), next(weights), next(weights)))
            out = out * (functional.conv2d(gate, next(weights), next(weights)) + 3).clamp(0, 6) / 6
        out = convolved(out)
        return out + value if out.shape == value.shape else out

    if size is not None:
        x = functional.interpolate(x, size=(size, size), mode="bilinear", antialias=True)
    x = layer(swish(convolved(x, strides[0])), -1, 1, 1)
    for unit, layers in enumerate(units):
        for place, (_, expansion) in enumerate(layers):
            x = layer(x, unit, expansion, strides[unit + 1] if place == 0 else 1)
    x = swish(convolved(x)).mean((2, 3), keepdim=True)
    x = swish(functional.conv2d(x, next(weights)))
    return x.flatten(1) @ next(weights).T + next(weights)
