"""Reads the columns of a table: CSV, or parquet where pyarrow is installed; and tells numbers from categories."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

MOST_CATEGORIES = 1000

Columns = dict[str, list[str]]


def read_columns(path: str) -> Columns:
    """Every column by name, its values as texts; what is missing is an empty one.

    Raises:
        ValueError: It is no table; or a parquet file, and pyarrow is not installed.
    """
    return _parquet(path) if Path(path).suffix.lower() in (".parquet", ".pq") else _csv(path)


def _csv(path: str) -> Columns:
    try:
        with Path(path).open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            names = next(reader, [])
            rows = []
            for row in reader:
                if row and len(row) != len(names):
                    raise ValueError(
                        f"tabular: every line has as many fields as the first, {len(names)}; line {reader.line_num} of "
                        f"{path} has {len(row)}: correct it, or quote fields that hold commas"
                    )
                if row:
                    rows.append(row)
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"tabular: {path} cannot be read as CSV in UTF-8 ({error}); save it as that") from error
    if len(names) == 1 and any(mark in names[0] for mark in ";\t|"):
        raise ValueError(
            f"tabular: {path} has one column, {names[0]!r}; fields are separated by commas, so save it with these"
        )
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"tabular: columns of {path} have different names; {', '.join(repeated)} is there twice")
    if len(rows) < 3:
        raise ValueError(f"tabular: a table has a line of names and at least three rows; {path} has {len(rows)} rows")
    return {name: [row[place].strip() for row in rows] for place, name in enumerate(names)}


def _parquet(path: str) -> Columns:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise ValueError(
            f"tabular: {path} is a parquet file, which needs the package pyarrow: pip install 'evonas[parquet]', "
            "or save it as CSV"
        ) from error
    try:
        table = parquet.read_table(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise ValueError(f"tabular: {path} cannot be read as parquet ({error}); save it again") from error
    return {
        name: ["" if value is None else str(value) for value in table.column(name).to_pylist()]
        for name in table.column_names
    }


def numbers(values: Sequence[str]) -> npt.NDArray[np.float64] | None:
    """The column as numbers, NaN where it is missing; None where it holds other texts."""
    try:
        return np.array([float(value) if value else math.nan for value in values])
    except ValueError:
        return None


def numeric(name: str, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The column, complete and finite.

    Raises:
        ValueError: It is not; says in which row first.
    """
    broken = np.flatnonzero(~np.isfinite(values))
    if len(broken):
        raise ValueError(
            f"tabular: column {name!r} has {len(broken):,} missing or infinite numbers, the first in row "
            f"{broken[0] + 1:,}; fill them in, list the column under categorical, or under ignored"
        )
    return values


def categories(name: str, values: Sequence[str]) -> list[str]:
    """The column's distinct values, sorted; a missing one is a category of its own.

    Raises:
        ValueError: There are too many.
    """
    found = sorted(set(values))
    if len(found) > MOST_CATEGORIES:
        raise ValueError(
            f"tabular: column {name!r} has {len(found):,} different texts, more than {MOST_CATEGORIES:,}; "
            "list it under ignored if it only names its row"
        )
    return found
