"""Proxies scored with the help of workers: the same scores, whatever the workers do."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from pickle import PicklingError
from typing import Any

import numpy as np
import pytest
import torch
from searcher_stories import distinct, problem_of

from evonas.core.problem import Candidate, Rejections
from evonas.executors.processes import Processes
from evonas.executors.serial import Serial
from evonas.executors.worker_died import WorkerDied
from evonas.searchers._proxy_scorer import NoDevice
from evonas.searchers.proxy_scores import LOT, ProxyScores
from spaces.cell201 import Cell201
from surrogates.proxies.l2_norm import L2Norm
from surrogates.proxies.nwot import Nwot
from surrogates.proxies.parameters import Parameters
from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy import Proxy
from surrogates.proxies.synflow import Synflow

SPACE = Cell201("compact", channels=(4, 8), input_shape=(1, 8, 8))
COUNT = 2 * LOT + 3


def scores_of(device: str = "cpu", **proxies: Proxy) -> ProxyScores:
    rng = np.random.default_rng(0)
    inputs = torch.from_numpy(rng.standard_normal((4, 1, 8, 8), dtype=np.float32))
    return ProxyScores(SPACE, proxies, inputs, torch.from_numpy(rng.integers(10, size=4)), device)


@pytest.fixture(scope="module")
def candidates() -> list[Candidate]:
    problem = problem_of(space=SPACE)
    found = [problem.candidate(one, Rejections()) for one in distinct(SPACE, COUNT, 2)]
    return [one for one in found if one is not None]


@pytest.fixture(scope="module")
def alone(candidates: list[Candidate]) -> list[dict[str, float]]:
    assert len(candidates) == COUNT
    return scores_of(l2_norm=L2Norm(), parameters=Parameters()).of(candidates)


def helped(executor: Executor, candidates: list[Candidate]) -> tuple[list[dict[str, float]], tuple[str, ...]]:
    scores = scores_of(l2_norm=L2Norm(), parameters=Parameters())
    with scores.helped_by(executor):
        return scores.of(candidates), scores.failures(candidates)


class Answering(Executor):
    """Answers what it is told to for each task, instead of a worker."""

    def __init__(self, answer: Callable[[list[str]], BaseException | None]) -> None:
        self.answer = answer
        self.tasks: list[list[str]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.tasks.append([one.key for one in args[0]])
        error = self.answer(self.tasks[-1])
        future: Future[Any] = Future()
        if error is None:
            future.set_result(fn(*args, **kwargs))
        else:
            future.set_exception(error)
        return future


class Busy(Executor):
    """Has no idle worker, ever."""

    def __init__(self) -> None:
        self.futures: list[Future[Any]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.futures.append(Future())
        return self.futures[-1]


def test_workers_score_as_this_process_does(candidates: list[Candidate], alone: list[dict[str, float]]) -> None:
    worker = Answering(lambda _: None)
    assert helped(worker, candidates) == (alone, ())
    assert [len(task) for task in worker.tasks] == [LOT, 3], "the first lot is this process's own"
    assert worker.tasks == [[one.key for one in candidates[LOT : 2 * LOT]], [one.key for one in candidates[2 * LOT :]]]


def test_busy_workers_are_not_waited_for(candidates: list[Candidate], alone: list[dict[str, float]]) -> None:
    busy = Busy()
    assert helped(busy, candidates) == (alone, ())
    assert [future.cancelled() for future in busy.futures] == [True, True]


def test_few_candidates_are_sent_nowhere(candidates: list[Candidate], alone: list[dict[str, float]]) -> None:
    worker = Answering(lambda _: None)
    assert helped(worker, candidates[:LOT]) == (alone[:LOT], ())
    assert worker.tasks == []


def test_help_ends_with_its_context(candidates: list[Candidate], alone: list[dict[str, float]]) -> None:
    scores = scores_of(l2_norm=L2Norm(), parameters=Parameters())
    worker = Serial()
    with scores.helped_by(worker):
        pass
    worker.shutdown()
    assert scores.of(candidates) == alone


def test_a_candidate_that_kills_workers_costs_itself_alone(
    candidates: list[Candidate], alone: list[dict[str, float]]
) -> None:
    deadly = candidates[LOT + 2].key
    worker = Answering(lambda task: WorkerDied(-11) if deadly in task else None)
    found, notes = helped(worker, candidates)
    assert found == [{} if one.key == deadly else row for one, row in zip(candidates, alone, strict=True)]
    assert [deadly] in worker.tasks
    assert [note.split(":")[0] for note in notes] == [
        f"proxy {name} could not be computed for 1 of {COUNT} candidates" for name in ("l2_norm", "parameters")
    ]
    assert "SIGSEGV" in notes[0]


def test_what_cannot_be_sent_is_scored_here(candidates: list[Candidate], alone: list[dict[str, float]]) -> None:
    assert helped(Answering(lambda _: PicklingError("a lambda")), candidates) == (alone, ())


def test_a_worker_that_does_not_see_the_gpu_does_not_help(
    candidates: list[Candidate], alone: list[dict[str, float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Answering(lambda _: NoDevice("no CUDA device here"))
    assert helped(worker, candidates) == (alone, ())
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(
        NoDevice, match="this process sees no CUDA device of that number, and proxies are scored on 'cuda:1'"
    ):
        scores_of("cuda:1", l2_norm=L2Norm()).of(candidates[:1])


def test_networks_are_moved_to_the_device(candidates: list[Candidate]) -> None:
    """The meta device stands for one that is not the processor; it holds tensors and computes nothing."""

    class There(Proxy):
        needs = frozenset({"weights"})

        def score(self, probe: Probe) -> float:
            return float({weight.device.type for weight in probe.weights.values()} == {"meta"})

    assert scores_of("meta", there=There()).of(candidates[:2]) == [{"there": 1.0}] * 2
    assert scores_of("cpu", there=There()).of(candidates[:2]) == [{"there": 0.0}] * 2


def test_workers_that_were_killed_end_the_scoring(candidates: list[Candidate]) -> None:
    with pytest.raises(BrokenExecutor, match="killed by the user"):
        helped(Answering(lambda _: BrokenExecutor("killed by the user")), candidates)


@pytest.mark.slow
def test_real_workers_score_alike_and_may_die(candidates: list[Candidate], alone: list[dict[str, float]]) -> None:
    home, deadly = os.getpid(), alone[LOT]["parameters"]

    class Deadly(Proxy):
        needs = frozenset({"parameters"})

        def score(self, probe: Probe) -> float:
            if os.getpid() != home and sum(probe.parameters.values()) == deadly:
                os._exit(3)
            return 0.0 if os.getpid() == home else 1.0

    scores = scores_of(l2_norm=L2Norm(), parameters=Parameters(), deadly=Deadly())
    with Processes(workers=1) as executor, scores.helped_by(executor):
        executor.submit(abs, -1).result(timeout=60)  # it is idle now, so that it takes the second lot at once
        found = scores.of(candidates)
    lost = [row for row, before in zip(found, alone, strict=True) if before["parameters"] == deadly]
    assert {} in lost
    for row, before in zip(found, alone, strict=True):
        assert {name: score for name, score in row.items() if name != "deadly"} in (before, {})
    assert {row["deadly"] for row in found if row} == {0.0, 1.0}
    assert all(row or before["parameters"] == deadly for row, before in zip(found, alone, strict=True))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")
def test_networks_are_scored_on_a_gpu(candidates: list[Candidate], alone: list[dict[str, float]]) -> None:
    before = torch.cuda.get_rng_state()
    scores = scores_of("cuda", l2_norm=L2Norm(), parameters=Parameters(), nwot=Nwot(), synflow=Synflow())
    found = scores.of(candidates)
    assert torch.equal(torch.cuda.get_rng_state(), before)
    assert [row["parameters"] for row in found] == [row["parameters"] for row in alone]
    for row, expected in zip(found, alone, strict=True):
        assert row["l2_norm"] == pytest.approx(expected["l2_norm"], rel=1e-5)
    assert sum({"nwot", "synflow"} <= row.keys() for row in found) > COUNT / 2


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")
def test_workers_help_on_a_gpu(candidates: list[Candidate]) -> None:
    expected = scores_of("cuda", nwot=Nwot(), synflow=Synflow()).of(candidates)
    scores = scores_of("cuda", nwot=Nwot(), synflow=Synflow())
    with Processes(workers=1) as executor, scores.helped_by(executor):
        executor.submit(abs, -1).result(timeout=60)
        found = scores.of(candidates)
    for row, alone_row in zip(found, expected, strict=True):
        assert row == pytest.approx(alone_row, rel=1e-3)
