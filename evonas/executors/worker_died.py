"""The death of a worker process, as an exception of the task that it was running."""

from __future__ import annotations

import signal
from pathlib import Path


class WorkerDied(RuntimeError):
    """A worker process ended while it ran a task. The task is lost, the worker is replaced, other tasks go on.

    Attributes:
        exit_code: Exit status of the process; ``-n`` for signal ``n``; None where it cannot be known.
        memory_kill: Whether the system's out-of-memory killer struck while the task ran.
    """

    def __init__(self, exit_code: int | None, memory_kill: bool = False) -> None:
        super().__init__(_describe(exit_code, memory_kill))
        self.exit_code = exit_code
        self.memory_kill = memory_kill

    def __reduce__(self) -> tuple[type[WorkerDied], tuple[int | None, bool]]:
        return type(self), (self.exit_code, self.memory_kill)


def memory_kills(counters: Path = Path("/proc/vmstat")) -> int:
    """How many processes the system has killed for lack of memory since it started; 0 where it does not say.

    Args:
        counters: Linux's file of counters, ``name value`` a line.
    """
    try:
        for line in counters.read_text().splitlines():
            name, _, value = line.partition(" ")
            if name == "oom_kill":
                return int(value)
    except (OSError, ValueError):
        pass
    return 0


def _describe(exit_code: int | None, memory_kill: bool) -> str:
    if exit_code is None:
        return "the worker process ended without a result"
    if exit_code >= 0:
        return f"the worker process exited with status {exit_code} before it brought a result"
    number = -exit_code
    name = signal.Signals(number).name if number in set(signal.Signals) else "signal"
    message = f"the worker process was killed by {name} ({number})"
    if memory_kill:
        return f"{message}: the system ran out of memory; use smaller batches or fewer workers"
    if name == "SIGKILL":
        return f"{message}, perhaps by the system for lack of memory"
    return message
