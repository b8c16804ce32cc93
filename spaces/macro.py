"""NAS-Bench-Macro (Su et al., "Prioritized Architecture Sampling with Monto-Carlo Tree Search", CVPR 2021).

A chain of eight layers in three stages of two, three and three; each layer is one of three operations. The first layer
of a stage has stride 2 and doubles the channels. Around them stand a 3x3 convolution with 32 channels, and a 1x1
convolution to 1,280 channels, global average pooling and a linear layer; every convolution is without bias and followed
by batch normalisation, and by ReLU where it is not the last of its layer.

- ``identity``: its input; where the stride is 2, a 1x1 convolution of that stride without ReLU.
- ``mb3_k3``, ``mb6_k5``: MobileNetV2's inverted residual with ReLU: a 1x1 convolution to 3 (6) times the layer's input
  channels, a depthwise 3x3 (5x5) convolution with the stride, a 1x1 convolution; the input is added where the stride
  is 1.

The stride and the output channels of a layer are attributes of its node, not of its place, so a chain from which
identities are dropped says the same network.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from spaces._argument_checks import image_shape, listed, whole
from spaces._macro_layers import OPS, Layer, Skeleton, layers_of
from spaces.architecture import Architecture, Node
from spaces.space import Cost, Space

if TYPE_CHECKING:
    from torch import nn

_ENDS = (Node("input"), Node("output"))

Genes = tuple[int, ...]  # of each layer, the place of its operation in OPS


class Macro(Space):
    """NAS-Bench-Macro: a chain of eight layers, each an identity or one of two MobileNetV2 blocks.

    Every node has one input; the blocks add theirs to their result where the stride is 1.
    """

    def __init__(
        self,
        layers: Sequence[int] = (2, 3, 3),
        channels: int = 32,
        head_channels: int = 1280,
        input_shape: Sequence[int] = (3, 32, 32),
        classes: int = 10,
    ) -> None:
        """Chooses the skeleton in which the layers stand.

        Args:
            layers: Layers in each stage; the first of a stage halves height and width (rounding up) and doubles the
                channels.
            channels: Channels of the first convolution; the first stage has twice as many.
            head_channels: Channels of the last convolution.
            input_shape: ``(channels, height, width)`` of one example.
            classes: Width of the output.

        Raises:
            ValueError: An argument breaks a rule; the message says the rule, the value and the remedy.
        """
        self.ops = ("input", "output", *OPS)
        self.attributes = ("channels", "stride")
        self.input_shape = image_shape(input_shape)
        self.classes = whole(classes, "classes")
        stages = tuple(whole(number, "layers") for number in listed(layers, "layers"))
        if not stages:
            raise ValueError("layers must give the layers of at least one stage; got none: the published are 2, 3, 3")
        if min(self.input_shape[1:]) < 2 ** len(stages):
            raise ValueError(
                f"{len(stages)} stages halve height and width {len(stages)} times, so both must be at least "
                f"{2 ** len(stages)}; got {self.input_shape[1]}x{self.input_shape[2]}: enlarge the images or give "
                "fewer stages"
            )
        self._skeleton = Skeleton(
            stages=len(stages),
            channels=whole(channels, "channels"),
            head_channels=whole(head_channels, "head_channels"),
            input_shape=self.input_shape,
            classes=self.classes,
        )
        self._choices = tuple(
            tuple(Layer(op, channels << stage, 2 if place == 0 else 1).node for op in OPS)
            for stage, number in enumerate(stages, start=1)
            for place in range(number)
        )
        self._edges = tuple((place, place + 1) for place in range(len(self._choices) + 1))
        self.size: int = len(OPS) ** len(self._choices)

    def sample(self, rng: np.random.Generator) -> Architecture:
        """Uniform over notations: every layer is drawn evenly and independently."""
        return self._graph(tuple(rng.integers(len(OPS), size=len(self._choices)).tolist()))

    def mutate(self, architecture: Architecture, rng: np.random.Generator) -> Architecture:
        """One layer replaced, even over all alternatives.

        Each changes the function: some stage then has another number of some block.
        """
        genes = self._genes(architecture)
        return self._graph(_edited(genes, int(rng.random() * 2 * len(genes))))

    def crossover(self, left: Architecture, right: Architecture, rng: np.random.Generator) -> Architecture:
        """Each layer from either parent with equal chance."""
        coins = rng.integers(2, size=len(self._choices)).tolist()
        pairs = zip(self._genes(left), self._genes(right), coins, strict=True)
        return self._graph(tuple([b if coin else a for a, b, coin in pairs]))

    def neighbours(self, architecture: Architecture) -> Iterator[Architecture]:
        """All members that differ in one layer, two for each layer."""
        genes = self._genes(architecture)
        return (self._graph(_edited(genes, edit)) for edit in range(2 * len(genes)))

    def check(self, architecture: Architecture) -> None:
        """Passes where the graph is a chain of this space's layers as ``sample`` and ``parse`` give it."""
        nodes = architecture.nodes
        if len(nodes) != len(self._choices) + 2:
            raise ValueError(
                f"a network has {len(self._choices) + 2} nodes: input, {len(self._choices)} layers, output; "
                f"got {len(nodes)}. Chains that simplify has shortened are no members: keep the original to vary or "
                "format it"
            )
        if (nodes[0], nodes[-1]) != _ENDS:
            raise ValueError(f"the first node must be 'input' and the last 'output'; got {nodes[0]} and {nodes[-1]}")
        for place, (node, choices) in enumerate(zip(nodes[1:-1], self._choices, strict=True), start=1):
            if node not in choices:
                raise ValueError(
                    f"layer {place} must be one of {', '.join(OPS)} with {dict(choices[0].attributes)}; got "
                    f"{node.op!r} with {dict(node.attributes)}: write networks with parse"
                )
        if architecture.edges != self._edges:
            raise ValueError(f"the layers form a chain, {self._edges}; got {architecture.edges}")
        if architecture.settings:
            raise ValueError(f"a network has no settings; got {dict(architecture.settings)}: leave them out")

    def simplify(self, architecture: Architecture) -> Architecture:
        """Without identities of stride 1; those of stride 2 are convolutions."""
        layers_of(architecture, self._skeleton)
        nodes = tuple([node for node in architecture.nodes if (node.op, node.attributes[1:]) != _NOTHING])
        if len(nodes) == len(architecture.nodes):
            return architecture
        return Architecture(nodes, self._edges[: len(nodes) - 1])

    def cost(self, architecture: Architecture) -> Cost:
        """Exact cost of the chain as it is. The benchmark's ``flops`` are these multiply-accumulates."""
        return Cost(*self._skeleton.count(layers_of(architecture, self._skeleton)))

    def build(self, architecture: Architecture) -> nn.Module:
        """The network of the chain as it is, with PyTorch's default initialisation."""
        from spaces._macro_network import network  # torch takes a second to import

        return network(layers_of(architecture, self._skeleton), self._skeleton)

    def parse(self, text: str) -> Architecture:
        """Reads one digit a layer: ``22212220``. White space at both ends is ignored."""
        text = text.strip()
        for position, digit in enumerate(text[: len(self._choices)]):
            if digit not in ("0", "1", "2"):
                legend = ", ".join(f"{number} ({op})" for number, op in enumerate(OPS))
                raise _fault(text, position, f"one of {legend}")
        if len(text) != len(self._choices):
            position = min(len(text), len(self._choices))
            raise _fault(text, position, f"one digit for each of {len(self._choices)} layers")
        return self._graph(tuple([int(digit) for digit in text]))

    def format(self, architecture: Architecture) -> str:
        """Writes one digit a layer: 0 ``identity``, 1 ``mb3_k3``, 2 ``mb6_k5``."""
        return "".join(map(str, self._genes(architecture)))

    def _graph(self, genes: Genes) -> Architecture:
        layers = [choices[gene] for choices, gene in zip(self._choices, genes, strict=True)]
        return Architecture((_ENDS[0], *layers, _ENDS[1]), self._edges)

    def _genes(self, architecture: Architecture) -> Genes:
        self.check(architecture)
        return tuple([OPS.index(node.op) for node in architecture.nodes[1:-1]])


_NOTHING = ("identity", (("stride", 1.0),))


def _edited(genes: Genes, edit: int) -> Genes:
    """The ``edit``-th neighbour: first the two alternatives of the first layer, then those of the second, …"""
    place, step = divmod(edit, 2)
    return (*genes[:place], (genes[place] + 1 + step) % 3, *genes[place + 1 :])


def _fault(text: str, position: int, expected: str) -> ValueError:
    rest = text[position : position + 24]
    return ValueError(
        f"position {position} of the network {text!r}: expected {expected}; got {repr(rest) if rest else 'the end'}"
    )
