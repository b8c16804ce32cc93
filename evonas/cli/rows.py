"""How commands print the rows of a table."""

from __future__ import annotations

import json
from collections.abc import Sequence
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


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
