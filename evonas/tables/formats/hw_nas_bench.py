"""HW-NAS-Bench's pickle."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from evonas.tables.table_format import Row, TableFormat
from evonas.tables.unpickling import unpickled

_UNITS = {"latency": "latency_ms", "energy": "energy_mj"}


class HwNasBench(TableFormat):
    """HW-NAS-Bench (Li et al., ICLR 2021), ``HW-NAS-Bench-v1_0.pickle``: latency and energy on the space cell201.

    Its tables of FBNet's blocks are left out; they hold no architectures.
    """

    def rows(self, path: Path) -> Iterator[Row]:
        with path.open("rb") as stream:
            document = unpickled(stream, path)
        try:
            datasets = document["nasbench201"]
            configs = next(iter(datasets.values()))["config"]
            for index in range(len(configs)):
                row: dict[str, str | float | int] = {"arch": str(configs[index]["arch_str"])}
                for dataset, metrics in datasets.items():
                    if metrics["config"][index]["arch_str"] != row["arch"]:
                        raise ValueError(f"architecture {index} of {dataset} is another than that of the first dataset")
                    for metric, values in metrics.items():
                        device, _, what = metric.rpartition("_")
                        if what in _UNITS:
                            row[f"{dataset}_{device}_{_UNITS[what]}"] = float(values[index])
                yield row
        except (KeyError, IndexError, TypeError, AttributeError, StopIteration, ValueError) as error:
            raise ValueError(f"{path} has not HW-NAS-Bench's layout: {type(error).__name__} {error}") from error
