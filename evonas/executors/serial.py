"""One evaluation after another, in this process."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Literal, ParamSpec, TypeVar

from evonas.executors.packs import check_pack

P = ParamSpec("P")
T = TypeVar("T")


class Serial(Executor):
    """Runs each task inside ``submit``, in this process; its future is done when ``submit`` returns.

    Ctrl-C passes through ``submit``. What would kill the process kills the campaign (the journal keeps what came home);
    a hung task hangs it.

    Args:
        workers: Must be 1.
        timeout_seconds: Must be None: a task in the same process cannot be stopped.
        pack: Candidates that train as one program: at most so many, or ``auto``; see ``Processes``.

    Raises:
        ValueError: Another number of workers, or a time limit.
    """

    def __init__(self, workers: int = 1, timeout_seconds: float | None = None, pack: int | Literal["auto"] = 1) -> None:
        check_pack("serial", pack)
        if workers != 1:
            raise ValueError(f"executor 'serial' has one worker. Got workers={workers}. Use executor 'processes'")
        if timeout_seconds is not None:
            raise ValueError(
                "executor 'serial' cannot stop a task that takes too long, as it runs in this process. "
                f"Got timeout_seconds={timeout_seconds}. Leave it out, or use executor 'processes'"
            )
        self._is_shut_down = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Runs the task and returns its future, which is done.

        Raises:
            RuntimeError: The executor was shut down.
            KeyboardInterrupt: The user pressed Ctrl-C.
        """
        if self._is_shut_down:
            raise RuntimeError("cannot schedule new futures after shutdown")
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()
        try:
            result = fn(*args, **kwargs)
        except (Exception, SystemExit) as error:
            future.set_exception(error)
        else:
            future.set_result(result)
        try:
            return future
        finally:
            del future  # the error's traceback holds this frame: the models in it are freed with the future, at once

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._is_shut_down = True
