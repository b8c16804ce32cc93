"""Exceptions as failures of a trial."""

from __future__ import annotations

from concurrent.futures import BrokenExecutor, CancelledError

from evonas.core.failure import Failure, is_out_of_memory, told
from evonas.executors.worker_died import WorkerDied


def failure_of(error: BaseException) -> Failure:
    """Says what an exception, brought home by a future, means for its trial.

    Args:
        error: What ``future.exception()`` gave.

    Returns:
        The failure: ``timeout``, ``crash``, ``out_of_memory``, or ``invalid`` for everything else that was raised.

    Raises:
        BrokenExecutor, CancelledError, KeyboardInterrupt: ``error`` itself, because it says nothing of the trial, which
            was never evaluated and stays pending.
    """
    if isinstance(error, BrokenExecutor | CancelledError | KeyboardInterrupt):
        raise error
    if isinstance(error, TimeoutError):
        return Failure("timeout", str(error) or "TimeoutError")
    if isinstance(error, WorkerDied):
        return Failure("out_of_memory" if error.memory_kill else "crash", str(error))
    return Failure("out_of_memory" if is_out_of_memory(error) else "invalid", told(error))
