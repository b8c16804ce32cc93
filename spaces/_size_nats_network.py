"""PyTorch networks of ``size_nats``. Shapes: every feature map is ``(batch, channels, height, width)``."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn


def _relu_conv_norm(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.ReLU(inplace=False),  # the input feeds other operations too
        nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
    )


class _Cell(nn.Module):
    """The fixed cell: feature maps 1 = c(0), 2 = c(0) + c(1), 3 = skip(0) + c(1) + c(2), each c a 3x3 convolution.

    What leaves feature map 0 changes the width; there, the skip connection is a 1x1 convolution and a normalisation.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.one_from_zero = _relu_conv_norm(inputs, outputs)
        self.two_from_zero = _relu_conv_norm(inputs, outputs)
        self.two_from_one = _relu_conv_norm(outputs, outputs)
        self.three_from_one = _relu_conv_norm(outputs, outputs)
        self.three_from_two = _relu_conv_norm(outputs, outputs)
        self.skip: nn.Module = nn.Identity()
        if inputs != outputs:
            self.skip = nn.Sequential(nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        one: Tensor = self.one_from_zero(x)
        two: Tensor = self.two_from_zero(x) + self.two_from_one(one)
        three: Tensor = self.skip(x) + self.three_from_one(one) + self.three_from_two(two)
        return three


class _Reduction(nn.Module):
    """A residual block of stride 2 that changes the width."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.residual = nn.Sequential(_relu_conv_norm(inputs, outputs, stride=2), _relu_conv_norm(outputs, outputs))
        self.shortcut = nn.Sequential(nn.AvgPool2d(2, stride=2), nn.Conv2d(inputs, outputs, 1, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        shortcut: Tensor = self.shortcut(x)
        residual: Tensor = self.residual(x)
        return shortcut + residual


def network(widths: Sequence[int], colours: int, classes: int) -> nn.Module:
    """The whole network: ``(batch, colours, height, width)`` to logits ``(batch, classes)``, freshly initialised.

    Args:
        widths: Channels of the five stages.
        colours: Channels of the images.
        classes: Width of the output.
    """
    first, second, third, fourth, last = widths
    stem = nn.Sequential(nn.Conv2d(colours, first, 3, padding=1, bias=False), nn.BatchNorm2d(first))
    body = [
        _Cell(first, first),
        _Reduction(first, second),
        _Cell(second, third),
        _Reduction(third, fourth),
        _Cell(fourth, last),
    ]
    head = [nn.BatchNorm2d(last), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(last, classes)]
    return nn.Sequential(stem, *body, *head)
