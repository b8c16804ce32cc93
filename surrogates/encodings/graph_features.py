"""Neural graph features of any directed acyclic graph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from spaces.architecture import Architecture
from spaces.space import Space
from surrogates.encoding import Encoding
from surrogates.encodings._operation_sets import membership, operation_sets
from surrogates.encodings.graph_batch import GraphBatch, rows_in_lots
from surrogates.encodings.row_cache import RowCache

NO_PATH = -1.0  # of every statistic over paths where there is no such path; below each real value
_SAMPLED_FOR_SETTINGS = 64
_CELLS_AT_ONCE = 300_000  # numbers in one array of the dynamic programme: 2.4 MB, which fits a processor's cache

Floats = npt.NDArray[np.float64]


class GraphFeatures(Encoding):
    """Operation counts, paths and degrees by sets of operations, after GRAF (Kadlecova et al., ICML 2024).

    All is computed on the simplified graph. Operations other than ``input``, ``output`` and ``none`` do the work; the
    length of a path is the number of working operations on it. The sets S are all non-empty subsets of up to 5 working
    operations; of more, the single ones, pairs (up to 12 operations), all but one, and all. For each S:

    - ``paths_within``, ``shortest_within``, ``longest_within``: log(1 + number), fewest and most operations of the
      input-to-output paths whose operations are all in S (GRAF's path lengths avoiding the banned operations);
    - ``most_on_path``, ``fewest_on_path``, ``mean_on_path``: operations of S over all input-to-output paths;
    - ``input_degree``, ``output_degree``: nodes with an operation of S right after the input, right before the output.

    A statistic over no path is -1. Beside these: the count of each operation, of edges, the settings (NaN where an
    architecture has none of that name; the names are those of 64 architectures drawn from the space) and the sum and
    mean of each node attribute (mean NaN where no node has it).

    Args:
        space: Its ``ops`` and ``attributes`` give the columns.
    """

    def __init__(self, space: Space) -> None:
        self._space = space
        self._settings = _setting_names(space)
        self._sets = operation_sets(space.ops)
        self._member = membership(space.ops, self._sets)
        self._names = self._column_names()
        self._cache = RowCache(len(self._names))

    @property
    def names(self) -> tuple[str, ...]:
        return self._names

    def encode(self, architectures: Sequence[Architecture]) -> npt.NDArray[np.float32]:
        return self._cache.rows(architectures, self._compute)

    def _column_names(self) -> tuple[str, ...]:
        statistics = (
            *("paths_within", "shortest_within", "longest_within"),
            *("most_on_path", "fewest_on_path", "mean_on_path"),
            *("input_degree", "output_degree"),
        )
        return (
            *(f"count({op})" for op in self._space.ops),
            "edges",
            *(f"{statistic}({'|'.join(ops)})" for statistic in statistics for ops in self._sets),
            *(f"setting({name})" for name in self._settings),
            *(f"{statistic}({name})" for statistic in ("sum", "mean") for name in self._space.attributes),
        )

    def _compute(self, architectures: Sequence[Architecture]) -> npt.NDArray[np.float32]:
        return rows_in_lots([self._space.simplify(architecture) for architecture in architectures], self._rows)

    def _rows(self, graphs: Sequence[Architecture]) -> Floats:
        batch = GraphBatch.of(graphs, self._space.ops)
        lots = batch.lots(_CELLS_AT_ONCE // ((batch.ops.shape[1] + 1) * 2 * len(self._sets) + 1))
        return np.hstack([np.vstack([self._graph_columns(lot) for lot in lots]), self._value_columns(graphs)])

    def _graph_columns(self, batch: GraphBatch) -> Floats:
        member = self._member
        working = member.any(axis=1, keepdims=True) if member.size else np.zeros((len(member), 1), bool)
        within = (member > 0) | ~working
        paths = batch.path_statistics(np.hstack([within, np.ones_like(within)]), np.hstack([member, member]))
        inside, anywhere = np.s_[:, : len(self._sets)], np.s_[:, len(self._sets) :]
        mean = paths.total[anywhere] / np.maximum(paths.count[anywhere], 1.0)
        every_op = np.eye(len(self._space.ops) + 1)[:, :-1]
        return np.hstack(
            [
                batch.counts_of(np.ones_like(batch.sources), every_op),
                np.bincount(batch.edges[:, 0], minlength=len(batch.ops))[:, None],
                np.log1p(paths.count[inside]),
                _or_no_path(paths.shortest[inside]),
                _or_no_path(paths.longest[inside]),
                _or_no_path(paths.longest[anywhere]),
                _or_no_path(paths.shortest[anywhere]),
                np.where(paths.count[anywhere] > 0, mean, NO_PATH),
                batch.counts_of(batch.next_to(batch.sources, after=True), member),
                batch.counts_of(batch.next_to(batch.sinks, after=False), member),
            ]
        )

    def _value_columns(self, graphs: Sequence[Architecture]) -> Floats:
        settings = np.full((len(graphs), len(self._settings)), np.nan)
        attributes = self._space.attributes
        sums, counts = np.zeros((2, len(graphs), len(attributes)))
        for row, graph in enumerate(graphs):
            if self._settings:
                given = dict(graph.settings)
                settings[row] = [given.get(name, np.nan) for name in self._settings]
            if attributes:
                for node in graph.nodes:
                    for name, value in node.attributes:
                        sums[row, attributes.index(name)] += value
                        counts[row, attributes.index(name)] += 1
        means = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
        return np.hstack([settings, sums, means])


def _or_no_path(lengths: Floats) -> Floats:
    return np.where(np.isfinite(lengths), lengths, NO_PATH)


def _setting_names(space: Space) -> tuple[str, ...]:
    """Names of the space's settings; the contract of a space does not list them, so a fixed sample tells."""
    rng = np.random.default_rng(0)
    samples = [space.sample(rng) for _ in range(_SAMPLED_FOR_SETTINGS)]
    return tuple(sorted({name for sample in samples for name, _ in sample.settings}))
