"""NAS-Bench-101 in the benchmark's own terms, matrix and operations: what ``cell101`` is checked against.

Nothing here uses ``spaces``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import networkx
import torch
from torch import Tensor
from torch.nn import functional

OPS = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")

Matrix = list[list[int]]
Module = tuple[Matrix, list[str]]


def module(text: str) -> Module:
    bits, names = text.split()
    ops = names.split(",")
    n = len(ops)
    return [[int(bit) for bit in bits.zfill(n * n)[row * n : row * n + n]] for row in range(n)], ops


def text(found: Module) -> str:
    matrix, ops = found
    return f"{''.join(str(bit) for row in matrix for bit in row)} {','.join(ops)}"


def full(matrix: Matrix) -> bool:
    """No vertex but the last lacks a successor, none but the first a predecessor."""
    return all(any(row) for row in matrix[:-1]) and all(any(column) for column in list(zip(*matrix, strict=True))[1:])


def every_module(vertices: int, edges: int, ops: tuple[str, ...] = OPS) -> Iterator[Module]:
    """In the benchmark's own order of enumeration: bits of the matrix as a number, then operations."""
    pairs = [(x, y) for y in range(vertices) for x in range(y)]
    for bits in range(2 ** len(pairs)):
        matrix = [[0] * vertices for _ in range(vertices)]
        for place, (x, y) in enumerate(pairs):
            matrix[x][y] = bits >> place & 1
        if full(matrix) and bits.bit_count() <= edges:
            for labels in itertools.product(ops, repeat=vertices - 2):
                yield matrix, ["input", *labels, "output"]


def first(found: Module) -> Module:
    """Of all isomorphic modules that which comes first in the enumeration."""
    matrix, ops = found
    n = len(ops)
    candidates = []
    for inner in itertools.permutations(range(1, n - 1)):
        order = (0, *inner, n - 1)
        moved = [[matrix[a][b] for b in order] for a in order]
        if not any(moved[row][column] for row in range(n) for column in range(row + 1)):
            number = sum(moved[x][y] << x + y * (y - 1) // 2 for y in range(n) for x in range(y))
            candidates.append((number, [OPS.index(ops[vertex]) for vertex in inner], moved))
    _, labels, moved = min(candidates)
    return moved, ["input", *[OPS[label] for label in labels], "output"]


def edited(found: Module, vertices: int, edges: int, choices: tuple[str, ...] = OPS) -> list[Module]:
    """Every module one edit away, by trying: changed labels, edges, split edges and bridged vertices of a graph."""
    matrix, ops = found
    n = len(ops)
    graph = networkx.DiGraph([(a, b) for a in range(n) for b in range(n) if matrix[a][b]])
    tries: list[tuple[networkx.DiGraph, dict[int, str]]] = []
    labels = dict(enumerate(ops))
    for vertex in range(1, n - 1):
        tries += [(graph, {**labels, vertex: op}) for op in choices if op != ops[vertex]]
        if graph.in_degree(vertex) == graph.out_degree(vertex) == 1:
            bridge = (*graph.predecessors(vertex), *graph.successors(vertex))
            if not graph.has_edge(*bridge):
                bridged = networkx.DiGraph([*graph.edges, bridge])
                bridged.remove_node(vertex)
                tries.append((bridged, {key: op for key, op in labels.items() if key != vertex}))
    for a, b in itertools.permutations(range(n), 2):
        rest = [edge for edge in graph.edges if edge != (a, b)]
        if graph.has_edge(a, b):
            shorter = networkx.DiGraph(rest)
            shorter.add_nodes_from(range(n))
            tries.append((shorter, labels))
            tries += [(networkx.DiGraph([*rest, (a, n), (n, b)]), {**labels, n: op}) for op in choices]
        else:
            tries.append((networkx.DiGraph([*rest, (a, b)]), labels))
    return [_module(*attempt) for attempt in tries if _legal(attempt[0], vertices, edges, n - 1)]


def _legal(graph: networkx.DiGraph, vertices: int, edges: int, last: int) -> bool:
    return (
        len(graph) <= vertices
        and graph.number_of_edges() <= edges
        and networkx.is_directed_acyclic_graph(graph)
        and [node for node, degree in graph.in_degree if degree == 0] == [0]
        and [node for node, degree in graph.out_degree if degree == 0] == [last]
    )


def _module(graph: networkx.DiGraph, labels: dict[int, str]) -> Module:
    order = list(networkx.topological_sort(graph))
    return [[int(graph.has_edge(a, b)) for b in order] for a in order], [labels[node] for node in order]


def output(found: Module, channels: int, stacks: int, modules: int, weights: Iterator[Tensor], x: Tensor) -> Tensor:
    """Logits of the whole network in evaluation mode with fresh normalisations.

    Args:
        found: The cell, in the order in which it was trained.
        channels: Channels of the stem.
        stacks: Number of stacks.
        modules: Cells in each stack.
        weights: Convolutions: the stem, then for each cell its projections and its operations, both by vertex; at last
            the head's weight and bias.
        x: Examples, ``(batch, channels, height, width)``.
    """

    def convolved(value: Tensor, weight: Tensor) -> Tensor:
        return functional.conv2d(value, weight, padding=weight.shape[-1] // 2).div((1 + 1e-5) ** 0.5).clamp(min=0)

    def cell(value: Tensor, outputs: int) -> Tensor:
        matrix, ops = found
        last = len(ops) - 1
        projected = {vertex: convolved(value, next(weights)) for vertex in range(1, last + 1) if matrix[0][vertex]}
        kernels = {vertex: next(weights) for vertex in range(1, last) if ops[vertex].startswith("conv")}
        wide = widths(matrix, outputs)
        tensors = {}
        for vertex in range(1, last):
            total = projected.get(vertex, torch.zeros(1, dtype=value.dtype))
            for source in range(1, vertex):
                if matrix[source][vertex]:
                    total = total + tensors[source][:, : wide[vertex]]
            if vertex in kernels:
                tensors[vertex] = convolved(total, kernels[vertex])
            else:
                padded = functional.pad(total, (1, 1, 1, 1), value=-torch.inf)
                tensors[vertex] = padded.unfold(2, 3, 1).unfold(3, 3, 1).amax(dim=(-1, -2))
        feeding = [tensors[vertex] for vertex in range(1, last) if matrix[vertex][last]]
        if not feeding:
            return projected[last]
        return torch.cat(feeding, dim=1) + projected.get(last, torch.zeros(1, dtype=value.dtype))

    x = convolved(x, next(weights))
    for stack in range(stacks):
        if stack:
            x = x.unflatten(2, (-1, 2)).unflatten(4, (-1, 2)).amax(dim=(3, 5))
        for _ in range(modules):
            x = cell(x, channels * 2**stack)
    return x.mean(dim=(2, 3)) @ next(weights).T + next(weights)


def widths(matrix: Matrix, outputs: int) -> dict[int, int]:
    """Channels of the inner vertices."""
    last = len(matrix) - 1
    feeding = [vertex for vertex in range(1, last) if matrix[vertex][last]]
    wide: dict[int, int] = {}
    left = outputs
    for place, vertex in enumerate(feeding):  # each takes its share of what is left, rounded up
        wide[vertex] = -(-left // (len(feeding) - place))
        left -= wide[vertex]
    for vertex in reversed(range(1, last)):
        if vertex not in wide:
            wide[vertex] = max(wide[target] for target in range(vertex + 1, last) if matrix[vertex][target])
    return wide
