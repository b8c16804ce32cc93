"""The cells of DARTS (Liu, Simonyan & Yang, ICLR 2019): a normal and a reduction cell, stacked in the CIFAR network.

A cell has two inputs, ``c_{k-2}`` and ``c_{k-1}``, and four intermediate nodes, each the sum of two operations on
earlier results; its output concatenates the four. One graph holds both cells, told apart by the attribute
``reduction`` of their nodes, 0 or 1. Each operation is a node, each intermediate node an ``add``:

    node   0      1        2        3   4   5    6   7   8    9 … 14  15      16 … 30             31
    what   input  c_{k-2}  c_{k-1}  op  op  add  op  op  add  …       concat  the reduction cell  output

``input`` stands for what comes from the cells before, ``output`` for what goes to those behind.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from spaces._argument_checks import listed, whole
from spaces._darts_genotype import Cell, Genes, Input, parsed, written
from spaces._darts_graph import INSIDE, NODES, OPS, genes_of, graph_of, require_known
from spaces._darts_layout import BEFORE_LAST, INPUTS, LAST, Layout
from spaces._darts_simplify import simplified
from spaces._image_arguments import halved_twice
from spaces.architecture import Architecture
from spaces.space import Cost, Space

if TYPE_CHECKING:
    from torch import nn

_PAIRS = [list(combinations(range(node + 2), 2)) for node in range(4)]  # the states that an intermediate node may read
_READINGS = 1 * 3 * 6 * 10
_REWIRINGS = 2 * (0 + 1 + 2 + 3)  # of one cell: an input of its node k may move to k other states


class Darts(Space):
    """DARTS: two cells of four intermediate nodes, each of which sums two of seven operations on earlier results.

    A node's incoming feature maps are summed, except those of ``concat``, which concatenates its blocks in an order
    that follows from what they compute, not from their numbers: isomorphic graphs are the same network. Operations
    that read an input of the reduction cell have stride 2, and ``skip_connect`` there is a factorised reduction. The
    nodes ``c_{k-2}`` and ``c_{k-1}`` are the preprocessing of a cell's inputs (ReLU, 1x1 convolution, normalisation;
    after a reduction cell, a factorised reduction of ``c_{k-2}``).

    Parameters are those of the published evaluation network on CIFAR-10, whose batch normalisations have trainable
    weight and bias, without its auxiliary head: that head only serves training, and the published counts leave it out.
    Drop-path has no parameters and belongs to the training recipe; ``build`` has none.

    ``none`` belongs to the published vocabulary, but a discrete cell has none of it (Section 2.4 keeps the strongest
    non-zero operations); it is searched where ``ops`` lists it. The two inputs of an intermediate node read different
    states (Section 2.4), and their order says nothing: ``format`` writes them in the order of the states.
    """

    def __init__(
        self,
        channels: int = 36,
        cells: int = 20,
        ops: Sequence[str] = OPS[1:],
        input_shape: Sequence[int] = (3, 32, 32),
        classes: int = 10,
    ) -> None:
        """Chooses the network around the cells and the operations in them.

        Args:
            channels: Channels of each operation in the first cell; the stem has three times as many.
            cells: Cells in the network, at least 3; a third and two thirds of the way up stands a reduction cell.
            ops: Operations to choose from, at least two of the eight published ones.
            input_shape: ``(channels, height, width)`` of one example.
            classes: Width of the output.

        Raises:
            ValueError: An argument breaks a rule; the message says the rule, the value and the remedy.
        """
        self._cell_ops = _choices(ops)
        self.ops = ("input", "output", *INPUTS, "add", "concat", *OPS)
        self.attributes = ("reduction",)
        self.input_shape = halved_twice(input_shape)
        self.classes = whole(classes, "classes")
        self.size: int = (_READINGS * len(self._cell_ops) ** 8) ** 2
        self._layout = Layout(whole(channels, "channels"), whole(cells, "cells", 3), self.input_shape, self.classes)
        self._reductions = self._layout.reductions()
        self._fixed_cost = self._layout.fixed()
        self._costs = {
            nodes[op]: self._layout.operation(op, reduction)
            for reduction, nodes in ((False, NODES[0]), (True, NODES[1]))
            for op in INSIDE
        }
        self._halving_cost = self._layout.operation("skip_connect", True, strided=True)

    def sample(self, rng: np.random.Generator) -> Architecture:
        """Uniform over notations: operations and pairs of states are drawn evenly and independently."""
        number = int(rng.integers(self.size))
        cells = []
        for _ in range(2):
            pairs = []
            for readings in _PAIRS:
                number, reading = divmod(number, len(readings))
                number, first = divmod(number, len(self._cell_ops))
                number, second = divmod(number, len(self._cell_ops))
                low, high = readings[reading]
                pairs.append(((self._cell_ops[first], low), (self._cell_ops[second], high)))
            cells.append(tuple(pairs))
        return graph_of((cells[0], cells[1]))

    def mutate(self, architecture: Architecture, rng: np.random.Generator) -> Architecture:
        """One operation replaced or one input moved to another state; even over the edits that change the function."""
        genes = genes_of(architecture, self._cell_ops)
        parent = simplified(graph_of(genes), self._reductions)
        edits = list(range(self._edits))
        while edits:
            child = self._edited(genes, edits.pop(int(rng.random() * len(edits))))
            if _differ(parent, simplified(graph_of(child), self._reductions)):
                return graph_of(child)
        raise AssertionError(f"no edit of {self.format(architecture)} changes its function")

    def crossover(self, left: Architecture, right: Architecture, rng: np.random.Generator) -> Architecture:
        """Each of the eight intermediate nodes, with its two inputs, from either parent with equal chance."""
        coins = iter(rng.integers(2, size=8).tolist())
        parents = zip(genes_of(left, self._cell_ops), genes_of(right, self._cell_ops), strict=True)
        normal, reduction = (
            tuple([second if next(coins) else first for first, second in zip(*cells, strict=True)]) for cells in parents
        )
        return graph_of((normal, reduction))

    def neighbours(self, architecture: Architecture) -> Iterator[Architecture]:
        """All ``16 * (operations - 1) + 24`` members with one other operation or one input that reads elsewhere."""
        genes = genes_of(architecture, self._cell_ops)
        return (graph_of(self._edited(genes, edit)) for edit in range(self._edits))

    def check(self, architecture: Architecture) -> None:
        """Passes where the graph is a pair of cells of this space as ``sample`` and ``parse`` give it."""
        genes_of(architecture, self._cell_ops)

    def simplify(self, architecture: Architecture) -> Architecture:
        """Without ``none``, dead parts and identities; see ``spaces/_darts_simplify.py`` for the canonical form."""
        return simplified(architecture, self._reductions)

    def cost(self, architecture: Architecture) -> Cost:
        """Exact cost of the graph as it is, in all cells. Only convolutions and the head count as macs."""
        require_known(architecture)
        parameters, macs = self._fixed_cost
        nodes = architecture.nodes
        for node in nodes[1:-1]:
            if node in self._costs:
                parameters += self._costs[node][0]
                macs += self._costs[node][1]
        if NODES[1]["skip_connect"] in nodes:
            inputs = (NODES[1][BEFORE_LAST], NODES[1][LAST])
            for source, target in architecture.edges:
                if nodes[target].op == "skip_connect" and nodes[source] in inputs:
                    parameters += self._halving_cost[0]
                    macs += self._halving_cost[1]
        return Cost(parameters, macs)

    def build(self, architecture: Architecture) -> nn.Module:
        """The network of the graph as it is, dead parts included, with PyTorch's default initialisation.

        As in the published code, every cell is built, even one from whose output no later cell reads.
        """
        from spaces._darts_network import network  # torch takes a second to import

        require_known(architecture)
        return network(architecture, self._layout)

    def parse(self, text: str) -> Architecture:
        """Reads ``Genotype(normal=[('sep_conv_3x3', 1), …], normal_concat=range(2, 6), reduce=[…], …)``."""
        return graph_of(parsed(text, self._cell_ops))

    def format(self, architecture: Architecture) -> str:
        """Writes the published text; of each intermediate node, the input that reads the earlier state first."""
        return written(genes_of(architecture, self._cell_ops))

    @property
    def _edits(self) -> int:
        return 16 * (len(self._cell_ops) - 1) + 2 * _REWIRINGS

    def _edited(self, genes: Genes, edit: int) -> Genes:
        """The ``edit``-th neighbour: first those with another operation, then those with another state."""
        others = len(self._cell_ops) - 1
        if edit < 16 * others:
            place, choice = divmod(edit, others)
            which, node, side = place // 8, place // 2 % 4, place % 2
            op, state = genes[which][node][side]
            changed = ([known for known in self._cell_ops if known != op][choice], state)
        else:
            which, move = divmod(edit - 16 * others, _REWIRINGS)
            node, first = (1, 0) if move < 2 else (2, 2) if move < 6 else (3, 6)
            side, choice = divmod(move - first, node)
            taken = {state for _, state in genes[which][node]}
            free = [state for state in range(node + 2) if state not in taken]
            changed = (genes[which][node][side][0], free[choice])
        cell = _with_input(genes[which], node, side, changed)
        return (cell, genes[1]) if which == 0 else (genes[0], cell)


def _with_input(cell: Cell, node: int, side: int, changed: Input) -> Cell:
    kept = cell[node][1 - side]
    pair = (changed, kept) if changed[1] < kept[1] else (kept, changed)
    return (*cell[:node], pair, *cell[node + 1 :])


def _differ(first: Architecture, second: Architecture) -> bool:
    """Whether two graphs are not isomorphic; most show it by their operations, which are quicker to compare."""
    if len(first.nodes) != len(second.nodes) or len(first.edges) != len(second.edges):
        return True
    if sorted([node.op for node in first.nodes]) != sorted([node.op for node in second.nodes]):
        return True
    return first.key != second.key


def _choices(ops: Sequence[str]) -> tuple[str, ...]:
    given = tuple(str(op) for op in listed(ops, "ops"))
    for op in given:
        if op not in OPS:
            raise ValueError(f"ops must be among {', '.join(OPS)}; got {op!r}")
    if len(given) < 2 or len(set(given)) < len(given):
        raise ValueError(f"ops must be at least two different operations; got {', '.join(given)}")
    return given
