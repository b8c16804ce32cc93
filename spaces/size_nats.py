"""The size space of NATS-Bench (Dong, Liu, Musial & Gabrys, TPAMI 2021): the widths of the five stages of one network.

The graph is a chain, and a node's attribute ``channels`` is its width:

    node    0      1     2     3          4     5          6     7
    what    input  stem  cell  reduction  cell  reduction  cell  output
    width          c0    c0    c1         c2    c3         c4

"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from spaces._argument_checks import listed, whole
from spaces._image_arguments import halved_twice
from spaces.architecture import Architecture, Node
from spaces.space import Cost, Space

if TYPE_CHECKING:
    from torch import nn

_OPS = ("input", "stem", "cell", "reduction", "cell", "reduction", "cell", "output")
_EDGES = tuple((position, position + 1) for position in range(7))

Widths = tuple[int, ...]  # of the five stages, as the notation writes them


class SizeNats(Space):
    """NATS-Bench size: the widths of five stages, eight choices each, around one fixed cell.

    The five numbers of ``8:16:32:48:64`` are the channels of the stem and the first cell, of the first residual
    reduction, of the second cell, of the second reduction and of the third cell. The cell is the topology space's best,
    ``|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|``, at stride 1.
    Where a cell's input has another width, the operations that leave it change the width, and its skip connection is a
    1x1 convolution and a batch normalisation without ReLU, with parameters of their own.

    The benchmark's own "flops" are multiply-accumulates, and one more for each class: it counts the additions of the
    head's bias (``api.get_cost_info(12, "cifar10")``, of 8:8:8:16:40, says 7.991706; here 7,991,696 and 10 classes).
    """

    def __init__(
        self,
        widths: Sequence[int] = (8, 16, 24, 32, 40, 48, 56, 64),
        input_shape: Sequence[int] = (3, 32, 32),
        classes: int = 10,
    ) -> None:
        """Chooses what is searched and what the network is for.

        Args:
            widths: Channels to choose from in each stage, at least two different ones.
            input_shape: ``(channels, height, width)`` of one example.
            classes: Width of the output.

        Raises:
            ValueError: An argument breaks a rule; the message says the rule, the value and the remedy.
        """
        self.widths = tuple(whole(width, "widths") for width in listed(widths, "widths"))
        if len(self.widths) < 2 or len(set(self.widths)) < len(self.widths):
            raise ValueError(f"widths must be at least two different numbers; got {widths!r}")
        self.ops = tuple(dict.fromkeys(_OPS))
        self.attributes = ("channels",)
        self.input_shape = halved_twice(input_shape)
        self.classes = whole(classes, "classes")
        self.size: int = len(self.widths) ** 5
        self._costs = [self._stage_costs(stage) for stage in range(5)]

    def sample(self, rng: np.random.Generator) -> Architecture:
        """Uniform over the notations: every width is drawn evenly and independently."""
        number = int(rng.random() * self.size)  # as even as rng.integers for sizes below 2**53, and faster
        widths = []
        for _ in range(5):
            number, choice = divmod(number, len(self.widths))
            widths.append(self.widths[choice])
        return _graph(tuple(widths))

    def mutate(self, architecture: Architecture, rng: np.random.Generator) -> Architecture:
        """One stage gets another width; even over the neighbours, each of which is another network."""
        widths = self._widths_of(architecture)
        return _graph(self._edited(widths, int(rng.random() * 5 * (len(self.widths) - 1))))

    def crossover(self, left: Architecture, right: Architecture, rng: np.random.Generator) -> Architecture:
        """Each of the five widths from either parent with equal chance."""
        coins = rng.integers(2, size=5).tolist()
        pairs = zip(coins, self._widths_of(left), self._widths_of(right), strict=True)
        return _graph(tuple([second if coin else first for coin, first, second in pairs]))

    def neighbours(self, architecture: Architecture) -> Iterator[Architecture]:
        """All ``5 * (choices - 1)`` members that differ in one width."""
        widths = self._widths_of(architecture)
        return (_graph(self._edited(widths, edit)) for edit in range(5 * (len(self.widths) - 1)))

    def check(self, architecture: Architecture) -> None:
        """Passes where the graph is the chain of this space with widths among its choices."""
        self._widths_of(architecture)

    def simplify(self, architecture: Architecture) -> Architecture:
        """The architecture itself: no part can be dead, and no two notations are the same network."""
        self._widths_of(architecture)
        return architecture

    def cost(self, architecture: Architecture) -> Cost:
        """Exact cost. Only convolutions and the head count as multiply-accumulates."""
        widths = self._widths_of(architecture)
        stages = [self._costs[0][widths[0], widths[0]]]
        stages += [self._costs[stage][widths[stage - 1], widths[stage]] for stage in range(1, 5)]
        return Cost(sum([parameters for parameters, _ in stages]), sum([macs for _, macs in stages]))

    def build(self, architecture: Architecture) -> nn.Module:
        """The network with PyTorch's default initialisation."""
        from spaces._size_nats_network import network  # torch takes a second to import

        return network(self._widths_of(architecture), self.input_shape[0], self.classes)

    def parse(self, text: str) -> Architecture:
        """Reads the benchmark's ``8:16:32:48:64``."""
        position = 0
        widths = []
        text = text.strip()
        known = {str(width): width for width in self.widths}
        for stage in range(5):
            end = text.find(":", position) if stage < 4 else len(text)
            word = text[position:] if end < 0 else text[position:end]
            if word not in known:
                raise _fault(text, position, f"one of {', '.join(known)}")
            if end < 0:
                raise _fault(text, len(text), f"':' and {4 - stage} more of the five widths")
            widths.append(known[word])
            position = end + 1
        return _graph(tuple(widths))

    def format(self, architecture: Architecture) -> str:
        """Writes the benchmark's ``8:16:32:48:64``."""
        return ":".join(map(str, self._widths_of(architecture)))

    def _edited(self, widths: Widths, edit: int) -> Widths:
        """The ``edit``-th neighbour: first the alternatives of the first width, … at last those of the fifth."""
        stage, choice = divmod(edit, len(self.widths) - 1)
        alternatives = [width for width in self.widths if width != widths[stage]]
        return (*widths[:stage], alternatives[choice], *widths[stage + 1 :])

    def _widths_of(self, architecture: Architecture) -> Widths:
        nodes = architecture.nodes
        if tuple([node.op for node in nodes]) != _OPS or architecture.edges != _EDGES:
            raise ValueError(
                f"a network is the chain {' - '.join(_OPS)}; got the operations {', '.join(node.op for node in nodes)} "
                f"and the edges {architecture.edges}: build networks with parse"
            )
        for position, node in enumerate(nodes):
            names = [name for name, _ in node.attributes]
            if names != (["channels"] if 0 < position < 7 else []):
                raise ValueError(
                    f"nodes 1 to 6 have one attribute, channels, and the others none; node {position} has {names}"
                )
            if names and node.attributes[0][1] not in self.widths:
                raise ValueError(
                    f"channels must be one of {', '.join(map(str, self.widths))}; node {position} has "
                    f"{node.attributes[0][1]:g}"
                )
        if nodes[1].attributes != nodes[2].attributes:
            raise ValueError(
                "the stem and the first cell have the same channels; got "
                f"{nodes[1].attributes[0][1]:g} and {nodes[2].attributes[0][1]:g}: change both"
            )
        if architecture.settings:
            raise ValueError(f"a network of this space has no settings; got {dict(architecture.settings)}")
        return tuple([int(node.attributes[0][1]) for node in nodes[2:7]])

    def _stage_costs(self, stage: int) -> dict[tuple[int, int], tuple[int, int]]:
        """Parameters and multiply-accumulates of a stage by (width before, width); the ends count with stages 0, 4."""
        colours, height, width = self.input_shape
        pixels = (height * width) >> 2 * ((stage + 1) // 2)
        costs = {}
        for inputs in self.widths:
            for outputs in self.widths:
                if stage % 2:
                    weights, normalised = 9 * inputs * outputs + 9 * outputs**2 + inputs * outputs, 2 * outputs
                else:
                    weights, normalised = 18 * inputs * outputs + 27 * outputs**2, 5 * outputs
                    if inputs != outputs:
                        weights, normalised = weights + inputs * outputs, normalised + outputs
                parameters, macs = weights + 2 * normalised, weights * pixels
                if stage == 0:
                    parameters += 9 * colours * outputs + 2 * outputs
                    macs += 9 * colours * outputs * pixels
                elif stage == 4:
                    parameters += 2 * outputs + outputs * self.classes + self.classes
                    macs += outputs * self.classes
                costs[inputs, outputs] = parameters, macs
        return costs


@lru_cache(maxsize=1 << 15)
def _graph(widths: Widths) -> Architecture:
    channels = (widths[0], *widths)
    body = [Node(op, (("channels", float(width)),)) for op, width in zip(_OPS[1:7], channels, strict=True)]
    return Architecture((Node("input"), *body, Node("output")), _EDGES)


def _fault(text: str, position: int, expected: str) -> ValueError:
    rest = text[position : position + 24]
    got = repr(rest) if rest else "the end"
    return ValueError(f"position {position} of the widths {text!r}: expected {expected}; got {got}")
