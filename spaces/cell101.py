"""The cell of NAS-Bench-101 (Ying et al., "NAS-Bench-101: Towards Reproducible Neural Architecture Search", ICML 2019).

A cell is a graph of up to seven vertices, ``input`` and ``output`` included, and up to nine edges, in which every
vertex lies on a path from input to output. The network is the benchmark's:

- where ``input`` feeds a vertex, a 1x1 convolution with batch normalisation and ReLU projects it to that vertex's
  channels; it has weights of its own for each such edge;
- a vertex sums what it receives and applies its operation; of a wider vertex it receives the first channels;
- ``output`` concatenates the vertices that feed it, which share its channels evenly, the first of them with one more
  where a remainder is left, and adds the projected input where that feeds it; any other vertex is as wide as the widest
  vertex it feeds.

"The first of them" needs an order, which is no part of a graph. The published one is that of the benchmark's own list
of graphs: of isomorphic graphs it trained the one that comes first when matrices are counted as binary numbers (column
by column, the first column lowest) and operations lexicographically. Here a cell is put into that order before it is
counted or built, so isomorphic cells are one network, and every published parameter count is met, also where a table
prints the vertices in another order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from spaces._argument_checks import chosen, image_shape, whole
from spaces._cell101_edits import neighbours
from spaces._cell101_graph import OPS, Cell, architecture_of, cell_of, dead_vertices, incoming, pruned, published
from spaces._cell101_hash import module_hash
from spaces._cell101_notation import formatted, parsed
from spaces._cell101_numbering import matrices, matrix
from spaces._cell101_skeleton import Skeleton
from spaces.architecture import Architecture
from spaces.space import Cost, Space

if TYPE_CHECKING:
    from torch import nn

_ATTEMPTS = 16  # at crossing two cells, before one of them is returned


class Cell101(Space):
    """NAS-Bench-101: any cell of up to 7 vertices and 9 edges with three operations, stacked in a fixed skeleton.

    Vertices sum their inputs, ``output`` concatenates them. Convolutions are followed by batch normalisation and ReLU.
    """

    def __init__(
        self,
        vertices: int = 7,
        edges: int = 9,
        ops: Sequence[str] = OPS,
        channels: int = 128,
        stacks: int = 3,
        modules: int = 3,
        input_shape: Sequence[int] = (3, 32, 32),
        classes: int = 10,
    ) -> None:
        """Chooses what is searched and what stands around it.

        Args:
            vertices: Most vertices of a cell, input and output included: 3 to 7.
            edges: Most edges of a cell: 2 to 21.
            ops: Operations to choose from, at least one of the benchmark's three.
            channels: Channels of the stem and of the first stack; every further stack doubles them. At least
                ``vertices - 2``.
            stacks: Stacks of cells, with a 2x2 max pooling between two of them.
            modules: Cells in each stack.
            input_shape: ``(channels, height, width)`` of one example; height and width are multiples of
                ``2 ** (stacks - 1)``.
            classes: Width of the output.

        Raises:
            ValueError: An argument breaks a rule; the message says the rule, the value and the remedy.
        """
        self._vertices = whole(vertices, "vertices", 3, 7)
        self._edges = whole(edges, "edges", 2, 21)
        self._choices = chosen(ops, "ops", OPS, 1)
        self.ops = ("input", "output", *self._choices)
        self.attributes = ()
        self.input_shape = image_shape(input_shape)
        self.classes = whole(classes, "classes")
        self._skeleton = Skeleton(
            channels=_wide(whole(channels, "channels"), self._vertices),
            stacks=_fitting(whole(stacks, "stacks"), *self.input_shape[1:]),
            modules=whole(modules, "modules"),
            input_shape=self.input_shape,
            classes=self.classes,
        )
        self._labellings = {size: len(self._choices) ** (size - 2) for size in range(2, self._vertices + 1)}
        self.size: int = sum(matrices(size, self._edges) * ways for size, ways in self._labellings.items())

    def sample(self, rng: np.random.Generator) -> Architecture:
        """Uniform over notations: upper triangular matrices without dead vertices, with operations."""
        number = int(rng.random() * self.size)
        for size, ways in self._labellings.items():
            if number < matrices(size, self._edges) * ways:
                break
            number -= matrices(size, self._edges) * ways
        number, labels = divmod(number, ways)
        ops = []
        for _ in range(size - 2):
            labels, choice = divmod(labels, len(self._choices))
            ops.append(self._choices[choice])
        return architecture_of((("input", *ops, "output"), matrix(size, self._edges, number)))

    def mutate(self, architecture: Architecture, rng: np.random.Generator) -> Architecture:
        """One edit, even over ``neighbours``: none of them is isomorphic to the cell, so all change the function."""
        found = self._neighbours(self._member(architecture))
        return architecture_of(found[int(rng.random() * len(found))])

    def crossover(self, left: Architecture, right: Architecture, rng: np.random.Generator) -> Architecture:
        """Each vertex, with its operation and its incoming edges, from either parent with equal chance; then pruned.

        Vertices correspond by their place in the order of the nodes. Where 16 attempts give no cell of the space, one
        of the parents is returned.
        """
        parents = (self._member(left), self._member(right))
        for _ in range(_ATTEMPTS):
            child = _crossed(parents, rng.integers(2, size=self._vertices).tolist())
            if child is not None and len(child[1]) <= self._edges:
                return architecture_of(child)
        return (left, right)[int(rng.integers(2))]

    def neighbours(self, architecture: Architecture) -> Iterator[Architecture]:
        """Every cell one edit away.

        An edit replaces an operation; adds an edge; removes an edge, where every vertex stays on a path from input to
        output; inserts a vertex on an edge; or replaces a vertex with one incoming and one outgoing edge by an edge.
        They are distinct as graphs with numbered vertices; some may be isomorphic to each other.
        """
        return (architecture_of(cell) for cell in self._neighbours(self._member(architecture)))

    def check(self, architecture: Architecture) -> None:
        """Passes where the graph is a cell of this space without dead vertices."""
        self._member(architecture)

    def simplify(self, architecture: Architecture) -> Architecture:
        """Without vertices that lie on no path from input to output; members of the space stay as they are."""
        return _simplified(architecture)

    def cost(self, architecture: Architecture) -> Cost:
        """Exact cost. The benchmark prunes first, a dead vertex has no channels by its rule: it counts nothing."""
        return Cost(*_count(architecture, self._skeleton))

    def build(self, architecture: Architecture) -> nn.Module:
        """The benchmark's network of the pruned cell, with PyTorch's default initialisation and normalisation."""
        from spaces._cell101_network import network  # torch takes a second to import

        return network(published(pruned(cell_of(architecture))), self._skeleton)

    def parse(self, text: str) -> Architecture:
        """Reads ``010001000 input,conv3x3-bn-relu,output``: the matrix row by row, and operations; prunes the cell.

        The first bit, always 0, may be missing. Dead vertices are dropped, as the benchmark does, so a cell that needs
        fewer than the matrix's vertices reads as the cell it is.
        """
        architecture = architecture_of(pruned(parsed(text, self._choices)))
        self.check(architecture)
        return architecture

    def format(self, architecture: Architecture) -> str:
        """Writes the bits of the matrix row by row, a space, and the operations joined by commas."""
        return formatted(self._member(architecture))

    def module_hash(self, architecture: Architecture) -> str:
        """The benchmark's name of the pruned cell, 32 hexadecimal digits, by which its tables are read."""
        return module_hash(pruned(cell_of(architecture)))

    def _member(self, architecture: Architecture) -> Cell:
        """The architecture as a cell, checked to be one of this space."""
        return _checked(architecture, self._choices, self._vertices, self._edges)

    def _neighbours(self, cell: Cell) -> tuple[Cell, ...]:
        return _neighbours(cell, self._choices, self._vertices, self._edges)


