"""Ctrl-C once stops cleanly, twice at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self


class Interruption:
    """While entered, the first SIGINT or SIGTERM sets ``requested``; the second kills the workers and raises.

    Outside the main thread, where Python delivers no signals, nothing changes.

    Args:
        asked: Called at the first signal, to tell the user what happens now.
    """

    def __init__(self, asked: Callable[[], None]) -> None:
        self.requested = False
        self.kill: Callable[[], None] = lambda: None
        self._asked = asked
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            self.kill()
            raise KeyboardInterrupt
        self.requested = True
        self._asked()
