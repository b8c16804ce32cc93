"""How far a long comparison is."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

from evonas.report.watching import duration

Item = TypeVar("Item")

QUIET_SECONDS = 2.0
PIPE_SECONDS = 30.0


def tracked(items: Sequence[Item]) -> Iterator[Item]:
    """The items one by one, with a ``ProgressLine`` of those that are done."""
    progress = ProgressLine(len(items))
    try:
        for item in items:
            yield item
            progress.advance()
    finally:
        progress.finish()


class ProgressLine:
    """Says on the standard error stream how much is done and about how long the rest takes.

    A terminal's line is there at once and rewritten; a pipe gets one after two seconds, and then each half minute.

    Args:
        total: Runs in all.
        known: Of these, runs that need not be done again; the estimate does not count them.
    """

    def __init__(self, total: int, known: int = 0) -> None:
        self._total = total
        self._known = known
        self._done = known
        self._started = time.monotonic()
        self._next = self._started + QUIET_SECONDS
        self._is_terminal = sys.stderr.isatty()
        if self._is_terminal and known < total:
            print(f"{known:,} of {total:,} runs", end="", file=sys.stderr, flush=True)
        self._said = self._is_terminal

    def advance(self) -> None:
        """One more run is done."""
        self._done += 1
        now = time.monotonic()
        if now < self._next or self._done == self._total:
            return
        self._next = now + (0.2 if self._is_terminal else PIPE_SECONDS)
        left = (now - self._started) / (self._done - self._known) * (self._total - self._done)
        text = f"{self._done:,} of {self._total:,} runs, about {duration(left)} left"
        self._said = True
        print(f"\r\x1b[K{text}" if self._is_terminal else text, end="" if self._is_terminal else "\n", file=sys.stderr)
        sys.stderr.flush()

    def finish(self) -> None:
        """Takes the terminal's line away."""
        if self._is_terminal and self._said:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
