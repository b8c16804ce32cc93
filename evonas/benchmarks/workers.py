"""Candidates a second with one worker and with two."""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np

from evonas.benchmarks.progress_line import tracked
from evonas.campaign.planning.assemble import assemble
from evonas.campaign.planning.parts import parts_of
from evonas.campaign.reading.document import read
from evonas.executors.processes import Processes

WARM_UP = 2


def measure_workers(candidates: int, repeats: int) -> list[dict[str, Any]]:
    """Trains the same sampled candidates of the shipped demo with one worker and with two, in turn.

    Returns:
        One row for one worker and one for two, with the median ``candidates_per_second``, and a row with the median of
        the pairwise ratios.
    """
    plan = assemble(parts_of(read("digits").specification))
    rng = np.random.default_rng(0)
    space = plan.problem.space
    architectures = [space.simplify(space.sample(rng)) for _ in range(candidates)]
    rates: dict[int, list[float]] = {1: [], 2: []}
    for _ in tracked(range(repeats)):
        for workers, measured in rates.items():
            with Processes(workers=workers) as executor:
                for future in [executor.submit(plan.evaluator.evaluate, architectures[0], 0) for _ in range(WARM_UP)]:
                    future.result()
                started = time.perf_counter()
                for future in [executor.submit(plan.evaluator.evaluate, each, 0) for each in architectures]:
                    if future.result().failure is not None:
                        raise RuntimeError(f"a training failed: {future.result().failure}")
                measured.append(candidates / (time.perf_counter() - started))
    ratios = [two / one for one, two in zip(rates[1], rates[2], strict=True)]
    return [
        *(
            {"workers": workers, "candidates_per_second": statistics.median(measured), "ratio": None}
            for workers, measured in rates.items()
        ),
        {"workers": "2 over 1", "candidates_per_second": None, "ratio": statistics.median(ratios)},
    ]
