"""The cell of NAS-Bench-201 (Dong & Yang, ICLR 2020) and of NATS-Bench's topology space.

The benchmark's cell has four feature maps, 0 to 3, and an operation on each of the six edges between them. Here each
operation is a node of the graph, with ``input`` for feature map 0 and ``output`` for feature map 3:

    node    0      1     2     3     4     5     6     7
    what    input  1<-0  2<-0  2<-1  3<-0  3<-1  3<-2  output
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from spaces._argument_checks import image_shape, listed, whole
from spaces._cell201_notation import benchmark_class, parsed
from spaces._cell201_simplify import simplified
from spaces._cell201_skeleton import Skeleton
from spaces.architecture import Architecture, Node
from spaces.space import Cost, Space

if TYPE_CHECKING:
    from torch import nn

OPS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")

_CELL_EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))  # (from, to) feature map, in the notation's order
_EDGES = ((0, 1), (0, 2), (0, 4), (1, 3), (1, 5), (2, 6), (3, 6), (4, 7), (5, 7), (6, 7))
_NODES = {op: Node(op) for op in ("input", "output", *OPS)}

Genes = tuple[tuple[str, ...], int]  # operations of the six edges, and channels of the first stage


class Cell201(Space):
    """NAS-Bench-201: one cell of six edges and five operations, stacked in a fixed skeleton.

    A node's incoming feature maps are summed. Convolutions are ReLU, convolution without bias, batch normalisation.
    """

    def __init__(
        self,
        skeleton: str = "nasbench201",
        channels: Sequence[int] | int | None = None,
        cells: int | None = None,
        ops: Sequence[str] = OPS,
        input_shape: Sequence[int] = (3, 32, 32),
        classes: int = 10,
    ) -> None:
        """Chooses what is searched and what stands around it.

        Args:
            skeleton: ``"nasbench201"``: stem, three stages of cells with residual reductions between them, head.
                ``"compact"``: stem, cell, 2x2 average pooling and 1x1 convolution, cell, head.
            channels: Channels of the first stage; several values make them a gene. Default 16, or 8 for compact.
            cells: Cells in each stage of ``nasbench201``, 5 by default; ``compact`` has one and takes no other.
            ops: Operations to choose from, at least two of the benchmark's five.
            input_shape: ``(channels, height, width)`` of one example.
            classes: Width of the output.

        Raises:
            ValueError: An argument breaks a rule; the message says the rule, the value and the remedy.
        """
        if skeleton not in ("nasbench201", "compact"):
            raise ValueError(f"skeleton must be 'nasbench201' or 'compact'; got {skeleton!r}")
        compact = skeleton == "compact"
        if channels is None:
            channels = 8 if compact else 16
        self.channels = _widths(channels)
        self._cell_ops = _choices(ops)
        self.ops = ("input", "output", *self._cell_ops)
        self.attributes = ()
        self.input_shape = _shape(input_shape, compact)
        self.classes = whole(classes, "classes")
        if compact and cells not in (None, 1):
            raise ValueError(f"the compact skeleton has one cell a stage; got cells={cells}: leave cells out")
        self.size: int = len(self._cell_ops) ** 6 * len(self.channels)
        self._skeleton = (
            Skeleton(2, 1, "pool", self.input_shape, self.classes)
            if compact
            else Skeleton(3, whole(5 if cells is None else cells, "cells"), "residual", self.input_shape, self.classes)
        )
        self._costs = {
            width: (
                *self._skeleton.fixed(width),
                *self._skeleton.convolution(width, 1),
                *self._skeleton.convolution(width, 3),
            )
            for width in self.channels
        }

    def sample(self, rng: np.random.Generator) -> Architecture:
        """Uniform over notations: every operation and the channels are drawn evenly and independently."""
        number = int(rng.random() * self.size)  # six times faster than rng.integers, and as even for sizes below 2**53
        number, width = divmod(number, len(self.channels))
        ops = []
        for _ in range(6):
            number, choice = divmod(number, len(self._cell_ops))
            ops.append(self._cell_ops[choice])
        return _graph((tuple(ops), self.channels[width]))

    def mutate(self, architecture: Architecture, rng: np.random.Generator) -> Architecture:
        """One operation replaced, or the channels where they are a gene; even over the edits that change the function.

        There always is one: whatever changes on edge 3<-0 changes the output.
        """
        genes = self._genes(architecture)
        before = simplified(architecture)
        edits = list(range(self._edits))
        while edits:
            child = _graph(self._edited(genes, edits.pop(int(rng.random() * len(edits)))))
            if _differ(before, simplified(child)):
                return child
        raise AssertionError(f"no edit of {self.format(architecture)} changes its function")

    def crossover(self, left: Architecture, right: Architecture, rng: np.random.Generator) -> Architecture:
        """Each of the six operations, and the channels, from either parent with equal chance."""
        left_ops, left_width = self._genes(left)
        right_ops, right_width = self._genes(right)
        coins = rng.integers(2, size=7).tolist()
        ops = tuple([b if coin else a for a, b, coin in zip(left_ops, right_ops, coins[:6], strict=True)])
        return _graph((ops, right_width if coins[6] else left_width))

    def neighbours(self, architecture: Architecture) -> Iterator[Architecture]:
        """All ``6 * (operations - 1) + (channel choices - 1)`` members that differ in one gene."""
        genes = self._genes(architecture)
        return (_graph(self._edited(genes, edit)) for edit in range(self._edits))

    def check(self, architecture: Architecture) -> None:
        """Passes where the graph is a cell of this space as ``sample`` and ``parse`` give it, dead parts included."""
        nodes = architecture.nodes
        if len(nodes) != 8:
            raise ValueError(
                f"a cell has 8 nodes: input, six operations, output; got {len(nodes)}. "
                "Graphs that simplify has shortened are no members: keep the original to vary or format it"
            )
        if (nodes[0].op, nodes[7].op) != ("input", "output"):
            raise ValueError(f"node 0 must be 'input' and node 7 'output'; got {nodes[0].op!r} and {nodes[7].op!r}")
        for position, node in enumerate(nodes[1:7], start=1):
            if node.op not in self._cell_ops:
                raise ValueError(f"node {position} must be one of {', '.join(self._cell_ops)}; got {node.op!r}")
        for position, node in enumerate(nodes):
            if node.attributes:
                raise ValueError(f"nodes of a cell have no attributes; node {position} has {dict(node.attributes)}")
        if architecture.edges != _EDGES:
            raise ValueError(f"a cell's edges are {_EDGES}; got {architecture.edges}: build cells with parse")
        self._width(architecture)

    def simplify(self, architecture: Architecture) -> Architecture:
        """Without ``none``, dead paths and identities; see ``spaces/_cell201_simplify.py`` for how sums are kept."""
        _graph_ops(architecture)
        return simplified(architecture)

    def benchmark_class(self, architecture: Architecture) -> str:
        """NAS-Bench-201's own isomorphism class of a member, 6,466 of them; ``simplify`` merges otherwise."""
        return benchmark_class(self._genes(architecture)[0])

    def cost(self, architecture: Architecture) -> Cost:
        """Exact cost of the graph as it is. Only convolutions and the head count as multiply-accumulates."""
        ops = _graph_ops(architecture)
        parameters, macs, small_parameters, small_macs, large_parameters, large_macs = self._costs[
            self._width(architecture)
        ]
        small, large = ops.count("nor_conv_1x1"), ops.count("nor_conv_3x3")
        return Cost(
            parameters + small * small_parameters + large * large_parameters,
            macs + small * small_macs + large * large_macs,
        )

    def build(self, architecture: Architecture) -> nn.Module:
        """The network of the graph as it is, dead parts included, with PyTorch's default initialisation."""
        from spaces._cell201_network import network  # torch takes a second to import

        _graph_ops(architecture)
        return network(architecture, self._width(architecture), self._skeleton)

    def parse(self, text: str) -> Architecture:
        """Reads ``|nor_conv_3x3~0|+|none~0|skip_connect~1|+|…|``, then `` channels=8`` where they are a gene."""
        ops, width = parsed(text, self._cell_ops, self.channels)
        return _graph((ops, width))

    def format(self, architecture: Architecture) -> str:
        """Writes the benchmark's string, with `` channels=8`` behind it where they are a gene."""
        ops, width = self._genes(architecture)
        terms = [f"{op}~{source}" for op, (source, _) in zip(ops, _CELL_EDGES, strict=True)]
        text = f"|{terms[0]}|+|{'|'.join(terms[1:3])}|+|{'|'.join(terms[3:])}|"
        return f"{text} channels={width}" if len(self.channels) > 1 else text

    @property
    def _edits(self) -> int:
        return 6 * (len(self._cell_ops) - 1) + len(self.channels) - 1

    def _edited(self, genes: Genes, edit: int) -> Genes:
        """The ``edit``-th neighbour: first the alternatives of the first operation, … at last those of the channels."""
        ops, width = genes
        place, choice = divmod(edit, len(self._cell_ops) - 1)
        if place >= 6:
            others = [other for other in self.channels if other != width]
            return ops, others[edit - 6 * (len(self._cell_ops) - 1)]
        alternatives = [op for op in self._cell_ops if op != ops[place]]
        return (*ops[:place], alternatives[choice], *ops[place + 1 :]), width

    def _genes(self, architecture: Architecture) -> Genes:
        self.check(architecture)
        return tuple([node.op for node in architecture.nodes[1:7]]), int(architecture.settings[0][1])

    def _width(self, architecture: Architecture) -> int:
        settings = architecture.settings
        if len(settings) != 1 or settings[0][0] != "channels" or settings[0][1] not in self._costs:
            raise ValueError(
                f"settings must be one pair, channels, of {', '.join(map(str, self.channels))}; got {dict(settings)}"
            )
        return int(settings[0][1])


