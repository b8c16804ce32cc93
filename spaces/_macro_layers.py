"""Layers and skeleton of ``macro``: read from a graph, counted here, built in ``_macro_network``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from spaces.architecture import Architecture, Node

OPS = ("identity", "mb3_k3", "mb6_k5")
BLOCKS = {"mb3_k3": (3, 3), "mb6_k5": (6, 5)}  # expansion and size of the depthwise kernel


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: its operation, output channels, and stride, which is also its output by its input channels."""

    op: str
    channels: int
    stride: int

    @property
    def node(self) -> Node:
        """The layer as a node of a graph."""
        return Node(self.op, (("channels", float(self.channels)), ("stride", float(self.stride))))

    def count(self, height: int, width: int) -> tuple[int, int, int, int]:
        """Parameters, multiply-accumulates, and height and width of the output.

        Args:
            height: Height of the input, in pixels.
            width: Width of the input, in pixels.
        """
        below, above = -(-height // self.stride), -(-width // self.stride)
        inputs, outputs, pixels = self.channels // self.stride, self.channels, below * above
        if self.op == "identity":
            weights = inputs * outputs if self.stride > 1 else 0
            return weights + (2 * outputs if weights else 0), weights * pixels, below, above
        expansion, kernel = BLOCKS[self.op]
        inner = expansion * inputs
        parameters = inputs * inner + inner * kernel**2 + inner * outputs + 2 * (2 * inner + outputs)
        macs = inputs * inner * height * width + (inner * kernel**2 + inner * outputs) * pixels
        return parameters, macs, below, above


@dataclass(frozen=True, slots=True)
class Skeleton:
    """What stands around the layers.

    Attributes:
        stages: Layers of stride 2 that a network has.
        channels: Channels of the first convolution.
        head_channels: Channels of the last convolution.
        input_shape: ``(channels, height, width)`` of one example.
        classes: Width of the output.
    """

    stages: int
    channels: int
    head_channels: int
    input_shape: tuple[int, int, int]
    classes: int

    def count(self, layers: tuple[Layer, ...]) -> tuple[int, int]:
        """Trainable parameters and multiply-accumulates of the whole network."""
        colours, height, width = self.input_shape
        stem = 9 * colours * self.channels
        parameters, macs = stem + 2 * self.channels, stem * height * width
        for layer in layers:
            more_parameters, more_macs, height, width = _count(layer, height, width)
            parameters += more_parameters
            macs += more_macs
        last = (self.channels << self.stages) * self.head_channels
        head = self.head_channels * self.classes
        return parameters + last + 2 * self.head_channels + head + self.classes, macs + last * height * width + head


@lru_cache(maxsize=1 << 12)
def _count(layer: Layer, height: int, width: int) -> tuple[int, int, int, int]:
    return layer.count(height, width)


def layers_of(architecture: Architecture, skeleton: Skeleton) -> tuple[Layer, ...]:
    """The layers of a chain from input to output, of any length.

    Raises:
        ValueError: The graph is no chain of layers that fit each other and the skeleton.
    """
    nodes = architecture.nodes
    chain = tuple([(place, place + 1) for place in range(len(nodes) - 1)])
    if len(nodes) < 2 or (nodes[0].op, nodes[-1].op) != ("input", "output") or architecture.edges != chain:
        raise ValueError(
            "a network is one chain from 'input' to 'output'; got "
            f"{', '.join(node.op for node in nodes)} with the edges {architecture.edges}"
        )
    layers = []
    channels = skeleton.channels
    for place, node in enumerate(nodes[1:-1], start=1):
        layer = _layer(node)
        if layer is None or layer.channels != channels * layer.stride:
            raise ValueError(
                f"layer {place} must be one of {', '.join(OPS)} with stride 1 and {channels} channels or stride 2 and "
                f"{2 * channels} channels; got {node.op!r} with {dict(node.attributes)}"
            )
        channels = layer.channels
        layers.append(layer)
    reductions = sum([layer.stride == 2 for layer in layers])
    if reductions != skeleton.stages:
        raise ValueError(f"a network has {skeleton.stages} layers of stride 2, one a stage; got {reductions}")
    return tuple(layers)


@lru_cache(maxsize=1 << 12)
def _layer(node: Node) -> Layer | None:
    """The node as a layer, or None where it is none."""
    names = [name for name, _ in node.attributes]
    if node.op not in OPS or names != ["channels", "stride"]:
        return None
    channels, stride = (value for _, value in node.attributes)
    return Layer(node.op, int(channels), int(stride)) if stride in (1, 2) and channels == int(channels) else None
