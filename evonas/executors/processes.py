"""Evaluations in worker processes that can be killed and replaced."""

from __future__ import annotations

import contextlib
import queue
import signal
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future
from pickle import PicklingError
from typing import Any, Literal, NamedTuple, ParamSpec, TypeVar

from evonas.executors.packs import check_pack
from evonas.executors.visible_devices import visible_devices
from evonas.executors.worker import Payload, Worker

P = ParamSpec("P")
T = TypeVar("T")

_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
_IDLE_LOOK_SECONDS = 0.5

WORKERS = 2
"""Where neither their number nor devices are given."""


class _Task(NamedTuple):
    future: Future[Any]
    payload: Payload
    work: int


class Processes(Executor):
    """Runs tasks in spawned worker processes. A worker that dies or hangs costs one task and is replaced.

    Tasks are sent by cloudpickle, so that lambdas, closures and functions of a notebook or script work, and a script
    needs no ``if __name__ == "__main__"``. The function (with the object that it is bound to, as an evaluator with its
    data) is sent to a worker once and kept there by digest; arguments are sent every time. Workers leave Ctrl-C to
    this process, and end at once where this process dies.

    A future brings home the task's result or what the task raised; ``TimeoutError`` where it took longer than
    ``timeout_seconds``; ``WorkerDied`` where its process ended; ``pickle.PicklingError`` where the task or its result
    cannot be sent; ``BrokenExecutor`` where it was never run to an end through no fault of its own: no worker can be
    started, or ``kill`` was called.

    A process per worker and a pipe per process: a worker that is killed holds nothing that another waits for.
    (loky's and the standard library's pools end as a whole when a worker dies. pebble's does when an idle worker dies
    or a result cannot be unpickled, and waits for ever for a task that ends its process with status 0.)

    Args:
        workers: Number of processes, at least 1; 2 by default, or one for each of ``devices``.
        timeout_seconds: Wall time that one task may take, once its worker has started; positive, or None for any.
        threads_per_worker: Threads of torch, OpenMP and BLAS in each worker.
        devices: One worker for each: ``"cuda:0"``, ``"cuda:1"``, …, or ``"cpu"``. A worker sees its own GPU alone, as
            ``"cuda:0"``, so that whatever takes a device by itself takes that.
        pack: Candidates that a worker is given to train as one program: at most so many, 1 for one at a time, or
            ``auto`` for all that wait. How many of them train at a time is decided by the memory that a step of theirs
            takes, measured. It is for GPUs, which small networks leave idle; a processor is the slower for it.

    Raises:
        ValueError: A number is out of range, or a device does not exist or is named twice.
    """

    def __init__(
        self,
        workers: int | None = None,
        timeout_seconds: float | None = None,
        threads_per_worker: int = 1,
        devices: Sequence[str] | None = None,
        pack: int | Literal["auto"] = 1,
    ) -> None:
        check_pack("processes", pack)
        own = [] if devices is None else visible_devices(devices)
        if workers is None:
            workers = len(own) or WORKERS
        elif own and workers != len(own):
            raise ValueError(
                f"executor 'processes': workers must be one for each device, {len(own)}. Got {workers}. Leave it out"
            )
        for name, number in (("workers", workers), ("threads_per_worker", threads_per_worker)):
            if number < 1:
                raise ValueError(f"executor 'processes': {name} must be at least 1. Got {number}")
        if timeout_seconds is not None and not timeout_seconds > 0:
            raise ValueError(
                f"executor 'processes': timeout_seconds must be positive. Got {timeout_seconds}. "
                "Leave it out for no limit"
            )
        self._guard = threading.Lock()
        self._is_shut_down = False
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        threads = dict.fromkeys(_THREAD_VARIABLES, str(threads_per_worker))
        self._workers = [Worker({**threads, **environment}) for environment in own or [{}] * workers]
        # Threads know the executor only weakly: where it is dropped without a shutdown, they finish its tasks and end.
        self._threads = [
            threading.Thread(
                target=_serve_worker,
                args=(worker, self._tasks, timeout_seconds, weakref.ref(self)),
                name=f"evonas-worker-{index}",
            )
            for index, worker in enumerate(self._workers)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Pickles a task and queues it.

        Raises:
            RuntimeError: The executor was shut down or killed.
        """
        return self._queued(1, fn, args, kwargs)

    def submit_together(self, count: int, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """As ``submit``, for a task that does the work of ``count``, and may take so many times ``timeout_seconds``."""
        return self._queued(count, fn, args, kwargs)

    def _queued(self, count: int, fn: Callable[..., T], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Future[T]:
        future: Future[T] = Future()
        try:
            task = _Task(future, Payload.of(fn, args, kwargs), count)
        except PicklingError as error:
            future.set_exception(error)
            return future
        with self._guard:
            if self._is_shut_down:
                raise RuntimeError("cannot schedule new futures after shutdown")
            self._tasks.put(task)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Accepts no more tasks. Running tasks come home; queued ones too, unless they are cancelled.

        Args:
            wait: Whether to return only when every task has come home and every process has ended.
            cancel_futures: Whether to cancel the tasks that no worker has begun.
        """
        with self._guard:
            if cancel_futures:
                self._cancel_queued()
            if not self._is_shut_down:
                self._is_shut_down = True
                for _ in self._threads:
                    self._tasks.put(None)
        if wait:
            for thread in self._threads:
                thread.join()

    def kill(self) -> None:
        """Kills every worker at once. Queued tasks are cancelled, running ones end with ``BrokenExecutor``."""
        self.shutdown(wait=False, cancel_futures=True)
        for worker in self._workers:
            worker.kill()
        self.shutdown(wait=True)

    def _cancel_queued(self) -> None:
        ends = 0
        with contextlib.suppress(queue.Empty):
            while True:
                task = self._tasks.get_nowait()
                if task is None:
                    ends += 1
                else:
                    task.future.cancel()
                    task.future.set_running_or_notify_cancel()
        for _ in range(ends):
            self._tasks.put(None)


def _serve_worker(
    worker: Worker,
    tasks: queue.SimpleQueue[_Task | None],
    timeout_seconds: float | None,
    executor: weakref.ref[Processes],
) -> None:
    with contextlib.suppress(AttributeError):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    with contextlib.suppress(BrokenExecutor):  # the first task will tell
        worker.start()
    while True:
        try:
            task = tasks.get(timeout=_IDLE_LOOK_SECONDS)
        except queue.Empty:
            if executor() is None or not threading.main_thread().is_alive():
                break
            continue
        if task is None:
            break
        if task.future.set_running_or_notify_cancel():
            _run(worker, task, timeout_seconds)
        del task
    worker.end()


def _run(worker: Worker, task: _Task, timeout_seconds: float | None) -> None:
    try:
        result = worker.run(task.payload, None if timeout_seconds is None else task.work * timeout_seconds)
    except BaseException as error:
        task.future.set_exception(error)
    else:
        task.future.set_result(result)
