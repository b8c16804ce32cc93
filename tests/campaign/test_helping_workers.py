"""Workers that help to score proxies: when a campaign asks them, and that it changes no score."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import replace
from typing import Any

import pytest
from quick import Recorder, quick_plan

from evonas.campaign.running.session import execute
from evonas.executors.serial import Serial

SEARCHER = {"name": "screened_nsga2", "offspring": 60, "shortlist": 20, "proxied": 20}


class Told(Executor):
    """Runs tasks in this process and remembers what they were."""

    def __init__(self) -> None:
        self.tasks: list[str] = []
        self._serial = Serial()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.tasks.append(fn.__name__)
        return self._serial.submit(fn, *args, **kwargs)


@pytest.mark.parametrize("workers", [1, 2])
def test_several_workers_help_once_one_has_brought_a_result_home(workers: int) -> None:
    told = Told()
    plan = replace(quick_plan(searcher=SEARCHER, initial=20, budget=24), executor=lambda: told, workers=workers)
    record, finished = execute(plan, None, Recorder())
    assert finished
    assert told.tasks.count("evaluate") >= 24
    assert ("score" in told.tasks) == (workers > 1)
    assert "score" not in told.tasks[:20], "the first round is scored while workers start"
    for trial in record.archive.trials:
        simplified = plan.problem.space.simplify(trial.proposal.architecture)
        assert trial.proposal.proxies == {"parameters": plan.problem.space.cost(simplified).parameters}
