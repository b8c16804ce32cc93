"""What runs inside a worker process.

The connection carries bytes. To the worker: ``pack(digest, function or None, arguments)``, or nothing to end. From it:
``pack("ready")`` once, then for each task ``pack("started")`` when its payload is unpickled, and its outcome,
``pack("value", value)`` or ``pack("error", error, traceback text)``.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import signal
import threading
import traceback
from collections import OrderedDict
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import cloudpickle
import psutil

KEPT_FUNCTIONS = 4
"""How many functions a worker keeps, so that an evaluator and its data are sent and unpickled once."""


class RecentlyUsed:
    """The functions that a worker keeps: the last ``KEPT_FUNCTIONS`` used, by digest.

    The process that sends tasks keeps the same book of digests, so that it knows what need not be sent again.
    """

    def __init__(self) -> None:
        self._functions: OrderedDict[str, Any] = OrderedDict()

    def __contains__(self, digest: str) -> bool:
        return digest in self._functions

    def __getitem__(self, digest: str) -> Any:
        return self._functions[digest]

    def use(self, digest: str, function: Any) -> None:
        """Keeps a function as the last used, and forgets what was not used for longest."""
        self._functions[digest] = function
        self._functions.move_to_end(digest)
        while len(self._functions) > KEPT_FUNCTIONS:
            self._functions.popitem(last=False)


class RemoteTraceback(Exception):
    """The traceback inside the worker, as the cause of the exception that a future brings home."""


def serve(connection: Connection) -> None:
    """Runs tasks until told to end; the target of a worker process.

    Ctrl-C is left to the main process. Where that dies, this process ends at once.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(AttributeError):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    tasks: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(connection, tasks), daemon=True, name="evonas-receive").start()
    functions = RecentlyUsed()
    connection.send_bytes(pickle.dumps(("ready",)))
    while message := tasks.get():
        outcome = _run(message, functions, lambda: connection.send_bytes(pickle.dumps(("started",))))
        del message
        connection.send_bytes(outcome)


def _receive(connection: Connection, tasks: queue.SimpleQueue[bytes]) -> None:
    # A thread that always reads sees the main process die even while a task runs.
    try:
        while True:
            tasks.put(connection.recv_bytes())
    except (OSError, EOFError):
        with contextlib.suppress(psutil.Error):
            for child in psutil.Process().children(recursive=True):
                child.kill()
        os._exit(1)


def _run(message: bytes, functions: RecentlyUsed, tell_started: Callable[[], None]) -> bytes:
    try:
        digest, payload, arguments = pickle.loads(message)
        function = functions[digest] if payload is None else cloudpickle.loads(payload)
        args, kwargs = cloudpickle.loads(arguments)
        functions.use(digest, function)
        tell_started()
        value = function(*args, **kwargs)
    except BaseException as error:
        return _failed(error)
    try:
        return pickle.dumps(("value", cloudpickle.dumps(value)))
    except Exception as error:
        refusal = pickle.PicklingError(
            f"a {type(value).__name__} cannot be sent back from a worker process: {error}; return plain numbers"
        )
        refusal.__cause__ = error
        return _failed(refusal)


def _failed(error: BaseException) -> bytes:
    text = "".join(traceback.format_exception(error))
    try:
        payload = cloudpickle.dumps(error)
        cloudpickle.loads(payload)
    except Exception:
        payload = cloudpickle.dumps(RuntimeError(f"{type(error).__name__}: {error}"))
    return pickle.dumps(("error", payload, text))
