"""Upper triangular matrices without dead vertices, numbered from 0, so that one number draws one of them evenly.

Every vertex of a directed acyclic graph lies on a path from the first to the last when each but the first has an
incoming and each but the last an outgoing edge. So a matrix is filled column by column, each column with at least one
entry, and the columns' entries together cover all rows but the last.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cache


@cache
def matrices(vertices: int, edges: int, column: int = 1, covered: int = 0) -> int:
    """How many ways there are to fill the columns from ``column`` on.

    Args:
        vertices: Size of the matrix.
        edges: Most entries in these columns.
        column: The first column to be filled; column 0 is empty.
        covered: Rows that have an entry in an earlier column, as bits.
    """
    if column == vertices:
        return int(covered == (1 << vertices - 1) - 1)
    return sum(
        matrices(vertices, edges - entries.bit_count(), column + 1, covered | entries)
        for entries in range(1, 1 << column)
        if entries.bit_count() <= edges
    )


@cache
def _cumulative(vertices: int, edges: int, column: int, covered: int) -> tuple[list[int], list[int]]:
    """Possible columns as bits, and how many matrices come before each."""
    columns, starts, total = [], [], 0
    for entries in range(1, 1 << column):
        left = edges - entries.bit_count()
        ways = matrices(vertices, left, column + 1, covered | entries) if left >= 0 else 0
        if ways:
            columns.append(entries)
            starts.append(total)
            total += ways
    return columns, starts


def matrix(vertices: int, edges: int, number: int) -> tuple[tuple[int, int], ...]:
    """The entries of the matrix with this number, as sorted ``(row, column)`` pairs.

    Args:
        vertices: Size of the matrix.
        edges: Most entries.
        number: From 0 to ``matrices(vertices, edges) - 1``.
    """
    covered, entries = 0, []
    for column in range(1, vertices):
        columns, starts = _cumulative(vertices, edges, column, covered)
        place = bisect_right(starts, number) - 1
        number -= starts[place]
        chosen = columns[place]
        covered |= chosen
        edges -= chosen.bit_count()
        entries += [(row, column) for row in range(column) if chosen >> row & 1]
    return tuple(sorted(entries))
