"""PyTorch networks of ``macro``. Shapes: every feature map is ``(batch, channels, height, width)``."""

from __future__ import annotations

from torch import Tensor, nn

from spaces._macro_layers import BLOCKS, Layer, Skeleton


def _conv_norm(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    return [
        nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]


class _InvertedResidual(nn.Module):
    def __init__(self, layer: Layer) -> None:
        super().__init__()
        expansion, kernel = BLOCKS[layer.op]
        inputs = layer.channels // layer.stride
        inner = expansion * inputs
        self.adds_input = layer.stride == 1
        self.convolutions = nn.Sequential(
            *_conv_norm(inputs, inner, 1),
            nn.ReLU(),
            *_conv_norm(inner, inner, kernel, stride=layer.stride, groups=inner),
            nn.ReLU(),
            *_conv_norm(inner, layer.channels, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.convolutions(x)
        return x + result if self.adds_input else result


def _built(layer: Layer) -> nn.Module:
    if layer.op in BLOCKS:
        return _InvertedResidual(layer)
    if layer.stride == 1:
        return nn.Identity()
    return nn.Sequential(*_conv_norm(layer.channels // layer.stride, layer.channels, 1, stride=layer.stride))


def network(layers: tuple[Layer, ...], skeleton: Skeleton) -> nn.Module:
    """The whole network: ``(batch, *input_shape)`` to logits ``(batch, classes)``, freshly initialised."""
    head = skeleton.head_channels
    return nn.Sequential(
        *_conv_norm(skeleton.input_shape[0], skeleton.channels, 3),
        nn.ReLU(),
        *[_built(layer) for layer in layers],
        *_conv_norm(skeleton.channels << skeleton.stages, head, 1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(head, skeleton.classes),
    )
