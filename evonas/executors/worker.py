"""One worker process, as the main process sees it."""

from __future__ import annotations

import contextlib
import hashlib
import multiprocessing.resource_tracker
import multiprocessing.util
import pickle
import signal
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

import cloudpickle
from loky.backend import resource_tracker
from loky.backend.context import get_context
from loky.backend.utils import kill_process_tree

from evonas.executors.worker_died import WorkerDied, memory_kills
from evonas.executors.worker_loop import RecentlyUsed, RemoteTraceback, serve

START_SECONDS = 120.0
"""How long a process may take to start, and how long a task may take to be unpickled beside its own time limit."""
START_ATTEMPTS = 3
LOOK_SECONDS = 1.0
"""How often a silent process is looked at, should the end of its connection not be seen."""
END_SECONDS = 5.0

_one_start_at_a_time = threading.Lock()
_workers: weakref.WeakSet[Worker] = weakref.WeakSet()


@dataclass(frozen=True, slots=True)
class Payload:
    """A task as bytes.

    Attributes:
        digest: SHA-256 of the pickled function; workers keep functions by it.
        function: The pickled function, with the object it is bound to.
        arguments: The pickled ``(args, kwargs)``.
    """

    digest: str
    function: bytes
    arguments: bytes

    @classmethod
    def of(cls, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Payload:
        """Pickles a task, functions of the user's script, lambdas and closures included.

        Raises:
            pickle.PicklingError: Something in it cannot be sent to another process; the message says what.
        """
        try:
            pickled = cloudpickle.dumps(function)
            return cls(hashlib.sha256(pickled).hexdigest(), pickled, cloudpickle.dumps((args, dict(kwargs))))
        except Exception as error:
            raise pickle.PicklingError(
                f"a task must be picklable to be sent to a worker process: {error}. Keep open files, locks, generators "
                "and connections out of it (open them inside), or use executor 'serial'"
            ) from error


class Worker:
    """A place for one process that runs one task at a time; a process that dies or hangs is replaced.

    ``run`` is called from one thread; ``kill`` may be called from any.

    Args:
        environment: Variables set in the process before anything is imported there.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self._guard = threading.RLock()
        self._is_killed = False
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None
        self._kept = RecentlyUsed()
        _workers.add(self)

    def start(self) -> Connection:
        """Starts a process where none runs, and gives the connection to it.

        Raises:
            BrokenExecutor: No process can be started, or the worker was killed.
        """
        if self._process is not None and self._connection is not None and self._process.is_alive():
            return self._connection
        reason = ""
        for _ in range(START_ATTEMPTS):
            self._discard()
            try:
                connection = self._spawn()
                self._receive(connection, START_SECONDS)
                return connection
            except (OSError, WorkerDied) as error:  # OSError includes the TimeoutError of _receive
                reason = f"{type(error).__name__}: {error}"
        raise BrokenExecutor(
            f"a worker process must start; {START_ATTEMPTS} attempts failed, the last with {reason}. No task was lost. "
            "Look at the processes and memory of this machine, or use executor 'serial'"
        )

    def run(self, payload: Payload, timeout_seconds: float | None) -> Any:
        """Runs one task in the process and returns what it returns.

        Args:
            payload: The task.
            timeout_seconds: Wall time from the moment that the task is unpickled; None for any.

        Raises:
            TimeoutError: The task took too long; its process was killed.
            WorkerDied: The process ended.
            BrokenExecutor: No process can be started, or ``kill`` was called.
            BaseException: What the task raised, with the traceback inside the worker as its cause.
        """
        kills = memory_kills()
        begin_seconds = None if timeout_seconds is None else START_SECONDS + timeout_seconds
        try:
            try:
                connection, answer = self._begin(payload, begin_seconds)
            except WorkerDied:  # killed while it was idle, most likely, and found out only now: the task had not begun
                self._discard()
                connection, answer = self._begin(payload, begin_seconds)
            if answer[0] == "started":
                self._kept.use(payload.digest, None)
                answer = self._receive(connection, timeout_seconds)
        except TimeoutError:
            self._discard()
            raise TimeoutError(
                f"exceeded timeout_seconds={timeout_seconds:g}; its worker was stopped and replaced"
            ) from None
        except WorkerDied as error:
            self._discard()
            raise WorkerDied(error.exit_code, memory_kills() > kills) from None
        return _opened(answer)

    def end(self) -> None:
        """Lets the process end by itself, and kills it where it does not in ``END_SECONDS``."""
        with self._guard:
            process, connection = self._process, self._connection
        if process is not None and connection is not None:
            with contextlib.suppress(OSError):
                connection.send_bytes(b"")
            process.join(END_SECONDS)
        self._discard()

    def kill(self) -> None:
        """Kills the process and its children at once; what it runs is lost, and no other is started."""
        with self._guard:
            self._is_killed = True
            if self._process is not None:
                kill_process_tree(self._process)

    def _begin(self, payload: Payload, limit_seconds: float | None) -> tuple[Connection, tuple[Any, ...]]:
        connection = self.start()
        function = None if payload.digest in self._kept else payload.function
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # _receive finds out why
            connection.send_bytes(pickle.dumps((payload.digest, function, payload.arguments)))
        return connection, self._receive(connection, limit_seconds)

    def _spawn(self) -> Connection:
        context = get_context("loky")
        ours, theirs = context.Pipe(duplex=True)
        process = context.Process(target=serve, args=(theirs,), name="evonas-worker", env=self._environment)
        with self._guard, _one_start_at_a_time, theirs:
            if self._is_killed:
                ours.close()
                raise BrokenExecutor("the executor was killed; its tasks were not finished and are as if never begun")
            # These change the signal mask, so they come first. The mask is inherited: Ctrl-C, which a terminal sends to
            # every process, must not reach a worker that cannot ignore it yet.
            resource_tracker.ensure_running()
            multiprocessing.resource_tracker.ensure_running()
            with contextlib.suppress(AttributeError):
                signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            process.start()
            self._process, self._connection, self._kept = process, ours, RecentlyUsed()
        connection: Connection = ours
        return connection

    def _receive(self, connection: Connection, limit_seconds: float | None) -> tuple[Any, ...]:
        deadline = float("inf") if limit_seconds is None else time.monotonic() + limit_seconds
        try:
            while not connection.poll(max(0.0, min(LOOK_SECONDS, deadline - time.monotonic()))):
                if time.monotonic() >= deadline:
                    raise TimeoutError
                if self._process is not None and not self._process.is_alive() and not connection.poll(0):
                    raise EOFError
            answer: tuple[Any, ...] = pickle.loads(connection.recv_bytes())
            return answer
        except (EOFError, ConnectionResetError, BrokenPipeError):
            if self._is_killed:
                raise BrokenExecutor(
                    "the executor was killed; its tasks were not finished and are as if never begun"
                ) from None
            raise WorkerDied(self._exit_code()) from None

    def _exit_code(self) -> int | None:
        assert self._process is not None
        self._process.join(END_SECONDS)
        return self._process.exitcode

    def _discard(self) -> None:
        with self._guard:
            if self._process is not None:
                kill_process_tree(self._process)
            if self._connection is not None:
                self._connection.close()
            self._process = self._connection = None


def _opened(answer: tuple[Any, ...]) -> Any:
    value = cloudpickle.loads(answer[1])
    if answer[0] == "value":
        return value
    value.__cause__ = RemoteTraceback(f"\n{answer[2]}")
    raise value


def _kill_all() -> None:
    for worker in list(_workers):
        worker.kill()


# Last resort at the interpreter's exit, before multiprocessing waits for its children: a worker that hangs must not
# keep the interpreter from ending.
multiprocessing.util.Finalize(None, _kill_all, exitpriority=10)
