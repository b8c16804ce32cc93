"""Energy of one call, from a counter that only ever rises."""

from __future__ import annotations

import time
from collections.abc import Callable

STILL_SECONDS = 2.0  # a counter that has not moved for so long does not count
CHUNK = 10  # calls between two looks at the counter


def millijoules_per_call(
    call: Callable[[], object], counter: Callable[[], float], seconds: float, idle_seconds: float
) -> float:
    """Millijoules that one call takes above idling.

    Both windows begin and end where the counter moves: it moves in steps, some ten times a second.

    Args:
        call: Returns when its work is done.
        counter: Millijoules since some moment.
        seconds: Least length of the window in which ``call`` is made again and again.
        idle_seconds: Least length of the window before it, in which nothing is done.

    Raises:
        RuntimeError: The counter stands still, or rose no faster than when idle.
    """
    idle_energy, idle_time, _ = _window(counter, idle_seconds, lambda: time.sleep(0.001))
    energy, elapsed, calls = _window(counter, seconds, lambda: [call() for _ in range(CHUNK)])
    per_call = (energy - idle_energy / idle_time * elapsed) / (calls * CHUNK)
    if per_call <= 0:
        raise RuntimeError(
            f"{energy / elapsed:.4g} mW while running are not above {idle_energy / idle_time:.4g} mW when idle; "
            "something else ran before, or the network is too small to see: take a larger batch"
        )
    return per_call


def _window(counter: Callable[[], float], seconds: float, work: Callable[[], object]) -> tuple[float, float, int]:
    """Energy and seconds between two movements of the counter, and how often ``work`` was done between them."""
    started, began, _ = _movement(counter, work)
    times = 0
    while time.perf_counter() - began < seconds:
        work()
        times += 1
    ended, finished, more = _movement(counter, work)
    return ended - started, finished - began, times + more


def _movement(counter: Callable[[], float], work: Callable[[], object]) -> tuple[float, float, int]:
    """Works on until the counter moves: its value, the moment, and the times worked."""
    before, begun, times = counter(), time.perf_counter(), 0
    while time.perf_counter() - begun < STILL_SECONDS:
        work()
        times += 1
        value = counter()
        if value != before:
            return value, time.perf_counter(), times
    raise RuntimeError(f"the energy counter stood still for {STILL_SECONDS:g} s; the device does not count")