def _wide(channels: int, vertices: int) -> int:
    if channels < vertices - 2:
        raise ValueError(
            f"channels must be at least {vertices - 2}, one for each inner vertex that feeds the output; "
            f"got {channels}: widen the network or lower vertices"
        )
    return channels


def _fitting(stacks: int, height: int, width: int) -> int:
    multiple = 1 << stacks - 1
    if height % multiple or width % multiple:
        raise ValueError(
            f"{stacks} stacks halve height and width {stacks - 1} times without a remainder, so both must be multiples "
            f"of {multiple}; got {height}x{width}: pad or resize the images, or take fewer stacks"
        )
    return stacks


@lru_cache(maxsize=1 << 12)  # parents vary often
def _checked(architecture: Architecture, choices: tuple[str, ...], vertices: int, most_edges: int) -> Cell:
    """The architecture as a cell of the space that is so described.

    Raises:
        ValueError: It is none.
    """
    cell = cell_of(architecture)
    ops, edges = cell
    for position, op in enumerate(ops[1:-1], start=1):
        if op not in choices:
            raise ValueError(f"vertex {position} must be one of {', '.join(choices)}; got {op!r}")
    dead = dead_vertices(cell)
    if dead:
        raise ValueError(
            f"every vertex must lie on a path from input to output; of {', '.join(ops)} with the edges {edges} "
            f"these do not: {', '.join(map(str, dead))}. Leave them out, as simplify and parse do, or connect them"
        )
    if len(ops) > vertices:
        raise ValueError(f"a cell has at most {vertices} vertices; got {len(ops)}: leave some out")
    if len(edges) > most_edges:
        raise ValueError(f"a cell has at most {most_edges} edges; got {len(edges)}: leave some out")
    return cell


