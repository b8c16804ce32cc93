"""NATS-Bench's archives."""

from __future__ import annotations

import bz2
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evonas.tables.formats._arch_results import archive_rows
from evonas.tables.table_format import Row, TableFormat
from evonas.tables.unpickling import unpickled

_ENDING = ".pickle.pbz2"


class NatsBench(TableFormat):
    """NATS-Bench: ``NATS-tss-….pickle.pbz2`` or its folder ``…-simple`` for cell201, ``NATS-sss-…`` for size_nats."""

    def rows(self, path: Path) -> Iterator[Row]:
        if not path.is_dir():
            yield from archive_rows(_read(path), path)
            return
        meta = _read(path / f"meta{_ENDING}")
        for file in sorted(path.glob(f"[0-9]*{_ENDING}")):
            index = int(file.name.removesuffix(_ENDING))
            yield from archive_rows({**meta, "arch2infos": {index: _read(file)}}, file)


def _read(path: Path) -> Any:
    with bz2.open(path) as stream:
        return unpickled(stream, path)
