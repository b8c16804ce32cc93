"""NAS-Bench-201's own archive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from evonas.tables.formats._arch_results import archive_rows
from evonas.tables.table_format import Row, TableFormat
from evonas.tables.unpickling import torch_unpickled


class NasBench201(TableFormat):
    """NAS-Bench-201's archive, ``NAS-Bench-201-v1_1-096897.pth``, for the space cell201."""

    def rows(self, path: Path) -> Iterator[Row]:
        yield from archive_rows(torch_unpickled(path), path)
