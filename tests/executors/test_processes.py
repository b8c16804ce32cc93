import contextlib
import gc
import os
import signal
import statistics
import threading
import time
from concurrent.futures import BrokenExecutor, CancelledError
from pathlib import Path
from pickle import PicklingError

import psutil
import pytest

from evonas.executors import WorkerDied, failure_of, worker
from evonas.executors.processes import Processes
from evonas.executors.worker_loop import KEPT_FUNCTIONS


def nap(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def killed(number: int) -> None:
    os.kill(os.getpid(), number)


def dies_at_once(connection: object) -> None:
    os._exit(7)


def workers_alive() -> list[psutil.Process]:
    def is_worker(process: psutil.Process) -> bool:
        with contextlib.suppress(psutil.Error):
            return process.status() == psutil.STATUS_ZOMBIE or "evonas-worker" in process.cmdline()
        return False

    return [process for process in psutil.Process().children(recursive=True) if is_worker(process)]


def ends_within(seconds: float, pid: int) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(psutil.NoSuchProcess):
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.02)
                continue
        return True
    return False


class Heavy:
    """Counts in its process how often it is unpickled."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __setstate__(self, state: dict[str, str]) -> None:
        self.__dict__.update(state)
        os.environ["LOADS"] = str(int(os.environ.get("LOADS", "0")) + 1)

    def loads(self) -> tuple[int, int]:
        return os.getpid(), int(os.environ["LOADS"])


@pytest.mark.parametrize(("number", "name"), [(signal.SIGKILL, "SIGKILL"), (signal.SIGSEGV, "SIGSEGV")])
def test_a_killed_worker_costs_one_task(number: int, name: str):
    with Processes(workers=2) as executor:
        before = [executor.submit(nap, 0.05) for _ in range(4)]
        lost = executor.submit(killed, number)
        after = [executor.submit(nap, 0.05) for _ in range(4)]
        with pytest.raises(WorkerDied, match=rf"killed by {name} \({int(number)}\)") as caught:
            lost.result(timeout=20)
        assert caught.value.exit_code == -number
        assert failure_of(caught.value).kind == "crash"
        assert all(future.result(timeout=20) > 0 for future in before + after)


@pytest.mark.parametrize("status", [0, 3])
def test_a_worker_that_exits_costs_one_task(status: int):
    with Processes(workers=1) as executor:
        with pytest.raises(WorkerDied, match=f"exited with status {status} before it brought a result"):
            executor.submit(os._exit, status).result(timeout=20)
        assert executor.submit(abs, -1).result(timeout=20) == 1


def test_a_task_that_always_kills_never_stops_the_others():
    with Processes(workers=2) as executor:
        lost = [executor.submit(killed, signal.SIGKILL) for _ in range(5)]
        kept = [executor.submit(abs, -number) for number in range(8)]
        assert all(isinstance(future.exception(timeout=30), WorkerDied) for future in lost)
        assert [future.result(timeout=30) for future in kept] == list(range(8))


@pytest.mark.parametrize("seconds", [0.0, 0.5])
def test_an_idle_worker_that_is_killed_costs_nothing(seconds: float):
    with Processes(workers=1) as executor:
        pid = executor.submit(os.getpid).result(timeout=20)
        os.kill(pid, signal.SIGKILL)
        time.sleep(seconds)
        assert executor.submit(os.getpid).result(timeout=20) != pid


def test_a_hung_task_is_stopped_and_others_keep_their_work():
    def hangs() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(60)

    with Processes(workers=2, timeout_seconds=1.0) as executor:
        hung = executor.submit(hangs)
        while not hung.running():
            time.sleep(0.01)
        start = time.monotonic()
        other = psutil.Process(executor.submit(os.getpid).result(timeout=20))
        kept = [executor.submit(nap, 0.2) for _ in range(8)]
        with pytest.raises(TimeoutError, match=r"exceeded timeout_seconds=1; its worker was stopped and replaced"):
            hung.result(timeout=20)
        assert time.monotonic() - start < 10
        assert all(future.result(timeout=20) > 0 for future in kept)
        assert other.is_running()
        assert other.status() != psutil.STATUS_ZOMBIE


def test_what_a_hung_task_started_is_stopped_too(tmp_path: Path):
    note = tmp_path / "pid"

    def starts_another() -> None:
        import subprocess

        with subprocess.Popen(["sleep", "60"]) as child:
            note.write_text(str(child.pid))

    with Processes(workers=1, timeout_seconds=0.5) as executor:
        assert isinstance(executor.submit(starts_another).exception(timeout=20), TimeoutError)
    assert ends_within(5, int(note.read_text()))


def test_the_time_limit_does_not_count_the_start_of_a_worker():
    class Slow:
        def __setstate__(self, state: object) -> None:
            time.sleep(0.6)

        def __getstate__(self) -> dict[str, int]:
            return {"one": 1}

    slow = Slow()
    with Processes(workers=1, timeout_seconds=0.3) as executor:
        assert executor.submit(lambda: slow is not None).result(timeout=20)


def test_running_out_of_memory_is_an_exception():
    with Processes(workers=1) as executor:
        error = executor.submit(bytearray, 2**60).exception(timeout=20)
        assert error is not None
        assert failure_of(error).kind == "out_of_memory"
        assert executor.submit(abs, -1).result(timeout=20) == 1


def test_what_cannot_be_sent_is_refused_with_the_reason():
    with Processes(workers=1) as executor:
        with pytest.raises(PicklingError, match=r"must be picklable .*lock.* executor 'serial'"):
            executor.submit(id, threading.Lock()).result()
        with pytest.raises(PicklingError, match=r"a lock cannot be sent back from a worker process: .*lock"):
            executor.submit(threading.Lock).result(timeout=20)
        assert executor.submit(abs, -1).result(timeout=20) == 1


def test_the_remote_traceback_is_the_cause():
    def a_telling_name() -> None:
        raise ValueError("no")

    with Processes(workers=1) as executor:
        error = executor.submit(a_telling_name).exception(timeout=20)
    assert isinstance(error, ValueError)
    assert "a_telling_name" in str(error.__cause__)


def test_an_evaluator_is_unpickled_once_a_worker():
    heavy = Heavy("data" * 100_000)
    with Processes(workers=2) as executor:
        loads = {executor.submit(heavy.loads).result(timeout=20) for _ in range(20)}
        loads |= {future.result(timeout=20) for future in [executor.submit(heavy.loads) for _ in range(20)]}
    assert {count for _, count in loads} == {1}


def test_a_worker_keeps_few_functions():
    heavies = [Heavy(str(number)) for number in range(KEPT_FUNCTIONS + 1)]
    with Processes(workers=1) as executor:
        counts = [executor.submit(heavy.loads).result(timeout=20)[1] for heavy in [*heavies, heavies[-1], heavies[0]]]
    assert counts == [*range(1, len(heavies) + 1), len(heavies), len(heavies) + 1]


def test_one_torch_thread_a_worker():
    def threads() -> tuple[int, str]:
        import torch

        return torch.get_num_threads(), os.environ["OMP_NUM_THREADS"]

    with Processes(workers=1) as executor:
        assert executor.submit(threads).result(timeout=60) == (1, "1")
    with Processes(workers=1, threads_per_worker=2) as executor:
        assert executor.submit(os.getenv, "MKL_NUM_THREADS").result(timeout=20) == "2"


def test_kill_stops_everything_at_once():
    executor = Processes(workers=2)
    running = [executor.submit(nap, 60) for _ in range(2)]
    queued = [executor.submit(nap, 60) for _ in range(3)]
    while not all(future.running() for future in running):
        time.sleep(0.01)
    start = time.monotonic()
    executor.kill()
    assert time.monotonic() - start < 3
    for future in running:
        with pytest.raises(BrokenExecutor, match="the executor was killed"):
            failure_of(future.exception(timeout=1))
    for future in queued:
        with pytest.raises(CancelledError):
            future.result(timeout=1)
    assert not workers_alive()


def test_kill_right_after_the_start():
    executor = Processes(workers=2)
    future = executor.submit(nap, 60)
    executor.kill()
    assert future.cancelled() or isinstance(future.exception(timeout=1), BrokenExecutor)
    assert not workers_alive()


def test_nothing_is_left_behind():
    with Processes(workers=2) as executor:
        executor.submit(killed, signal.SIGKILL).exception(timeout=20)
        executor.submit(abs, -1).result(timeout=20)
        assert workers_alive()
    assert not workers_alive()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("evonas-worker")]


def test_a_dropped_executor_finishes_its_tasks_and_ends():
    future = Processes(workers=1).submit(nap, 0.1)
    gc.collect()
    assert future.result(timeout=20) > 0
    deadline = time.monotonic() + 10
    while workers_alive() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not workers_alive()


def test_workers_that_cannot_start_are_no_trials_fault(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(worker, "serve", dies_at_once)
    with Processes(workers=1) as executor:
        future = executor.submit(abs, -1)
        with pytest.raises(BrokenExecutor, match=r"must start; 3 attempts failed, .* exited with status 7"):
            failure_of(future.exception(timeout=30))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"workers": 0}, r"workers must be at least 1\. Got 0"),
        ({"threads_per_worker": 0}, r"threads_per_worker must be at least 1\. Got 0"),
        ({"timeout_seconds": 0.0}, r"timeout_seconds must be positive\. Got 0\.0"),
        ({"timeout_seconds": float("nan")}, r"timeout_seconds must be positive\. Got nan"),
    ],
)
def test_numbers_out_of_range(arguments: dict[str, float], message: str):
    with pytest.raises(ValueError, match=message):
        Processes(**arguments)  # type: ignore[arg-type]


def test_the_overhead_of_a_task_is_below_five_milliseconds():
    with Processes(workers=2) as executor:
        [future.result() for future in [executor.submit(nap, 0.05) for _ in range(4)]]
        overheads = []
        for _ in range(3):
            start = time.perf_counter()
            [future.result() for future in [executor.submit(nap, 0.01) for _ in range(50)]]
            overheads.append((time.perf_counter() - start) / 25 - 0.01)
    assert statistics.median(overheads) < 0.005


def test_a_task_with_the_work_of_several_may_take_as_much_longer() -> None:
    with Processes(workers=1, timeout_seconds=0.5) as executor:
        executor.submit(nap, 0.0).result()
        assert executor.submit_together(8, nap, 0.8).result() > 0
        with pytest.raises(TimeoutError, match=r"exceeded timeout_seconds=1; its worker was stopped and replaced"):
            executor.submit_together(2, nap, 30.0).result()


@pytest.mark.parametrize("pack", [0, -1, "all"])
def test_a_pack_is_a_number_or_auto(pack: object) -> None:
    with pytest.raises(ValueError, match=r"executor 'processes': pack must be at least 1, or 'auto'\. Got"):
        Processes(pack=pack)  # type: ignore[arg-type]
