"""Where along the network its operations and attributes stand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from spaces.architecture import Architecture
from spaces.space import Space
from surrogates.encoding import Encoding
from surrogates.encodings.graph_batch import (
    STRUCTURAL,
    BoolArray,
    FloatArray,
    GraphBatch,
    IntArray,
    combined,
    rows_in_lots,
)
from surrogates.encodings.row_cache import RowCache

_MOST_PLACES = 12
_SAMPLED_FOR_PLACES = 64


class DepthProfile(Encoding):
    """Each operation and node attribute at a fixed number of places from the input to the output.

    The level of a node is the most nodes on a path that ends in it. For an operation, all working operations count, and
    what stands at a level is how many nodes of it have the operation; for an attribute, only nodes that have it count,
    and what stands there is its mean. The sequence of levels is a step function from input to output, averaged over p
    equal intervals: ``at[operation@interval/p]``; p is the most levels of 64 architectures drawn from the space, at
    most 12. Where no node counts, operations are 0 and attributes NaN.

    Args:
        space: Its ``ops``, ``attributes`` and samples give the columns.
    """

    def __init__(self, space: Space) -> None:
        self._space = space
        self._ops = tuple(op for op in space.ops if op not in STRUCTURAL)
        rng = np.random.default_rng(0)
        graphs = [space.simplify(space.sample(rng)) for _ in range(_SAMPLED_FOR_PLACES)]
        batch = GraphBatch.of(graphs, space.ops)
        counted = [self._working(batch), *(~np.isnan(values) for values in self._values(batch, graphs))]
        self._places = [max(1, min(_MOST_PLACES, int(_levels(batch, some).max(initial=0)))) for some in counted]
        columns = [(op, self._places[0]) for op in self._ops] + list(
            zip(space.attributes, self._places[1:], strict=True)
        )
        self._names = tuple(f"at[{label}@{place + 1}/{p}]" for label, p in columns for place in range(p))
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
        working = self._working(batch)
        level = _levels(batch, working)
        parts = [np.zeros((len(graphs), 0))]
        for op in self._ops:
            here = (batch.ops == self._space.ops.index(op)).astype(np.float64)
            parts.append(_resampled(_sums(level, working, here), _deepest(level, working), self._places[0]))
        for values, places in zip(self._values(batch, graphs), self._places[1:], strict=True):
            known = ~np.isnan(values)
            level = _levels(batch, known)
            mean = _sums(level, known, values) / np.maximum(_sums(level, known, np.ones_like(values)), 1.0)
            deepest = _deepest(level, known)
            parts.append(np.where(deepest[:, None] > 0, _resampled(mean, deepest, places), np.nan))
        return np.hstack(parts)

    def _working(self, batch: GraphBatch) -> BoolArray:
        works = np.array([op in self._ops for op in self._space.ops] + [False])
        return np.asarray(works[batch.ops])

    def _values(self, batch: GraphBatch, graphs: Sequence[Architecture]) -> FloatArray:
        """Shape ``(attributes, n, m)``, NaN where a node lacks the attribute."""
        place = {name: number for number, name in enumerate(self._space.attributes)}
        values = np.full((len(place), *batch.ops.shape), np.nan)
        entries = [
            (place[name], row, position, value)
            for row, graph in enumerate(graphs)
            for position, node in enumerate(graph.nodes)
            for name, value in node.attributes
        ]
        if entries:
            attribute, row, position, value = zip(*entries, strict=True)
            values[list(attribute), list(row), list(position)] = value
        return values


def _levels(batch: GraphBatch, counted: BoolArray) -> IntArray:
    """The most counted nodes on a path that ends in a node, itself included: ``(n, m)``."""
    n, m = batch.ops.shape
    level = np.zeros((m + 1, n), np.int64)
    for node in range(m):
        level[node] = combined(level, batch.before(node), np.maximum) + counted[:, node]
    return level[:m].T


def _deepest(level: IntArray, counted: BoolArray) -> IntArray:
    return np.asarray(np.where(counted, level, 0).max(axis=1, initial=0), np.int64)


def _sums(level: IntArray, counted: BoolArray, values: FloatArray) -> FloatArray:
    """Sums of counted nodes' values by level, from 1: ``(n, levels)``."""
    n, most = len(level), max(int(level.max(initial=0)), 1)
    graph, node = np.nonzero(counted)
    place = graph * most + level[graph, node] - 1
    # Integer values add up exactly in any order of nodes; others are rounded alike for twins by sorting them first.
    order = np.lexsort((values[graph, node], place))
    sums = np.bincount(place[order], values[graph, node][order], minlength=n * most)
    return np.asarray(sums.reshape(n, most), np.float64)


def _resampled(steps: FloatArray, deepest: IntArray, places: int) -> FloatArray:
    """Step functions of ``deepest`` equal steps, averaged over ``places`` equal intervals: ``(n, places)``."""
    result = np.zeros((len(steps), places))
    edges = np.arange(places + 1) / places
    for depth in np.unique(deepest[deepest > 0]).tolist():
        ends = np.arange(depth + 1) / depth
        overlap = np.minimum(ends[1:, None], edges[1:]) - np.maximum(ends[:-1, None], edges[:-1])
        some = deepest == depth
        # einsum adds in one order whatever the number of rows, which a matrix product does not promise
        result[some] = np.einsum("nd,dp->np", steps[some, :depth], np.maximum(overlap, 0.0) * places)
    return result
