"""What a formula may read off an architecture's graph, beside proxies."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from spaces.architecture import Architecture
from surrogates.encodings.graph_batch import STRUCTURAL, GraphBatch
from surrogates.predictor import FloatArray

GRAPH_STATISTICS = (
    *("graph_nodes", "graph_edges", "graph_paths", "graph_longest_path", "graph_shortest_path", "graph_mean_path"),
    *("graph_mean_degree", "graph_most_inputs", "graph_most_outputs"),
)
_COUNT = "count_"
_NO_PATH = -1.0


def is_graph_statistic(name: str) -> bool:
    """Whether a formula's input is a statistic of the graph, and no proxy."""
    return name in GRAPH_STATISTICS or name.startswith(_COUNT)


def graph_statistics(architecture: Architecture) -> dict[str, float]:
    """Statistics of one graph by name, after the features of Kadlecova et al. ("GRAF", ICML 2024).

    Operations other than ``input``, ``output`` and ``none`` do the work; the length of a path is the number of working
    operations on it.

    Args:
        architecture: Simplified, so that twins of one function share their statistics.

    Returns:
        - ``graph_nodes``: working operations; ``graph_edges``: edges;
        - ``graph_paths``: input-to-output paths; ``graph_longest_path``, ``graph_shortest_path``, ``graph_mean_path``:
          their lengths, -1 where there is no path;
        - ``graph_mean_degree``: edges at a node; ``graph_most_inputs``, ``graph_most_outputs``: most into and out of
          one;
        - ``count_OP`` for each operation OP that works: nodes with it. What no identifier may hold is written ``_``.
    """
    ops = [node.op for node in architecture.nodes]
    vocabulary = tuple(sorted(set(ops)))
    batch = GraphBatch.of([architecture], vocabulary)
    length = np.array([[float(op not in STRUCTURAL)] for op in (*vocabulary, "none")])  # the last row is padding's
    paths = batch.path_statistics(np.ones_like(length, dtype=bool), length)
    count = paths.count.item()
    some = count > 0
    sources, targets = (np.bincount(ends, minlength=len(ops)) for ends in batch.edges.T[1:])
    working = [op for op in ops if op not in STRUCTURAL]
    values = (
        *(len(working), len(architecture.edges), count),
        *(paths.longest.item() if some else _NO_PATH, paths.shortest.item() if some else _NO_PATH),
        *(paths.total.item() / count if some else _NO_PATH, 2 * len(architecture.edges) / max(len(ops), 1)),
        *(targets.max(initial=0), sources.max(initial=0)),
    )
    found = {name: float(value) for name, value in zip(GRAPH_STATISTICS, values, strict=True)}
    for op in working:
        name = _COUNT + re.sub(r"\W", "_", op)
        found[name] = found.get(name, 0.0) + 1.0
    return found


def statistic_columns(architectures: Sequence[Architecture]) -> dict[str, FloatArray]:
    """Statistics of ``n`` simplified architectures, each ``(n,)``, without those that are the same for all."""
    rows = [graph_statistics(architecture) for architecture in architectures]
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: np.array([row.get(name, 0.0) for row in rows]) for name in names}
    return {name: column for name, column in columns.items() if np.ptp(column) > 0}
