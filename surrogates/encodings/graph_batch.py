"""Many graphs as padded arrays, and statistics of their input-to-output paths."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from spaces.architecture import Architecture

INPUT, OUTPUT = "input", "output"
STRUCTURAL = frozenset({INPUT, OUTPUT, "none"})  # do no work: never counted on a path, never banned from one

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
Values = TypeVar("Values", FloatArray, IntArray, BoolArray)
Before = list[tuple[IntArray, IntArray]]  # graphs that have a first, second, … predecessor, and its node number in each

_GRAPHS_AT_ONCE = 1000  # keeps the arrays of a lot in a processor's cache
_MOST_PATHS = 1e300  # counts saturate here, far below overflow; they are exact up to 2**53


@dataclass(frozen=True, slots=True)
class PathStatistics:
    """Statistics over the input-to-output paths of ``n`` graphs under ``c`` conditions, each of shape ``(n, c)``.

    Attributes:
        count: Number of paths.
        shortest: Smallest weight of a path; infinite where there is none.
        longest: Largest weight of a path; minus infinite where there is none.
        total: Sum of the weights of all paths.
    """

    count: FloatArray
    shortest: FloatArray
    longest: FloatArray
    total: FloatArray


@dataclass(frozen=True, slots=True)
class GraphBatch:
    """``n`` graphs padded to ``m`` nodes with at most ``p`` predecessors each; node numbers are topological.

    Attributes:
        ops: Shape ``(n, m)``, index into the vocabulary; the vocabulary's length marks padding.
        predecessors: Shape ``(n, m, p)``, node numbers; ``m`` marks padding.
        sources: Shape ``(n, m)``: nodes named ``"input"``, or without predecessors in graphs that have none so named.
        sinks: Shape ``(n, m)``: nodes named ``"output"``, or without successors in graphs that have none so named.
        edges: Shape ``(e, 3)``: graph, source node, target node.
    """

    ops: IntArray
    predecessors: IntArray
    sources: BoolArray
    sinks: BoolArray
    edges: IntArray

    @classmethod
    def of(cls, architectures: Sequence[Architecture], vocabulary: tuple[str, ...]) -> GraphBatch:
        """Packs ``n`` architectures.

        Raises:
            ValueError: A node's operation is not in the vocabulary.
        """
        return _packed(tuple(architectures), vocabulary)

    def lots(self, most: int) -> Iterator[GraphBatch]:
        """The same graphs in order, ``most`` at a time, or one where that is less."""
        step = max(most, 1)
        for start in range(0, len(self.ops), step):
            some = np.s_[start : start + step]
            first, last = np.searchsorted(self.edges[:, 0], [start, start + step])
            edges = self.edges[first:last] - np.array([start, 0, 0])
            yield GraphBatch(self.ops[some], self.predecessors[some], self.sources[some], self.sinks[some], edges)

    def reversed(self) -> GraphBatch:
        """The same graphs with every edge turned round: inputs are outputs, and the last node is the first."""
        n, m = self.ops.shape
        edges = np.column_stack([self.edges[:, 0], m - 1 - self.edges[:, 2], m - 1 - self.edges[:, 1]])
        return GraphBatch(
            self.ops[:, ::-1], _predecessor_table(edges, n, m), self.sinks[:, ::-1], self.sources[:, ::-1], edges
        )

    def before(self, node: int) -> Before:
        """The predecessors of each graph's node of one number, as ``combined`` takes them."""
        return _in_turn(self.predecessors[:, node], self.ops.shape[1])

    def ends(self) -> Before:
        """The sinks of each graph, as ``combined`` takes them."""
        graph, node = np.nonzero(self.sinks)
        n, m = self.ops.shape
        return _in_turn(_listed(graph, node, n, m), m)

    def path_statistics(self, allowed: BoolArray, weight: FloatArray) -> PathStatistics:
        """Counts and weighs paths by dynamic programming, one step a node, all graphs and conditions at once.

        Args:
            allowed: Shape ``(v + 1, c)`` by operation (the last row is padding's): may a path of the condition pass?
            weight: Shape ``(v + 1, c)``: what a node of the operation adds to a path's weight.
        """
        n, m = self.ops.shape
        c = allowed.shape[1]
        # The row after the last node stands for padding: no path ends there.
        count, total = np.zeros((2, m + 1, n, c))
        shortest, longest = np.full((m + 1, n, c), np.inf), np.full((m + 1, n, c), -np.inf)
        for node in range(m):
            before = self.before(node)
            passes, adds = allowed[self.ops[:, node]], weight[self.ops[:, node]]
            starts = self.sources[:, node, None]
            here = np.where(passes, np.minimum(combined(count, before, np.add) + starts, _MOST_PATHS), 0.0)
            count[node] = here
            total[node] = np.where(passes, np.minimum(combined(total, before, np.add) + adds * here, _MOST_PATHS), 0.0)
            low = np.minimum(combined(shortest, before, np.minimum), np.where(starts, 0.0, np.inf))
            high = np.maximum(combined(longest, before, np.maximum), np.where(starts, 0.0, -np.inf))
            shortest[node] = np.where(passes, low + adds, np.inf)
            longest[node] = np.where(passes, high + adds, -np.inf)
        ends = self.ends()
        return PathStatistics(
            np.minimum(combined(count, ends, np.add), _MOST_PATHS),
            combined(shortest, ends, np.minimum),
            combined(longest, ends, np.maximum),
            np.minimum(combined(total, ends, np.add), _MOST_PATHS),
        )

    def counts_of(self, nodes: BoolArray, member: FloatArray) -> FloatArray:
        """How many of the marked nodes have an operation of each of ``c`` sets, shape ``(n, c)``.

        Args:
            nodes: Shape ``(n, m)``.
            member: Shape ``(v + 1, c)`` of zeros and ones, by operation.
        """
        graphs, positions = np.nonzero(nodes)
        counts = np.zeros((len(self.ops), len(member)))
        np.add.at(counts, (graphs, self.ops[graphs, positions]), 1.0)
        return counts @ member

    def next_to(self, ends: BoolArray, *, after: bool) -> BoolArray:
        """Nodes with an edge from (``after``) or to (otherwise) one of the marked nodes, shape ``(n, m)``."""
        graph, source, target = self.edges.T
        anchor, neighbour = (source, target) if after else (target, source)
        chosen = ends[graph, anchor]
        found = np.zeros(self.ops.shape, bool)
        found[graph[chosen], neighbour[chosen]] = True
        return found


