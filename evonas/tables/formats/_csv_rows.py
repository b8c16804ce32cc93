"""CSV files with other columns for the architecture."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from evonas.tables.table_format import Row


def csv_rows(path: Path, needed: tuple[str, ...], notation: Callable[[Mapping[str, str]], str]) -> Iterator[Row]:
    """Rows with ``arch`` in place of the columns that it is made of.

    Args:
        path: The file, compressed where its name ends in ``.gz``.
        needed: Columns that the notation is made of.
        notation: Makes it of a row.

    Raises:
        ValueError: A column is missing.
    """
    opens = gzip.open if path.suffix == ".gz" else open
    with opens(path, "rt", encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        missing = [name for name in needed if name not in (reader.fieldnames or ())]
        if missing:
            raise ValueError(f"{path} has no column {missing[0]!r}; it has {', '.join(reader.fieldnames or ())}")
        for row in reader:
            yield {"arch": notation(row), **{name: text for name, text in row.items() if name not in needed}}
