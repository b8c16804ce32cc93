"""Input-to-output paths as strings of operations, identities dropped."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from spaces.architecture import Architecture
from spaces.space import Space
from surrogates.encoding import Encoding
from surrogates.encodings._path_strings import PathStrings
from surrogates.encodings.graph_batch import STRUCTURAL, BoolArray, FloatArray, GraphBatch, rows_in_lots
from surrogates.encodings.row_cache import RowCache

_IDENTITIES = STRUCTURAL | {"skip_connect", "identity", "skip", "add", "concat"}
_SCALARS = (
    *("log_paths", "identity_path", "distinct_strings", "log_longer_strings", "longest"),
    *("most_weighted", "fewest_weighted", "mean_weighted", "log_all_weighted", "most_kernel", "mean_kernel"),
    *("most_pooling", "fewest_pooling", "mean_pooling"),
    *("most_weighted_without_pooling", "share_without_pooling"),
)


class ContractedPaths(Encoding):
    """The multiset of input-to-output operation strings of the simplified graph, and what can be said of it.

    Operations named ``skip_connect``, ``identity``, ``skip``, ``add`` or ``concat`` are dropped from strings; one whose
    name holds ``pool`` is pooling, every other one has weights, and its kernel is the number in ``3x3`` or ``k3``, else
    1. Four groups of columns:

    - ``strings``: 2 log(1 + number of paths of that string), up to a length (``PathStrings``);
    - ``compositions``: the same of strings of the same operations in any order;
    - ``paths``: the number of paths (log), of those whose strings are longer than all columns (log) and of distinct
      strings; whether there is a path of identities alone; the most operations on a path; the most, fewest, mean and
      sum (log) of operations with weights over paths; the most and mean of their kernels' sum; the most, fewest and
      mean of pooling; the most operations with weights on a path without pooling and the share of such paths. A
      statistic over no path is -1, a share 0.

    Args:
        space: Its ``ops`` give the columns.
    """

    def __init__(self, space: Space) -> None:
        self._space = space
        self._strings = PathStrings(space, [op for op in space.ops if op not in _IDENTITIES])
        kinds = [tuple(sorted(Counter(string).items())) for string in self._strings.strings]
        place = {kind: number for number, kind in enumerate(dict.fromkeys(kinds))}
        self._composed = np.zeros((len(kinds), len(place)))
        self._composed[np.arange(len(kinds)), [place[kind] for kind in kinds]] = 1.0
        self._names = (
            *(f"strings[{'>'.join(string)}]" for string in self._strings.strings),
            *(f"compositions[{','.join(f'{op}={count}' for op, count in kind)}]" for kind in place),
            *(f"paths[{name}]" for name in _SCALARS),
        )
        self._allowed, self._weight = _conditions(space.ops)
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
        counts = self._strings.counts(batch)
        scalars = self._scalars(batch, counts)
        return np.hstack([2 * np.log1p(counts), 2 * np.log1p(counts @ self._composed), scalars])

    def _scalars(self, batch: GraphBatch, counts: FloatArray) -> FloatArray:
        paths = batch.path_statistics(self._allowed, self._weight)
        number = paths.count[:, 0]
        most = np.where(np.isfinite(paths.longest), paths.longest, -1.0)
        fewest = np.where(np.isfinite(paths.shortest), paths.shortest, -1.0)
        mean = np.where(paths.count > 0, paths.total / np.maximum(paths.count, 1.0), -1.0)
        longer = np.maximum(number - counts.sum(axis=1), 0.0)
        weighted, kernel, pooling, working, identities, unpooled = range(6)
        columns = (
            *(np.log1p(number), paths.count[:, identities] > 0, (counts > 0).sum(axis=1), np.log1p(longer)),
            *(most[:, working], most[:, weighted], fewest[:, weighted], mean[:, weighted]),
            *(np.log1p(paths.total[:, weighted]), most[:, kernel], mean[:, kernel]),
            *(most[:, pooling], fewest[:, pooling], mean[:, pooling]),
            *(most[:, unpooled], paths.count[:, unpooled] / np.maximum(number, 1.0)),
        )
        return np.column_stack(columns).astype(np.float64)


def _conditions(ops: tuple[str, ...]) -> tuple[BoolArray, FloatArray]:
    """Which paths and weights the scalars are of, by operation: both ``(v + 1, 6)``."""
    pooling = np.array([float("pool" in op) for op in ops] + [0.0])
    identity = np.array([float(op in _IDENTITIES) for op in ops] + [1.0])
    working = 1 - identity
    weighted = working * (1 - pooling)
    kernel = weighted * np.array([_kernel(op) for op in ops] + [0.0])
    allowed = np.ones((len(ops) + 1, 6), bool)
    allowed[:, 4], allowed[:, 5] = identity > 0, pooling == 0
    return allowed, np.column_stack([weighted, kernel, pooling, working, identity, weighted])


def _kernel(op: str) -> float:
    found = re.search(r"(\d+)x\d+|k(\d+)", op)
    return float(found[1] or found[2]) if found else 1.0
