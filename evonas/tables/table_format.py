"""The contract of a published form of measurements."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path

Row = Mapping[str, str | float | int]


class TableFormat(ABC):
    """A form in which others published measurements of the architectures of one of our spaces."""

    @abstractmethod
    def rows(self, path: Path) -> Iterator[Row]:
        """One mapping an architecture: ``arch`` in the space's notation, and its figures by column.

        Raises:
            ValueError: The file is not of this form; says where.
            OSError: It cannot be read.
        """