@lru_cache(maxsize=1 << 12)
def _neighbours(cell: Cell, choices: tuple[str, ...], vertices: int, edges: int) -> tuple[Cell, ...]:
    return tuple(neighbours(cell, choices, vertices, edges))


@lru_cache(maxsize=1 << 15)
def _simplified(architecture: Architecture) -> Architecture:
    cell = cell_of(architecture)
    alive = pruned(cell)
    return architecture if alive is cell else architecture_of(alive)


@lru_cache(maxsize=1 << 15)
def _count(architecture: Architecture, skeleton: Skeleton) -> tuple[int, int]:
    return skeleton.count(pruned(cell_of(architecture)))


def _crossed(parents: tuple[Cell, Cell], coins: list[int]) -> Cell | None:
    """Vertex k, its operation and incoming edges, from parent ``coins[k]``; output at the end of the longer parent.

    Returns:
        The pruned child; None where no path leads from input to output.
    """
    sources = [incoming(parent) for parent in parents]
    size = max(map(len, sources))
    before = [0] * size  # a vertex that its parent does not have has no edges, so it is pruned
    for vertex in range(1, size - 1):
        given = sources[coins[vertex]]
        if vertex < len(given) - 1:
            before[vertex] = given[vertex]
    before[-1] = sources[coins[size - 1]][-1]
    ahead, behind = 1, 1 << size - 1
    for vertex in range(1, size):
        if before[vertex] & ahead:
            ahead |= 1 << vertex
    for vertex in range(size - 1, 0, -1):
        if behind >> vertex & 1:
            behind |= before[vertex]
    alive = [vertex for vertex in range(size) if ahead & behind & 1 << vertex]
    if not alive:
        return None
    columns = [before[vertex] for vertex in alive]
    edges = [
        (place, target)
        for place, source in enumerate(alive)
        for target, column in enumerate(columns)
        if column >> source & 1
    ]
    return ("input", *[parents[coins[vertex]][0][vertex] for vertex in alive[1:-1]], "output"), tuple(edges)
