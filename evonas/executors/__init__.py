"""Where evaluations run. An executor is a ``concurrent.futures.Executor``; its future brings a result or an exception.

- ``serial.py``: ``Serial``, one after another in this process; nothing to start, nothing that can be killed.
- ``processes.py``: ``Processes``, spawned worker processes that can be killed and replaced, one torch thread each.
- ``worker.py`` and ``worker_loop.py``: one worker process, seen from this process and from inside.
- ``packs.py``: ``check_pack``, how many candidates a worker is given to train together.
- ``worker_died.py``: the exception of a task whose worker died.
- ``failures.py``: ``failure_of``, an exception as a ``Failure`` of the trial.

    with Processes(workers=2, timeout_seconds=600) as executor:
        future = executor.submit(evaluator.evaluate, architecture, seed)
        error = future.exception()

Submit no more than a few tasks ahead: ``Serial`` runs a task inside ``submit``, so what it brought home should be
journalled before the next is submitted.
"""

from evonas.executors.failures import failure_of
from evonas.executors.worker_died import WorkerDied
from spaces.discovery import Room

EXECUTORS = Room("executor", "evonas.executors", "concurrent.futures.Executor")

__all__ = ["EXECUTORS", "WorkerDied", "failure_of"]
