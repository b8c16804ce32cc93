"""Timing calls so that the figures repeat."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch

from surrogates.proxies.untouched import untouched_globals
from surrogates.threads import torch_threads

Call = Callable[[], object]

WARM_UP = 5  # calls before the first round
# Rounds over which one figure's calls are spread, and the pause between them: a moment in which another program was at
# work is in some rounds, not in all. Chosen on a busy machine, where the same calls in five rounds, with pauses four
# times as long, repeated a quarter worse; other low percentiles, medians of the rounds' minima and a core of one's own
# did no better.
ROUNDS = 20
PAUSE_SECONDS = 0.005


@dataclass(frozen=True, slots=True)
class Timing:
    """How long one call takes.

    Attributes:
        milliseconds: 10th percentile: others' work on the machine only ever adds, and so stays out of it.
        median: The same calls' median, in milliseconds.
        calls: How many were timed.
    """

    milliseconds: float
    median: float
    calls: int

    @property
    def spread(self) -> float:
        """How far the median lies above the 10th percentile, as a share of it."""
        return self.median / self.milliseconds - 1


@contextmanager
def measuring(threads: int) -> Iterator[None]:
    """Runs its block without gradients, on ``threads`` torch threads; global generators are as before afterwards."""
    with torch_threads(threads), untouched_globals(), torch.no_grad():
        yield


def timed_in_turn(calls: Sequence[Call], device: torch.device, repeats: int, rounds: int = ROUNDS) -> list[Timing]:
    """Times calls in rounds, each call some times in every round, with a pause between rounds.

    Several calls are thus interleaved, and what slows the machine for a while slows all of them; of a single one the
    rounds are spread over time.

    Args:
        calls: What is timed; each is called a few times before, and once before each turn of several calls.
        device: Where they run. A CUDA device is timed by its own events, a processor by the wall clock.
        repeats: Timed calls of each, rounded up to a multiple of the rounds.
        rounds: At most ``repeats``; where there are as many, each call finds the caches as the others left them.
    """
    if device.type != "cpu":
        with torch.cuda.device(device):  # events and streams are those of the current device
            return _timed(calls, _by_events, repeats, rounds)
    return _timed(calls, _by_clock, repeats, rounds)


def _timed(calls: Sequence[Call], watch: Callable[[Call], float], repeats: int, rounds: int) -> list[Timing]:
    milliseconds: list[list[float]] = [[] for _ in calls]
    for call in calls:
        for _ in range(WARM_UP):
            watch(call)
    rounds = min(rounds, repeats)
    each = -(-repeats // rounds)
    for turn in range(rounds):
        if turn:
            time.sleep(PAUSE_SECONDS)
        for call, times in zip(calls, milliseconds, strict=True):
            if each > 1:
                watch(call)
            times += [watch(call) for _ in range(each)]
    return [_summary(times) for times in milliseconds]


def _summary(milliseconds: list[float]) -> Timing:
    low, middle = np.percentile(milliseconds, [10, 50])
    return Timing(float(low), float(middle), len(milliseconds))


def _by_clock(call: Call) -> float:
    started = time.perf_counter_ns()
    call()
    return (time.perf_counter_ns() - started) / 1e6


def _by_events(call: Call) -> float:
    before, after = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
    before.record()
    call()
    after.record()
    after.synchronize()
    elapsed: float = before.elapsed_time(after)
    return elapsed
