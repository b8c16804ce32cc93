"""HW-GPT-Bench as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from evonas.tables.formats._csv_rows import csv_rows
from evonas.tables.table_format import Row, TableFormat

_GENES = ("embed_dim", "heads", "mlp_ratio", "bias")


class HwgptCsv(TableFormat):
    """CSV with the genes of HW-GPT-Bench's networks in columns, for the space ``{name: transformer, form: hwgpt}``."""

    def rows(self, path: Path) -> Iterator[Row]:
        return csv_rows(path, _GENES, lambda row: " ".join(f"{name}={row[name]}" for name in _GENES))
