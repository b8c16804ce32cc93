"""Writes published measurements of any known form as a table."""

from __future__ import annotations

import csv
import gzip
import os
from collections.abc import Iterable
from pathlib import Path
from typing import cast

from evonas.tables.table import ARCHITECTURE_COLUMN
from evonas.tables.table_format import Row, TableFormat
from spaces.discovery import Room, find

FORMATS = Room("table format", "evonas.tables.formats", "evonas.tables.table_format.TableFormat")


def import_table(format_name: str, source: Path, target: Path) -> tuple[int, tuple[str, ...]]:
    """Reads ``source`` and writes a table, compressed where its name ends in ``.gz``; complete or not there.

    Returns:
        Number of rows, and the columns beside ``arch``.

    Raises:
        UnknownComponent: There is no such form; lists those there are.
        ValueError: The source is not of this form, or holds no architecture.
        FileExistsError: The target exists; it is left as it is.
        OSError: A file cannot be read or written.
    """
    table_format = cast(TableFormat, find(FORMATS, format_name)())
    if target.exists():
        raise FileExistsError(f"{target} exists already and is left as it is; choose another name")
    rows = list(table_format.rows(source))
    if not rows:
        raise ValueError(f"{source} holds no architecture")
    names = dict.fromkeys(name for row in rows for name in row)
    columns = (ARCHITECTURE_COLUMN, *(name for name in names if name != ARCHITECTURE_COLUMN))
    partial = target.with_name(f".{os.getpid()}.{target.name}")
    try:
        _write(partial, columns, rows)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return len(rows), columns[1:]


def _write(path: Path, columns: tuple[str, ...], rows: Iterable[Row]) -> None:
    opens = gzip.open if path.suffix == ".gz" else open
    with opens(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
