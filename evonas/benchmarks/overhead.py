"""The engine's own share of a campaign's wall time."""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from evonas.benchmarks.sleeping import Sleeping
from evonas.campaign.planning.assemble import assemble
from evonas.campaign.planning.parts import parts_of
from evonas.campaign.reading.document import read
from evonas.campaign.running.session import execute
from evonas.core.observer import Silent

MOST_SLEPT_SECONDS = 0.5


def measure_overhead(seconds: float, budget: int, workers: int) -> list[dict[str, Any]]:
    """Runs the demo's campaign with an evaluator that sleeps, and sets the engine's seconds against a training's.

    Each evaluation really sleeps ``min(seconds, 0.5)``; the share is computed for ``seconds``, as if the engine worked
    only while every worker waits, which is the worst case.

    Returns:
        One row: ``engine_seconds`` of the main process that are not waiting; ``training_seconds`` that a worker would
        be busy; ``other_share`` of the engine in their sum.
    """
    specification = read("digits").specification
    changed = {
        "evaluator": {"name": "evonas.benchmarks.sleeping.Sleeping", "seconds": min(seconds, MOST_SLEPT_SECONDS)},
        "space": {**specification.space.resolved(), "input_shape": [1, 8, 8]},
        "budget": budget,
        "executor": {"name": "processes", "workers": workers},
        "retrain_front": {"seeds": 0},
    }
    specification = type(specification).from_mapping({**specification.resolved(), **changed})
    plan = replace(assemble(parts_of(specification)))
    assert isinstance(plan.evaluator, Sleeping)
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        record, _ = execute(plan, Path(folder), Silent())
        wall = time.perf_counter() - started
    engine = sum(seconds for stage, seconds in record.stage_seconds.items() if stage != "wait")
    training = budget * seconds / workers
    return [
        {
            "budget": budget,
            "workers": workers,
            "seconds_per_training": seconds,
            "engine_seconds": engine,
            "training_seconds": training,
            "other_share": engine / (engine + training),
            "wall_seconds_as_slept": wall,
        }
    ]
