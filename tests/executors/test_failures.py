import pickle
import signal
from concurrent.futures import BrokenExecutor, CancelledError
from pathlib import Path

import pytest
import torch

from evonas.core.failure import Failure
from evonas.executors import WorkerDied, failure_of
from evonas.executors.worker_died import memory_kills


class OutOfMemoryError(RuntimeError):
    """As torch's, which is raised only on a GPU."""


def cpu_allocation() -> BaseException:
    with pytest.raises(RuntimeError, match="allocate") as caught:
        torch.empty(2**50)
    return caught.value


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (TimeoutError("exceeded timeout_seconds=5"), "timeout", "exceeded timeout_seconds=5"),
        (WorkerDied(-signal.SIGSEGV), "crash", "the worker process was killed by SIGSEGV (11)"),
        (WorkerDied(-signal.SIGKILL), "crash", "perhaps by the system for lack of memory"),
        (WorkerDied(-signal.SIGKILL, memory_kill=True), "out_of_memory", "the system ran out of memory; use smaller"),
        (WorkerDied(3), "crash", "exited with status 3 before it brought a result"),
        (WorkerDied(None), "crash", "ended without a result"),
        (MemoryError(), "out_of_memory", "MemoryError"),
        (OutOfMemoryError("CUDA: tried to allocate 2 GiB"), "out_of_memory", "OutOfMemoryError: CUDA"),
        (RuntimeError("CUDA error: out of memory"), "out_of_memory", "RuntimeError: CUDA error"),
        (RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"), "out_of_memory", "CUDNN"),
        (ValueError("a paper on being out of memory"), "invalid", "ValueError: a paper"),
        (pickle.PicklingError("cannot pickle a lock"), "invalid", "PicklingError: cannot pickle a lock"),
        (SystemExit(3), "invalid", "SystemExit: 3"),
        (ZeroDivisionError("division by zero"), "invalid", "ZeroDivisionError: division by zero"),
    ],
)
def test_every_exception_has_a_kind(error: BaseException, kind: str, text: str):
    failure = failure_of(error)
    assert isinstance(failure, Failure)
    assert failure.kind == kind
    assert text in failure.message


def test_torch_out_of_memory_on_the_cpu():
    assert failure_of(cpu_allocation()).kind == "out_of_memory"


@pytest.mark.parametrize("error", [BrokenExecutor("no worker starts"), CancelledError("cancelled")])
def test_what_says_nothing_of_the_trial_is_raised(error: BaseException):
    with pytest.raises(type(error), match=str(error)):
        failure_of(error)


def test_a_dead_worker_can_be_pickled():
    copy = pickle.loads(pickle.dumps(WorkerDied(-9, memory_kill=True)))
    assert (copy.exit_code, copy.memory_kill, str(copy)) == (-9, True, str(WorkerDied(-9, memory_kill=True)))


def test_the_systems_memory_kills_are_counted(tmp_path: Path):
    counters = tmp_path / "vmstat"
    counters.write_text("nr_free_pages 100\noom_kill 7\nswap_ra 0\n")
    assert memory_kills(counters) == 7
    assert memory_kills(tmp_path / "missing") == 0
