"""Exceptions as failures of a trial."""

from __future__ import annotations

from concurrent.futures import BrokenExecutor, CancelledError

from evonas.core.failure import Failure
from evonas.executors.worker_died import WorkerDied

_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory", "alloc_failed")


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
    name = type(error).__name__
    message = f"{name}: {error}" if str(error) else name
    return Failure("out_of_memory" if _is_out_of_memory(error) else "invalid", message)


def _is_out_of_memory(error: BaseException) -> bool:
    # torch's class is known by its name, so that torch need not be imported; on the CPU it raises a RuntimeError.
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(phrase in text for phrase in _OUT_OF_MEMORY)