def combined(values: Values, before: Before, how: np.ufunc) -> Values:
    """What some nodes of each graph have, combined from the first to the last; padding's where there are none.

    Args:
        values: Shape ``(m + 1, n, …)``, by node and graph; the row after the last node is padding's.
        before: The nodes, from ``GraphBatch.before`` or ``GraphBatch.ends``.
        how: Combines two arrays.

    Returns:
        Shape ``(n, …)``.
    """
    (graphs, nodes), *others = before
    result = values[nodes, graphs]
    for graphs, nodes in others:  # few graphs have as many
        result[graphs] = how(result[graphs], values[nodes, graphs])
    return result


@lru_cache(maxsize=1)  # encodings that stand side by side read the same graphs, one encoding after the other
def _packed(architectures: tuple[Architecture, ...], vocabulary: tuple[str, ...]) -> GraphBatch:
    n = len(architectures)
    sizes = np.fromiter((len(architecture.nodes) for architecture in architectures), np.int64, n)
    m = int(sizes.max(initial=0))
    real = np.arange(m) < sizes[:, None]
    ops = np.full((n, m), len(vocabulary), np.int64)
    ops[real] = _op_indices(architectures, vocabulary, int(sizes.sum()))
    edges = _edge_table(architectures)
    predecessors = _predecessor_table(edges, n, m)
    followed = np.zeros((n, m), bool)
    followed[edges[:, 0], edges[:, 1]] = True
    sources = _ends(ops, real, np.all(predecessors == m, axis=2), vocabulary, INPUT)
    sinks = _ends(ops, real, ~followed, vocabulary, OUTPUT)
    for array in (ops, predecessors, sources, sinks, edges):
        array.flags.writeable = False
    return GraphBatch(ops, predecessors, sources, sinks, edges)


def _op_indices(architectures: Sequence[Architecture], vocabulary: tuple[str, ...], count: int) -> IntArray:
    index = {op: number for number, op in enumerate(vocabulary)}
    try:
        return np.fromiter(
            (index[node.op] for architecture in architectures for node in architecture.nodes), np.int64, count
        )
    except KeyError as error:
        raise ValueError(
            f"every operation must be among the space's ops ({', '.join(vocabulary)}); got {error.args[0]!r}. "
            "Add it to the space's ops, or encode architectures of this space only"
        ) from None


def _edge_table(architectures: Sequence[Architecture]) -> IntArray:
    per_graph = np.fromiter((len(architecture.edges) for architecture in architectures), np.int64, len(architectures))
    ends = chain.from_iterable(chain.from_iterable(architecture.edges for architecture in architectures))
    pairs = np.fromiter(ends, np.int64, 2 * int(per_graph.sum())).reshape(-1, 2)
    return np.column_stack([np.repeat(np.arange(len(architectures)), per_graph), pairs])


def _predecessor_table(edges: IntArray, n: int, m: int) -> IntArray:
    place = edges[:, 0] * m + edges[:, 2]
    order = np.argsort(place * m + edges[:, 1])
    table = _listed(place[order], edges[order, 1], n * m, m)
    return table.reshape(n, m, table.shape[1])


def _listed(owner: IntArray, node: IntArray, owners: int, padding: int) -> IntArray:
    """The nodes of each owner side by side, ``(owners, most nodes)``; owners are sorted and count from 0."""
    slot = np.arange(len(owner)) - np.searchsorted(owner, owner)
    table = np.full((owners, int(slot.max(initial=0)) + 1), padding, np.int64)
    table[owner, slot] = node
    return table


def _in_turn(table: IntArray, padding: int) -> Before:
    slots = [(np.arange(len(table)), table[:, 0])]
    for slot in range(1, table.shape[1]):
        graphs = np.flatnonzero(table[:, slot] < padding)
        if not len(graphs):
            break
        slots.append((graphs, table[graphs, slot]))
    return slots


def _ends(ops: IntArray, real: BoolArray, bare: BoolArray, vocabulary: tuple[str, ...], name: str) -> BoolArray:
    named = (ops == vocabulary.index(name)) if name in vocabulary else np.zeros_like(real)
    return np.where(named.any(axis=1, keepdims=True), named, bare & real)


def rows_in_lots(
    graphs: Sequence[Architecture], rows: Callable[[Sequence[Architecture]], npt.NDArray[np.generic]]
) -> npt.NDArray[np.float32]:
    """Rows ``(n, d)``, computed a lot at a time, so that memory does not grow with ``n``; no graphs are one lot."""
    starts = range(0, max(len(graphs), 1), _GRAPHS_AT_ONCE)
    lots = [rows(graphs[start : start + _GRAPHS_AT_ONCE]).astype(np.float32) for start in starts]
    return np.vstack(lots)
