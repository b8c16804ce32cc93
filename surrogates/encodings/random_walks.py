"""What a random walk meets on its way through the network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from spaces.architecture import Architecture
from spaces.space import Space
from surrogates.encoding import Encoding
from surrogates.encodings._operation_sets import membership, operation_sets
from surrogates.encodings.graph_batch import FloatArray, GraphBatch, combined, rows_in_lots
from surrogates.encodings.row_cache import RowCache

_STATISTICS = ("walk_back", "avoid_back", "walk_forward", "avoid_forward")
_CELLS_AT_ONCE = 1_000_000


class RandomWalks(Encoding):
    """Expected operations on a random walk, and the chance to meet none, for every set of operations.

    The walk ``back`` starts at the output and steps to each predecessor with equal chance: the branches of a sum count
    alike, as those of normalised branches do in a signal's variance, however many paths lead through one. The walk
    ``forward`` starts at the input and steps to successors. For each set S (those of ``operation_sets``): ``walk_…`` is
    the expected number of operations of S that the walk meets, ``avoid_…`` the chance that it meets none. A walk ends
    where no edge goes on. With several outputs (inputs) the walk starts at each with equal chance.

    Args:
        space: Its ``ops`` give the columns.
    """

    def __init__(self, space: Space) -> None:
        self._space = space
        sets = operation_sets(space.ops)
        self._member = membership(space.ops, sets)
        self._names = tuple(f"{statistic}({'|'.join(ops)})" for statistic in _STATISTICS for ops in sets)
        self._cache = RowCache(len(self._names))

    @property
    def names(self) -> tuple[str, ...]:
        return self._names

    def encode(self, architectures: Sequence[Architecture]) -> npt.NDArray[np.float32]:
        return self._cache.rows(architectures, self._compute)

    def _compute(self, architectures: Sequence[Architecture]) -> npt.NDArray[np.float32]:
        return rows_in_lots([self._space.simplify(architecture) for architecture in architectures], self._rows)

    def _rows(self, graphs: Sequence[Architecture]) -> FloatArray:
        batch = GraphBatch.of(graphs, self._space.ops)
        lots = batch.lots(_CELLS_AT_ONCE // (batch.ops.shape[1] * len(self._names) + 1))
        return np.vstack([np.hstack([_walk(lot, self._member), _walk(lot.reversed(), self._member)]) for lot in lots])


def _walk(batch: GraphBatch, member: FloatArray) -> FloatArray:
    """Expectations and chances at the sinks of walks against the edges, side by side: ``(n, 2 s)``."""
    n, m = batch.ops.shape
    met, avoided = np.zeros((2, m + 1, n, member.shape[1]))
    for node in range(m):
        degree = (batch.predecessors[:, node] < m).sum(axis=1)[:, None]
        own, divisor = member[batch.ops[:, node]], np.maximum(degree, 1)
        met[node] = own + _arriving(met, batch, node) / divisor
        avoided[node] = (1 - own) * np.where(degree > 0, _arriving(avoided, batch, node) / divisor, 1.0)
    number = np.maximum(batch.sinks.sum(axis=1), 1)[:, None]
    return np.hstack([combined(values, batch.ends(), np.add) / number for values in (met, avoided)])


def _arriving(values: FloatArray, batch: GraphBatch, node: int) -> FloatArray:
    """The sum over a node's predecessors, in one order whatever their numbers, so that twins are rounded alike."""
    before = batch.before(node)
    total = combined(values, before[:2], np.add)  # two add up alike either way round
    if len(before) > 2:
        graphs, _ = before[2]
        several = values[batch.predecessors[graphs, node, : len(before)], graphs[:, None]]
        total[graphs] = np.sort(several, axis=1).sum(axis=1)
    return total
