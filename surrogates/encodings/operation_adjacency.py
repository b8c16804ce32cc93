"""One-hot operations and the adjacency matrix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from spaces.architecture import Architecture
from spaces.canonical import canonical_form
from spaces.space import Space
from surrogates.encoding import Encoding
from surrogates.encodings.row_cache import RowCache

_SAMPLED_FOR_NODES = 64


class OperationAdjacency(Encoding):
    """Which operation each node has, and which nodes are joined, after White et al. (NeurIPS 2020, section 3).

    All is of the simplified graph, whose nodes are ordered by the longest path that leads to them and, at one depth, as
    in the graph's canonical numbering; so isomorphic graphs share their row, and an edge leads from an earlier to a
    later place. Graphs of fewer nodes leave the last places empty (0); of larger ones the first ``nodes`` are encoded.

    Args:
        space: Its ``ops`` are the categories.
        nodes: Places; by default as many as the largest of 64 sampled architectures has nodes, simplified or not.
    """

    def __init__(self, space: Space, nodes: int | None = None) -> None:
        if nodes is not None and nodes < 2:
            raise ValueError(f"nodes must be at least 2, an input and an output; got {nodes}")
        self._space = space
        self._nodes = _most_nodes(space) if nodes is None else nodes
        self._sources, self._targets = np.triu_indices(self._nodes, 1)
        self._cache = RowCache(len(self.names))

    @property
    def names(self) -> tuple[str, ...]:
        return (
            *(f"operation[{place},{op}]" for place in range(self._nodes) for op in self._space.ops),
            *(f"edge[{source},{target}]" for source, target in zip(self._sources, self._targets, strict=True)),
        )

    def encode(self, architectures: Sequence[Architecture]) -> npt.NDArray[np.float32]:
        return self._cache.rows(architectures, self._compute)

    def _compute(self, architectures: Sequence[Architecture]) -> npt.NDArray[np.float32]:
        n, ops = len(architectures), {op: number for number, op in enumerate(self._space.ops)}
        operations = np.zeros((n, self._nodes, len(ops)), np.float32)
        edges = np.zeros((n, self._nodes, self._nodes), np.float32)
        for row, architecture in enumerate(architectures):
            names, joined = _by_depth(self._space.simplify(architecture))
            for place, name in enumerate(names[: self._nodes]):
                operations[row, place, ops[name]] = 1.0
            for source, target in joined:
                if target < self._nodes:
                    edges[row, source, target] = 1.0
        return np.hstack([operations.reshape(n, -1), edges[:, self._sources, self._targets]])


def _by_depth(graph: Architecture) -> tuple[list[str], list[tuple[int, int]]]:
    """Operations and edges by places that isomorphic graphs share."""
    labels, edges = canonical_form([(node.op, node.attributes) for node in graph.nodes], graph.edges)
    depth = [0] * len(labels)
    for _ in labels:  # edges of the canonical numbering are in no topological order
        for source, target in edges:
            depth[target] = max(depth[target], depth[source] + 1)
    order = sorted(range(len(labels)), key=lambda number: (depth[number], number))
    place = {number: position for position, number in enumerate(order)}
    return [labels[number][0] for number in order], [(place[source], place[target]) for source, target in edges]


def _most_nodes(space: Space) -> int:
    rng = np.random.default_rng(0)
    samples = [space.sample(rng) for _ in range(_SAMPLED_FOR_NODES)]
    return max(len(graph.nodes) for sample in samples for graph in (sample, space.simplify(sample)))
