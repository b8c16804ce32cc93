"""The layout that NAS-Bench-201's and NATS-Bench's archives share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from evonas.tables.table_format import Row


def archive_rows(document: Any, path: Path) -> Iterator[Row]:
    """Rows of a whole archive: ``{"meta_archs": [...], "arch2infos": {index: {name: results}}, ...}``."""
    try:
        notations, infos = document["meta_archs"], document["arch2infos"]
        for index in sorted(infos):
            yield figures_of(str(notations[index]), infos[index])
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(
            f"{path} has not the layout of NAS-Bench-201's archives: {type(error).__name__} {error}"
        ) from error


def figures_of(notation: str, infos: Mapping[str, Mapping[str, Any]]) -> Row:
    """One architecture's row: of every training schedule, dataset and evaluation set its accuracies, and its costs.

    ``<dataset>_<set>_acc_<epochs>ep`` is the first seed's run, ``…_mean`` the mean of all; accuracies are percent after
    the last epoch. ``flops_m`` and ``params_m`` are millions, ``latency_s`` and ``…_train_seconds_…`` seconds.
    """
    row: dict[str, str | float | int] = {"arch": notation}
    for results in infos.values():
        for dataset, seeds in results["dataset_seed"].items():
            runs = [results["all_results"][dataset, seed] for seed in seeds]
            if not runs:
                continue
            epochs = int(runs[0]["epochs"])
            for name in runs[0]["eval_names"]:
                last = f"{name}@{epochs - 1}"
                accuracies = [float(run["eval_acc1es"][last]) for run in runs if last in run["eval_acc1es"]]
                if accuracies:
                    row[f"{dataset}_{name}_acc_{epochs}ep"] = accuracies[0]
                    row[f"{dataset}_{name}_acc_{epochs}ep_mean"] = float(np.mean(accuracies))
            row[f"{dataset}_flops_m"] = float(np.mean([run["flop"] for run in runs]))
            row[f"{dataset}_params_m"] = float(np.mean([run["params"] for run in runs]))
            latencies = [float(np.mean(run["latency"])) for run in runs if run.get("latency")]
            if latencies:
                row[f"{dataset}_latency_s"] = float(np.mean(latencies))
            seconds = [sum(run["train_times"].values()) for run in runs if run.get("train_times")]
            if seconds:
                row[f"{dataset}_train_seconds_{epochs}ep"] = float(np.mean(seconds))
    return row
