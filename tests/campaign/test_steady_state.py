"""No worker waits, and one worker's results are the same whatever the clock says."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from quick import Scripted, quick_plan, sequence

from evonas.benchmarks.sleeping import Sleeping
from evonas.campaign.running.session import execute
from evonas.core.archive import Archive, Proposal
from evonas.core.evaluation import Evaluation
from evonas.core.observer import Silent
from evonas.core.record import Record
from evonas.core.searcher import Searcher
from spaces.architecture import Architecture


class Watched(Searcher):
    """Notes how many trials are pending whenever it is asked."""

    def __init__(self, searcher: Searcher) -> None:
        self.searcher = searcher
        self.pending: list[int] = []

    def propose(self, archive: Archive, count: int, rng: np.random.Generator) -> list[Proposal]:
        self.pending.append(len(archive.pending))
        return self.searcher.propose(archive, count, rng)


def run(workers: int, delays: Sequence[float]) -> tuple[Record, list[int]]:
    """A campaign whose evaluations take one of the delays after another."""
    clock, lock = itertools.cycle(delays), threading.Lock()

    def slow(architecture: Architecture, seed: int) -> Evaluation:
        with lock:
            delay = next(clock)
        time.sleep(delay)
        return Sleeping(0.0).evaluate(architecture, seed)

    plan = quick_plan(Scripted(slow), objectives=["validation_error", "macs"], budget=22, retrain_seeds=0)
    watched = Watched(plan.searcher)
    executor = lambda: ThreadPoolExecutor(workers)  # noqa: E731
    plan = replace(plan, searcher=watched, workers=workers, executor=executor)
    return execute(plan, None, Silent())[0], watched.pending


def test_one_worker_waits_for_its_results_and_its_sequence_knows_no_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    first, pending = run(1, [0.0])
    assert pending == [0, 0, 0, 0]
    monkeypatch.setattr("evonas.campaign.running.run.TICK_SECONDS", 0.001)
    second, pending = run(1, [0.004, 0.0, 0.01])
    assert pending == [0, 0, 0, 0]
    assert sequence(first.archive) == sequence(second.archive)


def test_several_workers_are_given_more_before_the_last_result_is_home() -> None:
    record, pending = run(2, [0.0, 0.02])
    assert pending[0] == 0
    assert max(pending) >= 1, "a round was chosen only when all was home: workers stood idle"
    assert len(record.archive.trained) == 22
