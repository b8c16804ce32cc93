"""How well combinations of proxies rank a table's architectures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import spaces
from evonas.core.randomness import generator
from evonas.tables.table import FloatArray, Table
from spaces.discovery import discover, find
from surrogates import COMBINATIONS
from surrogates.combination import Combination, Scored, Trained
from surrogates.combinations.rank_aggregation import RankAggregation
from surrogates.encodings.concatenated import Concatenated
from surrogates.ranking import kendall_tau


def measure_combinations(
    space: str, path: Path, target: str, columns: Sequence[str], trained: Sequence[int], repeats: int, scored: int
) -> list[dict[str, Any]]:
    """Kendall tau of single proxies and of their combinations with a measured column, higher is better.

    Only architectures of which every proxy is known take part. Training-free ones are scored on all of them. Those that
    learn draw their trained ones at random and are scored on ``scored`` others, none of them of the same function; all
    are told the parameters and the graph features, whether they read them or not.

    Args:
        space: Name of the table's space.
        path: The table.
        target: What is ranked.
        columns: The proxies; all that begin with ``proxy_`` where empty.
        trained: Numbers of trained architectures.
        repeats: Draws of the trained, for mean and deviation.
        scored: Architectures that are scored in each.

    Returns:
        A row for each proxy and combination: ``trained``, ``tau`` and its ``deviation`` over the draws, and ``scored``.

    Raises:
        ValueError: The table lacks a column or cannot be read.
    """
    table = Table.read(path, find(spaces.ROOM, space)())
    names = list(columns) or [name for name in table.names if name.startswith("proxy_")]
    scores, values = np.stack([table.column(name) for name in names], axis=1), table.column(target)
    known = np.flatnonzero(np.isfinite(scores).all(axis=1) & np.isfinite(values))
    graphs = [table.space.simplify(table.architectures[index]) for index in known]
    sizes = np.array([table.space.cost(graph).parameters for graph in graphs], np.float64)
    features = Concatenated(table.space).encode(graphs).astype(np.float64)
    keys = np.array([graph.key for graph in graphs])
    return list(_rows(names, Scored(scores[known], sizes, features), values[known], keys, trained, repeats, scored))


def _rows(
    names: Sequence[str],
    known: Scored,
    values: FloatArray,
    keys: Any,
    trained: Sequence[int],
    repeats: int,
    scored: int,
) -> Iterator[dict[str, Any]]:
    for name, column in zip(names, known.scores.T, strict=True):
        yield _row(name, 0, [kendall_tau(column, values)], len(values))
    for scale in ("log", "linear"):
        combined = RankAggregation(scale).combine(known, Trained.none(known), generator(0, 0, scale))
        yield _row(f"rank_aggregation ({scale})", 0, [kendall_tau(combined, values)], len(values))
    for name, kind in discover(COMBINATIONS).items():
        if kind().least_trained:
            for count in trained:
                taus = [_learned(kind(), known, values, keys, count, scored, repeat) for repeat in range(repeats)]
                yield _row(name, count, taus, scored)


def _learned(
    combination: Combination, known: Scored, values: FloatArray, keys: Any, count: int, scored: int, repeat: int
) -> float | None:
    rng = generator(repeat, count, "combination")
    order = rng.permutation(len(values))
    learned = order[:count]
    others = order[~np.isin(keys[order], keys[learned])][:scored]
    combined = combination.combine(known.rows(others), Trained(known.rows(learned), values[learned]), rng)
    return kendall_tau(combined, values[others])


def _row(name: str, trained: int, taus: Sequence[float | None], scored: int) -> dict[str, Any]:
    defined = np.array([tau for tau in taus if tau is not None])
    return {
        "combination": name,
        "trained": trained,
        "tau": float(defined.mean()) if len(defined) else None,
        "deviation": float(defined.std(ddof=1)) if len(defined) > 1 else None,
        "scored": scored,
    }
