"""What a network costs, on a logarithmic scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from spaces.architecture import Architecture
from spaces.space import Space
from surrogates.encoding import Encoding
from surrogates.encodings.graph_batch import STRUCTURAL, FloatArray, GraphBatch, rows_in_lots
from surrogates.encodings.row_cache import RowCache

_NAMES = ("log_parameters", "log_macs", "depth")


class LogCost(Encoding):
    """log(1 + parameters), log(1 + MACs) and depth of the simplified network.

    Depth is the most working operations on an input-to-output path; 0 also where no path is left.

    Args:
        space: Its ``cost`` counts parameters and multiply-accumulates.
    """

    def __init__(self, space: Space) -> None:
        self._space = space
        self._cache = RowCache(len(_NAMES))
        working = np.array([[float(op not in STRUCTURAL)] for op in space.ops] + [[0.0]])
        self._weight = working

    @property
    def names(self) -> tuple[str, ...]:
        return _NAMES

    def encode(self, architectures: Sequence[Architecture]) -> npt.NDArray[np.float32]:
        return self._cache.rows(architectures, self._compute)

    def _compute(self, architectures: Sequence[Architecture]) -> npt.NDArray[np.float32]:
        return rows_in_lots([self._space.simplify(architecture) for architecture in architectures], self._rows)

    def _rows(self, graphs: Sequence[Architecture]) -> FloatArray:
        costs = [self._space.cost(graph) for graph in graphs]
        batch = GraphBatch.of(graphs, self._space.ops)
        depth = batch.path_statistics(np.ones_like(self._weight, bool), self._weight).longest
        counts = np.array([[cost.parameters, cost.macs] for cost in costs], np.float64)
        return np.hstack([np.log1p(counts), np.maximum(depth, 0.0)])
