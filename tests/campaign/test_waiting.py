"""Which trials go to one worker together."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from evonas.campaign.running.waiting import Job, Waiting
from evonas.core.archive import Trial


def job(number: int, rung: int | None = None) -> Job:
    return Job(cast(Trial, SimpleNamespace(number=number, proposal=SimpleNamespace(rung=rung))))


def numbers(jobs: list[Job]) -> list[Any]:
    return [each.trial.number for each in jobs]


def drained(waiting: Waiting, free: int = 1) -> list[list[Any]]:
    packs = []
    while waiting:
        packs.append(numbers(waiting.take(free)))
    return packs


def test_packs_are_at_most_as_large_as_said_and_in_order() -> None:
    assert drained(Waiting(1, map(job, range(3)))) == [[0], [1], [2]]
    assert drained(Waiting(4, map(job, range(10)))) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_without_a_number_all_that_wait_go_out_in_equal_shares() -> None:
    assert drained(Waiting(None, map(job, range(16)))) == [list(range(16))]
    waiting = Waiting(None, map(job, range(16)))
    assert [numbers(waiting.take(free)) for free in (3, 2, 1)] == [[*range(6)], [*range(6, 11)], [*range(11, 16)]]


def test_only_trials_of_one_rung_go_together() -> None:
    rungs = [None, 3, 3, None, 3, 9]
    waiting = Waiting(None, [job(number, rung) for number, rung in enumerate(rungs)])
    assert drained(waiting) == [[0, 3], [1, 2, 4], [5]]


def test_what_is_put_back_goes_first_and_alone() -> None:
    waiting = Waiting(4, map(job, range(6)))
    waiting.put_back(waiting.take(1))
    waiting.add([job(6)])
    assert len(waiting) == 7
    assert drained(waiting) == [[0], [1], [2], [3], [4, 5, 6]]
