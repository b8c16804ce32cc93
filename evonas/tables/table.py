"""A table of measured architectures."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from pathlib import Path

import numpy as np
import numpy.typing as npt

from evonas.core.measurements import Measurements
from spaces.architecture import Architecture
from spaces.space import Space

FloatArray = npt.NDArray[np.float64]

ARCHITECTURE_COLUMN = "arch"


@dataclass(frozen=True)
class Table:
    """Measured architectures of one space: a CSV file with a column ``arch`` and any others.

    Attributes:
        path: Where the file was read from.
        space: Whose notation the column ``arch`` is in.
        notations: The ``n`` architectures as the file writes them, no two alike.
        cells: Every other column's ``n`` texts, by name.
    """

    path: Path
    space: Space
    notations: tuple[str, ...]
    cells: Mapping[str, Sequence[str]]

    @classmethod
    def read(cls, path: str | Path, space: Space) -> Table:
        """Reads a CSV file, compressed where its name ends in ``.gz``.

        Raises:
            ValueError: No column ``arch``, no row, a row of another width, an architecture twice, or text that is not
                CSV; says the file and line.
            OSError: The file cannot be read.
        """
        path = Path(path).expanduser()
        if not path.exists():
            raise FileNotFoundError(f"there is no table at {path.absolute()}; correct the path")
        rows = _rows(path)
        header = next(rows, (1, []))[1]
        if ARCHITECTURE_COLUMN not in header:
            raise ValueError(
                f"{path}:1 a table needs a column {ARCHITECTURE_COLUMN!r} in the space's notation; "
                f"it has {', '.join(header) or 'none'}. Convert other forms with `evonas table import`"
            )
        if len(set(header)) < len(header):
            raise ValueError(f"{path}:1 every column needs a name of its own; got {', '.join(header)}")
        lines: dict[str, int] = {}
        texts = []
        place = header.index(ARCHITECTURE_COLUMN)
        for line, row in rows:
            if len(row) != len(header):
                raise ValueError(f"{path}:{line} expected {len(header)} values, as in the first line; got {len(row)}")
            first = lines.setdefault(row[place], line)
            if first != line:
                raise ValueError(
                    f"{path}:{line} architecture {row[place]!r} stands in line {first} too; keep one of them"
                )
            texts.append(row)
        if not texts:
            raise ValueError(f"{path} has no row below its header; a table needs at least one architecture")
        columns = dict(zip(header, zip(*texts, strict=True), strict=True))
        return cls(path, space, columns.pop(ARCHITECTURE_COLUMN), columns)

    def __len__(self) -> int:
        return len(self.notations)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns beside ``arch``."""
        return tuple(self.cells)

    def measurements(self, columns: Sequence[str], by_notation: bool) -> Measurements:
        """What a campaign looks up: some columns of every architecture.

        Args:
            columns: Their names; a name may stand there twice.
            by_notation: Whether rows of one function are candidates of their own.

        Raises:
            ValueError: There is no such column, a row is not in the space, or two rows are one architecture.
        """
        names = list(dict.fromkeys(columns))
        rows = zip(*(self.column(name).tolist() for name in names), strict=True) if names else repeat((), len(self))
        figures: dict[str, Mapping[str, float]] = {}
        lines: dict[str, int] = {}
        for number, (architecture, row) in enumerate(zip(self.architectures, rows, strict=True)):
            first = lines.setdefault(architecture.key, number)
            if first != number:
                raise ValueError(
                    f"{self.path}: rows {first + 1} and {number + 1} are one architecture, "
                    f"{self.notations[first]!r} and {self.notations[number]!r}; keep one of them"
                )
            figures[architecture.key] = dict(zip(names, row, strict=True))
        return Measurements(self.architectures, figures, by_notation)

    def costs_differ_between_twins(self, columns: Sequence[str]) -> bool:
        """Whether one of the columns differs within most groups of architectures that simplify to one function.

        Most, and not some: published counts hold single slips, which make no architecture another. Rows that the column
        has nothing for say nothing.
        """
        groups: dict[str, list[int]] = {}
        for number, architecture in enumerate(self.architectures):
            groups.setdefault(self.space.simplify(architecture).key, []).append(number)
        for column in (self.column(name) for name in columns):
            known = [column[group][np.isfinite(column[group])] for group in groups.values()]
            spreads = [np.ptp(values) for values in known if len(values) > 1]
            if 2 * sum(spread > 0 for spread in spreads) > len(spreads):
                return True
        return False

    @cached_property
    def architectures(self) -> tuple[Architecture, ...]:
        """The rows' ``n`` architectures, parsed when first asked for.

        Raises:
            ValueError: A row is not in the space; says which.
        """
        parsed = []
        for number, notation in enumerate(self.notations):
            try:
                architecture = self.space.parse(notation)
                self.space.check(architecture)
            except ValueError as error:
                raise ValueError(f"{self.path}: row {number + 1} is not in the space: {error}") from error
            parsed.append(architecture)
        return tuple(parsed)

    def column(self, name: str) -> FloatArray:
        """One measured column, shape ``(n,)``; NaN where the file has nothing.

        Raises:
            ValueError: There is no such column (lists those there are), or one of its values is no number.
        """
        if name not in self.cells:
            raise ValueError(f"{self.path} has no column {name!r}; it has {', '.join(self.names)}")
        values = np.empty(len(self))
        for number, text in enumerate(self.cells[name]):
            try:
                values[number] = float(text) if text.strip() else np.nan
            except ValueError:
                raise ValueError(
                    f"{self.path}: column {name!r} must hold numbers; row {number + 1} holds {text!r}"
                ) from None
        return values


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Each row with the line it ends on."""
    opens = gzip.open if path.suffix == ".gz" else open
    with opens(path, "rt", encoding="utf-8", newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            for row in reader:
                if row:
                    yield reader.line_num, row
        except (csv.Error, UnicodeDecodeError, EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise ValueError(f"{path}:{max(1, reader.line_num)} is not readable as CSV: {error}") from error
