"""Cells of NAS-Bench-101 as plain tuples: dead vertices dropped, and the order in which the benchmark numbers them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from spaces.architecture import Architecture, Node

OPS = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")  # in the benchmark's own order, which its hash uses

Edges = tuple[tuple[int, int], ...]
Cell = tuple[tuple[str, ...], Edges]  # operation of each vertex in a topological order; sorted (source, target) pairs

# Cells share their pairs: many cells are kept, and each object that is kept takes the garbage collector's time.
EDGE = tuple([tuple([(source, target) for target in range(8)]) for source in range(8)])
_NODES = {op: Node(op) for op in ("input", "output", *OPS)}


@lru_cache(maxsize=1 << 15)  # of the children of a few parents two thirds are equal to others
def architecture_of(cell: Cell) -> Architecture:
    """The cell as an architecture."""
    ops, edges = cell
    return Architecture(_nodes(ops), edges)


@lru_cache(maxsize=1 << 10)
def _nodes(ops: tuple[str, ...]) -> tuple[Node, ...]:
    return tuple([_NODES[op] for op in ops])


def cell_of(architecture: Architecture) -> Cell:
    """The architecture as a cell, whatever its size, dead vertices included.

    Raises:
        ValueError: A node has attributes, the graph settings, or an operation is not the benchmark's.
    """
    ops = tuple([node.op for node in architecture.nodes])
    if ops.count("input") != 1 or ops.count("output") != 1 or not _NODES.keys() >= set(ops):
        raise ValueError(f"a cell has one 'input', one 'output' and else {', '.join(OPS)}; got {', '.join(ops)}")
    for position, node in enumerate(architecture.nodes):
        if node.attributes:
            raise ValueError(f"vertices of a cell have no attributes; vertex {position} has {dict(node.attributes)}")
    if architecture.settings:
        raise ValueError(f"a cell has no settings; got {dict(architecture.settings)}: leave them out")
    return ops, architecture.edges


@lru_cache(maxsize=1 << 12)  # parents cross often
def incoming(cell: Cell) -> tuple[int, ...]:
    """Of each vertex, those with an edge to it, as bits."""
    ops, edges = cell
    sources = [0] * len(ops)
    for source, target in edges:
        sources[target] |= 1 << source
    return tuple(sources)


def dead_vertices(cell: Cell) -> list[int]:
    """Vertices that lie on no path from input to output. Input and output are among them where no path joins them."""
    ops, edges = cell
    ahead, behind = 1 << ops.index("input"), 1 << ops.index("output")
    for source, target in edges:  # sorted by source, so whatever leads to the source has been read
        if ahead >> source & 1:
            ahead |= 1 << target
    for source, target in reversed(edges):
        if behind >> target & 1:
            behind |= 1 << source
    alive = ahead & behind
    return [vertex for vertex in range(len(ops)) if not alive >> vertex & 1]


def pruned(cell: Cell) -> Cell:
    """Without dead vertices and their edges, as the benchmark prunes a cell before anything else.

    Raises:
        ValueError: No path leads from input to output.
    """
    dead = dead_vertices(cell)
    if not dead:
        return cell
    ops, edges = cell
    if ops.index("input") in dead:
        raise ValueError(f"some path must lead from input to output; got the edges {edges}: add the edges of one")
    place: dict[int, int] = {}
    for vertex in range(len(ops)):
        if vertex not in dead:
            place[vertex] = len(place)
    kept = [(place[source], place[target]) for source, target in edges if source in place and target in place]
    return tuple([ops[vertex] for vertex in place]), tuple(kept)


def reordered(cell: Cell, order: Sequence[int]) -> Cell:
    """The same graph with old vertex ``order[k]`` at place k."""
    ops, edges = cell
    place = {vertex: position for position, vertex in enumerate(order)}
    if len(order) > len(EDGE):  # no member of the space, but it can be counted and built
        return tuple([ops[vertex] for vertex in order]), tuple(sorted([(place[a], place[b]) for a, b in edges]))
    return tuple([ops[vertex] for vertex in order]), tuple(sorted([EDGE[place[a]][place[b]] for a, b in edges]))


@lru_cache(maxsize=1 << 15)
def published(cell: Cell) -> Cell:
    """The cell with its vertices in the order of the graph that the benchmark trained for its isomorphism class.

    The benchmark enumerates upper triangular matrices as binary numbers, whose bit ``x + y(y-1)/2`` is the edge from x
    to y, and for each the operations in lexicographic order, ``OPS`` being 0, 1, 2; of isomorphic graphs it keeps the
    first. The order matters where the output's channels do not divide evenly: the first vertices get one more.

    Args:
        cell: A cell without dead vertices.
    """
    ops, edges = cell
    orders = _first_orders(len(ops), edges)
    return reordered(cell, min(orders, key=lambda order: [OPS.index(ops[vertex]) for vertex in order[1:-1]]))


@lru_cache(maxsize=1 << 12)  # cells of other operations have the same edges
def _first_orders(size: int, edges: Edges) -> tuple[tuple[int, ...], ...]:
    """The topological orders of a graph without dead vertices that give the smallest matrix."""
    before: list[list[int]] = [[] for _ in range(size)]
    for source, target in edges:
        before[target].append(source)
    inner = range(1, size - 1)
    orders = [[0]]  # of the vertices placed so far
    for _ in inner:
        orders = [
            [*order, vertex]
            for order in orders
            for vertex in inner
            if vertex not in order and all(source in order for source in before[vertex])
        ]
    orders = [[*order, size - 1] for order in orders]
    for place in range(size - 1, 0, -1):  # the last column weighs most
        columns = [sum([1 << order.index(source) for source in before[order[place]]]) for order in orders]
        least = min(columns)
        orders = [order for order, column in zip(orders, columns, strict=True) if column == least]
    return tuple([tuple(order) for order in orders])
