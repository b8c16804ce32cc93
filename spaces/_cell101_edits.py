"""The one-edit neighbours of a cell of NAS-Bench-101.

Five edits, of which each undoes another, so that a neighbour's neighbours hold the cell again:

- a vertex's operation is replaced;
- an edge is added that closes no cycle, or removed where every vertex stays on a path from input to output;
- a vertex is inserted on an edge, or a vertex with one incoming and one outgoing edge is replaced by an edge.

They reach every cell from every other. A graph whose vertices all lie on paths from input to output has an ear
decomposition: a path, and paths added one after another between vertices already there. Adding an edge and inserting
vertices on it adds one such path and never exceeds the vertices and edges of the whole.
"""

from __future__ import annotations

from bisect import bisect, insort
from collections.abc import Iterator, Sequence

from spaces._cell101_graph import Cell, reordered


def neighbours(cell: Cell, choices: Sequence[str], vertices: int, edges: int) -> list[Cell]:
    """Every distinct result of one edit, in a fixed order; their numbers of vertices, edges or operations differ.

    Args:
        cell: A cell without dead vertices.
        choices: Operations a vertex may have.
        vertices: Most vertices a cell may have, input and output included.
        edges: Most edges a cell may have.
    """
    found = [*_relabelled(cell, choices), *_without_an_edge(cell), *_without_a_vertex(cell)]
    if len(cell[1]) < edges:
        found += _with_an_edge(cell)
        if len(cell[0]) < vertices:
            found += _with_a_vertex(cell, choices)
    return list(dict.fromkeys(found))


def _relabelled(cell: Cell, choices: Sequence[str]) -> Iterator[Cell]:
    ops, edges = cell
    for vertex in range(1, len(ops) - 1):
        before, after = ops[:vertex], ops[vertex + 1 :]
        for op in choices:
            if op != ops[vertex]:
                yield (*before, op, *after), edges


def _without_an_edge(cell: Cell) -> Iterator[Cell]:
    ops, edges = cell
    outgoing, incoming = _degrees(cell)
    for place, (source, target) in enumerate(edges):
        if outgoing[source] > 1 and incoming[target] > 1:
            yield ops, edges[:place] + edges[place + 1 :]


def _with_an_edge(cell: Cell) -> Iterator[Cell]:
    ops, edges = cell
    after = [0] * len(ops)  # of each vertex: those that some path leads to, as bits
    for source, target in reversed(edges):
        after[source] |= after[target] | 1 << target
    for lower in range(len(ops) - 1):
        for upper in range(lower + 1, len(ops)):
            if (lower, upper) not in edges:
                place = bisect(edges, (lower, upper))
                yield ops, (*edges[:place], (lower, upper), *edges[place:])
            if not after[lower] >> upper & 1:  # neither is input or output: those are joined with every vertex
                # An edge against the order of the vertices, which are put into the nearest order that suits it: what
                # lies between the two and does not follow the lower moves ahead of it, together with the upper.
                between = range(lower + 1, upper + 1)
                ahead = [vertex for vertex in between if not after[lower] >> vertex & 1]
                behind = [vertex for vertex in between if after[lower] >> vertex & 1]
                order = [*range(lower), *ahead, lower, *behind, *range(upper + 1, len(ops))]
                yield reordered((ops, (*edges, (upper, lower))), order)


def _without_a_vertex(cell: Cell) -> Iterator[Cell]:
    ops, edges = cell
    outgoing, incoming = _degrees(cell)
    for vertex in range(1, len(ops) - 1):
        if outgoing[vertex] == incoming[vertex] == 1:
            (source,) = [a for a, b in edges if b == vertex]
            (target,) = [b for a, b in edges if a == vertex]
            if (source, target) not in edges:
                kept = [*[edge for edge in edges if vertex not in edge], (source, target)]
                moved = sorted([(a - (a > vertex), b - (b > vertex)) for a, b in kept])
                yield ops[:vertex] + ops[vertex + 1 :], tuple(moved)


def _with_a_vertex(cell: Cell, choices: Sequence[str]) -> Iterator[Cell]:
    ops, edges = cell
    for place, (source, target) in enumerate(edges):  # the new vertex stands right before the target
        moved = [(a + (a >= target), b + (b >= target)) for a, b in edges]
        moved[place] = (source, target)
        insort(moved, (target, target + 1))
        joined = tuple(moved)
        before, after = ops[:target], ops[target:]
        for op in choices:
            yield (*before, op, *after), joined


def _degrees(cell: Cell) -> tuple[list[int], list[int]]:
    """Outgoing and incoming edges of each vertex."""
    ops, edges = cell
    outgoing, incoming = [0] * len(ops), [0] * len(ops)
    for source, target in edges:
        outgoing[source] += 1
        incoming[target] += 1
    return outgoing, incoming
