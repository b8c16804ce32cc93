"""NAS-Bench-Suite-Zero's JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from evonas.tables.table_format import Row, TableFormat

# NASLib's order of operations, and of edges (from, to), whose places in the notation's order are these.
_OPS = ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3")
_PLACES = (0, 1, 3, 2, 4, 5)
_SOURCES = (0, 0, 1, 0, 1, 2)


class NasBenchSuiteZero(TableFormat):
    """NAS-Bench-Suite-Zero (Krishnakumar et al., NeurIPS 2022), ``zc_nasbench201.json``: proxy scores, for cell201."""

    def rows(self, path: Path) -> Iterator[Row]:
        rows: dict[str, dict[str, str | float | int]] = {}
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            for dataset, cells in document.items():
                for indices, figures in cells.items():
                    row = rows.setdefault(indices, {"arch": _notation(indices)})
                    for name, value in figures.items():
                        score = value["score"] if isinstance(value, dict) else value
                        if name != "id" and isinstance(score, int | float):
                            prefix = f"{dataset}_proxy" if isinstance(value, dict) else dataset
                            row[f"{prefix}_{name}"] = score
        except (KeyError, AttributeError, TypeError, UnicodeDecodeError, ValueError) as error:
            raise ValueError(
                f"{path} has not the layout of NAS-Bench-Suite-Zero's file of NAS-Bench-201: "
                f"{type(error).__name__} {error}"
            ) from error
        yield from rows.values()


def _notation(indices: str) -> str:
    """``(4, 0, 3, 1, 4, 3)``, an operation for each of the six edges, in the benchmark's notation."""
    numbers = [int(number) for number in re.findall(r"\d+", indices)]
    if len(numbers) != 6 or max(numbers) >= len(_OPS):
        raise ValueError(f"six operations of 0 to {len(_OPS) - 1} are expected; got {indices[:80]!r}")
    first, *others = [f"{_OPS[numbers[place]]}~{source}" for place, source in zip(_PLACES, _SOURCES, strict=True)]
    return f"|{first}|+|{'|'.join(others[:2])}|+|{'|'.join(others[2:])}|"
