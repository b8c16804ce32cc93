"""How commands print the rows of a table."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from evonas.report.views import output_console


def print_rows(rows: Sequence[dict[str, Any]], as_json: bool) -> None:
    """Prints rows as a table, or as one JSON object a line."""
    if as_json:
        for row in rows:
            print(json.dumps(row))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in rows[0]:
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    output_console().print(table)


def print_compared(rows: Sequence[dict[str, Any]], notes: Sequence[str], as_json: bool) -> None:
    """Prints a comparison: as a table in which ``x`` and ``x_std`` are one column, or as JSON with each by itself.

    Notes stand below the table; beside JSON they go to the standard error stream.
    """
    print_rows(rows if as_json else [_with_deviations(row) for row in rows], as_json)
    for note in notes:
        print(note, file=sys.stderr if as_json else sys.stdout)


def _with_deviations(row: Mapping[str, Any]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for name, value in row.items():
        spread = row.get(f"{name}_std")
        if not name.endswith("_std"):
            digits = 1 if isinstance(value, float) and abs(value) >= 10 else 3
            merged[name] = value if spread is None else f"{value:.{digits}f} ± {spread:.{digits}f}"
    return merged


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