@lru_cache(maxsize=1 << 15)
def _graph(genes: Genes) -> Architecture:
    ops, width = genes
    nodes = (_NODES["input"], *[_NODES[op] for op in ops], _NODES["output"])
    return Architecture(nodes, _EDGES, (("channels", float(width)),))


def _differ(left: Architecture, right: Architecture) -> bool:
    """Whether two simplified graphs have different keys; most have other operations, which is seen sooner."""
    if left.settings != right.settings or len(left.edges) != len(right.edges):
        return True
    if sorted([node.op for node in left.nodes]) != sorted([node.op for node in right.nodes]):
        return True
    return left.key != right.key


def _graph_ops(architecture: Architecture) -> list[str]:
    """Operations of a graph of the vocabulary, raw or simplified, in any topological order."""
    ops = [node.op for node in architecture.nodes]
    if ops.count("input") != 1 or ops.count("output") != 1 or not _NODES.keys() >= set(ops):
        raise ValueError(f"a graph has one 'input', one 'output' and else {', '.join(OPS)}; got {', '.join(ops)}")
    return ops


def _choices(ops: Sequence[str]) -> tuple[str, ...]:
    given = tuple(str(op) for op in listed(ops, "ops"))
    for op in given:
        if op not in OPS:
            raise ValueError(f"ops must be among {', '.join(OPS)}; got {op!r}")
    if len(given) < 2 or len(set(given)) < len(given):
        raise ValueError(f"ops must be at least two different operations; got {', '.join(given)}")
    return given


def _widths(channels: Sequence[int] | int) -> tuple[int, ...]:
    given = listed([channels] if isinstance(channels, int | np.integer) else channels, "channels")
    widths = tuple(whole(width, "channels") for width in given)
    if not widths or len(set(widths)) < len(widths):
        raise ValueError(f"channels must be one or more different numbers; got {channels!r}")
    return widths


def _shape(input_shape: Sequence[int], compact: bool) -> tuple[int, int, int]:
    channels, height, width = image_shape(input_shape)
    if compact and min(height, width) < 2:
        raise ValueError(
            "the compact skeleton halves height and width once, so both must be at least 2; "
            f"got {height}x{width}: enlarge the images"
        )
    if not compact and (height % 4 or width % 4):
        raise ValueError(
            "the nasbench201 skeleton halves height and width twice without a remainder, so both must be multiples of "
            f"4; got {height}x{width}: pad or resize the images, or take skeleton='compact'"
        )
    return channels, height, width
