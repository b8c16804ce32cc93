"""Campaigns whose candidates train packed, and one at a time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import torch

from evonas.benchmarks.gpu_figures import watched_busy
from evonas.benchmarks.training import GPU_BATCH, random_pixels
from evonas.campaign.planning.assemble import assemble
from evonas.campaign.planning.parts import Parts
from evonas.campaign.running.session import execute
from evonas.core.observer import Silent
from evonas.datasets.dataset import Dataset, Splits
from evonas.trainers.classifier import Classifier

WAYS: dict[str, int | str] = {"campaign, one at a time": 1, "campaign, packed": "auto"}


class RandomPixels(Dataset):
    """CIFAR's shapes, of random pixels: the same work."""

    input_shape = (3, 32, 32)
    classes = 10

    def load(self) -> Splits:
        return random_pixels()


def measure_packed_campaign(candidates: int, epochs: int, depths: Sequence[int]) -> list[dict[str, Any]]:
    """Runs campaigns of random search in this process, packed and one at a time, in turn.

    On the processor it is the demo's space and data, ``epochs`` each. On the first CUDA device, where there is one,
    also NAS-Bench-201's skeleton with ``depths`` cells a stage on 50,000 random images, an epoch each.

    Returns:
        A row for each: ``candidates_per_hour`` (on the processor by its own time); ``over_alone``, the same over that
        of one at a time; ``packed``, how many trained as one on average; ``memory_format``; ``captured``, whether steps
        are CUDA graphs; ``between``, the share of the time that is not in evaluations; ``gpu_idle``, the share in which
        no kernel ran, as far as NVML tells.
    """
    compact = {"name": "cell201", "skeleton": "compact", "channels": [4, 8, 16]}
    rows = _compared({"space": compact, "dataset": "digits"}, candidates, epochs, "cpu", None)
    for cells in depths if torch.cuda.is_available() else ():
        space = {"name": "cell201", "cells": cells, "channels": 16}
        rows += _compared({"space": space, "dataset": RandomPixels()}, candidates, 1, "cuda:0", cells)
    return rows


def _compared(
    parts: dict[str, Any], candidates: int, epochs: int, device: str, cells: int | None
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for way, pack in WAYS.items():
        _run(parts, 2, epochs, device, pack)  # warms up
        row = _run(parts, candidates, epochs, device, pack)
        alone = rows[0]["candidates_per_hour"] if rows else row["candidates_per_hour"]
        over = row["candidates_per_hour"] / alone
        rows.append({"way": way, "device": device, "candidates": candidates, "cells": cells, **row, "over_alone": over})
    return rows


def _run(parts: dict[str, Any], candidates: int, epochs: int, device: str, pack: int | str) -> dict[str, Any]:
    on_gpu = device != "cpu"
    trainer = Classifier(epochs=epochs, device=device, batch_size=GPU_BATCH if on_gpu else 64)
    plan = assemble(
        Parts(
            name="packed",
            trainer=trainer,
            objectives=("validation_error",),
            searcher="random",
            predictor=None,
            proxies=(),
            executor={"name": "serial", "pack": pack},
            budget=candidates,
            initial=candidates,
            retrain_seeds=0,
            **parts,
        )
    )
    clock = time.perf_counter if on_gpu else time.process_time
    with watched_busy(torch.device(device)) as busy:
        begun, wall = clock(), time.perf_counter()
        record, _ = execute(plan, None, Silent())
        seconds, wall = clock() - begun, time.perf_counter() - wall
    if record.archive.failed:
        raise RuntimeError(f"a training failed: {record.archive.failed[0].failure}")
    evaluations = [trial.evaluation for trial in record.archive.trials if trial.evaluation is not None]
    packed = [evaluation.curve[-1].get("packed", 1.0) for evaluation in evaluations]
    return {
        "candidates_per_hour": 3600 * candidates / seconds,
        "packed": sum(packed) / candidates,
        "memory_format": "channels last",
        "captured": on_gpu and max(packed) > 1,
        "between": 1 - sum(evaluation.seconds for evaluation in evaluations) / wall,
        "gpu_idle": 1 - sum(busy) / len(busy) if busy else None,
    }
