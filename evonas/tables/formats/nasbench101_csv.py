"""NAS-Bench-101 as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from evonas.tables.formats._csv_rows import csv_rows
from evonas.tables.table_format import Row, TableFormat


class NasBench101Csv(TableFormat):
    """CSV with the bits of a cell's matrix in ``adjacency_rowmajor`` and its ``ops``, for the space cell101."""

    def rows(self, path: Path) -> Iterator[Row]:
        return csv_rows(path, ("adjacency_rowmajor", "ops"), lambda row: f"{row['adjacency_rowmajor']} {row['ops']}")
