"""PyTorch networks of ``mlp``. Shapes: every hidden value is ``(batch, width)``."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor, nn

_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
}
_NORMALISATIONS: dict[str, Callable[[int], nn.Module]] = {
    "batch": nn.BatchNorm1d,
    "layer": nn.LayerNorm,
}


class _Skipped(nn.Module):
    """Adds the input to what the layer makes of it, projected where the widths differ."""

    def __init__(self, layer: nn.Module, inputs: int, outputs: int) -> None:
        super().__init__()
        self.layer = layer
        self.shortcut = nn.Identity() if inputs == outputs else nn.Linear(inputs, outputs, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layer(x)
        shortcut: Tensor = self.shortcut(x)
        return out + shortcut


def network(features: int, layers: Sequence[tuple[int, str, bool]], normalisation: str, classes: int) -> nn.Module:
    """The whole network: ``(batch, *input_shape)`` to ``(batch, classes)``, freshly initialised.

    Args:
        features: Numbers in one example.
        layers: Width, activation and skip connection of each hidden layer.
        normalisation: ``"none"``, ``"batch"`` or ``"layer"``.
        classes: Width of the output.
    """
    parts: list[nn.Module] = [nn.Flatten()]
    inputs = features
    for width, activation, skip in layers:
        steps: list[nn.Module] = [nn.Linear(inputs, width)]
        if normalisation in _NORMALISATIONS:
            steps.append(_NORMALISATIONS[normalisation](width))
        layer = nn.Sequential(*steps, _ACTIVATIONS[activation]())
        parts.append(_Skipped(layer, inputs, width) if skip else layer)
        inputs = width
    return nn.Sequential(*parts, nn.Linear(inputs, classes))
