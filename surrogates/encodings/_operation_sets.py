"""Which sets of operations features are made of."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from surrogates.encodings.graph_batch import STRUCTURAL, FloatArray

_ALL_SUBSETS_UP_TO = 5
_PAIRS_UP_TO = 12


def operation_sets(vocabulary: tuple[str, ...]) -> list[tuple[str, ...]]:
    """All non-empty subsets of up to 5 working operations; of more, the single ones, pairs, all but one, and all.

    Pairs are taken of up to 12 operations.
    """
    ops = [op for op in vocabulary if op not in STRUCTURAL]
    count = len(ops)
    if count <= _ALL_SUBSETS_UP_TO:
        sizes = range(1, count + 1)
    else:
        sizes = sorted({1, count - 1, count} | ({2} if count <= _PAIRS_UP_TO else set()))  # type: ignore[assignment]
    return [chosen for size in sizes for chosen in combinations(ops, size)]


def membership(ops: tuple[str, ...], sets: list[tuple[str, ...]]) -> FloatArray:
    """Shape ``(v + 1, s)``: 1 where an operation is in a set; the last row is padding's."""
    member = np.zeros((len(ops) + 1, len(sets)))
    for column, chosen in enumerate(sets):
        member[[ops.index(op) for op in chosen], column] = 1.0
    return member
