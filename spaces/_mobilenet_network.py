"""PyTorch networks of ``mobilenet``. Shapes: every feature map is ``(batch, channels, height, width)``."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

from spaces._mobilenet_skeleton import EXPANDED, MIXED, STEM, Block, blocks, rounded


class _Resize(nn.Module):
    def __init__(self, size: tuple[int, ...]) -> None:
        super().__init__()
        self.size = list(size)

    def forward(self, x: Tensor) -> Tensor:
        return functional.interpolate(x, size=self.size, mode="bilinear", antialias=True)


class _Squeeze(nn.Module):
    """Squeeze-and-excitation (Hu et al., 2018) with a hard sigmoid: each channel is scaled by a gate."""

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, squeezed, 1),
            nn.ReLU(),
            nn.Conv2d(squeezed, channels, 1),
            nn.Hardsigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        gate: Tensor = self.gate(x)
        return x * gate


class _InvertedBottleneck(nn.Module):
    def __init__(self, block: Block) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        if block.hidden > block.inputs:
            layers += [*_convolution(block.inputs, block.hidden, 1), _activation(block.hard_swish)]
        layers += _convolution(block.hidden, block.hidden, block.kernel, block.stride, groups=block.hidden)
        layers.append(_activation(block.hard_swish))
        if block.squeezed:
            layers.append(_Squeeze(block.hidden, block.squeezed))
        self.layers = nn.Sequential(*layers, *_convolution(block.hidden, block.outputs, 1))
        self.residual = block.stride == 1 and block.inputs == block.outputs

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layers(x)
        return x + out if self.residual else out


def _convolution(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, groups=groups, bias=False)
    return [convolution, nn.BatchNorm2d(outputs)]


def _activation(hard_swish: bool) -> nn.Module:
    return nn.Hardswish() if hard_swish else nn.ReLU()


def network(
    width: float,
    units: Sequence[Sequence[tuple[int, int]]],
    strides: Sequence[int],
    resized: tuple[int, ...] | None,
    colours: int,
    classes: int,
) -> nn.Module:
    """The whole network: ``(batch, colours, height, width)`` to logits ``(batch, classes)``, freshly initialised.

    Args:
        width: Multiplier of all channels.
        units: For each unit, the kernel and expansion of its layers.
        strides: Of the stem and of each unit's first layer.
        resized: Height and width that images are given first; None leaves them as they are.
        colours: Channels of the image.
        classes: Width of the output.
    """
    stem, expanded, mixed = (rounded(channels * width) for channels in (STEM, EXPANDED, MIXED))
    layers: list[nn.Module] = [] if resized is None else [_Resize(resized)]
    layers += [*_convolution(colours, stem, 3, strides[0]), nn.Hardswish()]
    outputs = stem
    for block in blocks(width, units, strides):
        layers.append(_InvertedBottleneck(block))
        outputs = block.outputs
    layers += [*_convolution(outputs, expanded, 1), nn.Hardswish(), nn.AdaptiveAvgPool2d(1)]
    layers += [nn.Conv2d(expanded, mixed, 1, bias=False), nn.Hardswish(), nn.Flatten(), nn.Linear(mixed, classes)]
    return nn.Sequential(*layers)
