"""Which operations follow which."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from spaces.architecture import Architecture
from spaces.space import Space
from surrogates.encoding import Encoding
from surrogates.encodings.graph_batch import BoolArray, FloatArray, GraphBatch, combined, rows_in_lots
from surrogates.encodings.row_cache import RowCache

_RELATIONS = ("follows", "above", "parallel")
_SAMPLED_FOR_COLUMNS = 256
_MOST_COLUMNS = 300


class OperationPairs(Encoding):
    """Counts of pairs of nodes by their operations and by how they stand to each other in the simplified graph.

    - ``follows[a>b]``: edges from a node of operation a to one of b;
    - ``above[a>b]``: pairs with a path from the one to the other;
    - ``parallel[a>b]``: pairs without a path either way, a before b in the space's ``ops``.

    A column stands for each pair that occurs among 256 architectures drawn from the space, or for the 300 that occur
    most.

    Args:
        space: Its ``ops`` and samples give the columns.
    """

    def __init__(self, space: Space) -> None:
        self._space = space
        rng = np.random.default_rng(0)
        graphs = [space.simplify(space.sample(rng)) for _ in range(_SAMPLED_FOR_COLUMNS)]
        frequent = np.count_nonzero(self._all_pairs(graphs), axis=0)
        order = np.argsort(-frequent, kind="stable")[:_MOST_COLUMNS]
        self._kept = np.sort(order[frequent[order] > 0])
        names = [f"{relation}[{a}>{b}]" for relation in _RELATIONS for a in space.ops for b in space.ops]
        self._names = tuple(names[column] for column in self._kept)
        self._cache = RowCache(len(self._names))

    @property
    def names(self) -> tuple[str, ...]:
        return self._names

    def encode(self, architectures: Sequence[Architecture]) -> npt.NDArray[np.float32]:
        return self._cache.rows(architectures, self._compute)

    def _compute(self, architectures: Sequence[Architecture]) -> npt.NDArray[np.float32]:
        graphs = [self._space.simplify(architecture) for architecture in architectures]
        return rows_in_lots(graphs, lambda some: self._all_pairs(some)[:, self._kept])

    def _all_pairs(self, graphs: Sequence[Architecture]) -> FloatArray:
        batch = GraphBatch.of(graphs, self._space.ops)
        v = len(self._space.ops)
        above = _reachable(batch)
        real = batch.ops < v
        n, m = batch.ops.shape
        earlier = np.arange(m)[:, None] < np.arange(m)
        apart = real[:, :, None] & real[:, None, :] & earlier & ~above
        graph, source, target = batch.edges.T
        result = np.zeros((n, 3, v * v))
        for relation, (g, i, j) in enumerate([(graph, source, target), np.nonzero(above), np.nonzero(apart)]):
            first, second = batch.ops[g, i], batch.ops[g, j]
            if relation == 2:
                first, second = np.minimum(first, second), np.maximum(first, second)
            place = (g * v + first) * v + second
            result[:, relation] = np.bincount(place, minlength=n * v * v).reshape(n, v * v)
        return result.reshape(n, 3 * v * v)


def _reachable(batch: GraphBatch) -> BoolArray:
    """Shape ``(n, m, m)``: whether a path leads from the second axis' node to the third's."""
    n, m = batch.ops.shape
    above = np.zeros((m + 1, n, m + 1), bool)  # the last of each axis is padding's
    for node in range(m):
        before = batch.before(node)
        above[node] = combined(above, before, np.logical_or)
        for graphs, nodes in before:
            above[node, graphs, nodes] = True
    return above[:m, :, :m].transpose(1, 2, 0)
