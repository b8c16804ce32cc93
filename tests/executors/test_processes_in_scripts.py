"""What users do: plain scripts, Ctrl-C, and a main process that is killed."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest


def written(folder: Path, text: str) -> list[str]:
    script = folder / "script.py"
    script.write_text(textwrap.dedent(text))
    return [sys.executable, "-X", "dev", str(script)]


def test_a_script_needs_no_guard_and_leaves_no_noise(tmp_path: Path):
    command = written(
        tmp_path,
        """
        import os
        from evonas.executors.processes import Processes

        print("imported")

        class Square:
            def __init__(self, scale):
                self.scale = scale

            def of(self, x):
                return self.scale * x * x

        offset = 1
        with Processes(workers=2, timeout_seconds=20) as executor:
            print(sum(executor.map(Square(2).of, range(4))), executor.submit(lambda x: x + offset, 1).result())
            assert executor.submit(os._exit, 1).exception() is not None
            assert executor.submit(os.getpid).result() != os.getpid()
        """,
    )
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout == "imported\n28 2\n"


def test_a_script_that_forgets_to_shut_down_ends(tmp_path: Path):
    command = written(
        tmp_path,
        """
        from evonas.executors.processes import Processes

        executor = Processes(workers=2)
        future = executor.submit(lambda: 1)
        future.add_done_callback(lambda done: print(done.result()))
        """,
    )
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "1\n", "")


def test_workers_end_where_the_main_process_is_killed(tmp_path: Path):
    command = written(
        tmp_path,
        """
        import os, subprocess, time
        from evonas.executors.processes import Processes

        def hangs():
            child = subprocess.Popen(["sleep", "60"])
            print(os.getpid(), child.pid, flush=True)
            time.sleep(60)

        executor = Processes(workers=2)
        executor.submit(hangs)
        executor.submit(hangs)
        time.sleep(60)
        """,
    )
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as main:
        assert main.stdout is not None
        assert main.stderr is not None
        pids = [int(pid) for _ in range(2) for pid in main.stdout.readline().split()]
        family = [process.pid for process in psutil.Process(main.pid).children(recursive=True)]
        assert set(pids) <= set(family)
        main.kill()
        start = time.monotonic()
        # Their pipes close only when the last of the family has ended.
        assert main.stderr.read() == ""
        assert time.monotonic() - start < 5
    gone, alive = psutil.wait_procs([psutil.Process(pid) for pid in family if psutil.pid_exists(pid)], timeout=5)
    assert not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE], gone


def test_the_first_ctrl_c_lets_running_tasks_come_home(tmp_path: Path):
    command = written(
        tmp_path,
        """
        import time
        from concurrent.futures import wait
        from evonas.executors.processes import Processes

        def task(number):
            print("running", flush=True)
            time.sleep(1.0)
            return number

        executor = Processes(workers=2)
        futures = [executor.submit(task, number) for number in range(10)]
        try:
            wait(futures)
        except KeyboardInterrupt:
            executor.shutdown(wait=True, cancel_futures=True)
        print([future.result() for future in futures if not future.cancelled()])
        """,
    )
    with interruptible(command, tmp_path) as main:
        assert main.stdout is not None
        assert [main.stdout.readline() for _ in range(2)] == ["running\n"] * 2
        os.killpg(main.pid, signal.SIGINT)
        output, errors = main.communicate(timeout=30)
    assert (output, errors, main.returncode) == ("[0, 1]\n", "", 0)


def test_the_second_ctrl_c_kills(tmp_path: Path):
    command = written(
        tmp_path,
        """
        import time
        from evonas.executors.processes import Processes

        executor = Processes(workers=2)
        futures = [executor.submit(lambda: print("running", flush=True) or time.sleep(60)) for _ in range(5)]
        try:
            time.sleep(60)
        except KeyboardInterrupt:
            print("once", flush=True)
            try:
                executor.shutdown(wait=True, cancel_futures=True)
            except KeyboardInterrupt:
                executor.kill()
                print("twice", flush=True)
        """,
    )
    with interruptible(command, tmp_path) as main:
        assert main.stdout is not None
        assert [main.stdout.readline() for _ in range(2)] == ["running\n"] * 2
        os.killpg(main.pid, signal.SIGINT)
        assert main.stdout.readline() == "once\n"
        time.sleep(0.2)
        os.killpg(main.pid, signal.SIGINT)
        output, errors = main.communicate(timeout=10)
    assert (output, errors, main.returncode) == ("twice\n", "", 0)


def test_ctrl_c_while_workers_start_reaches_only_the_main_process(tmp_path: Path):
    command = written(
        tmp_path,
        """
        import os, signal
        from evonas.executors.processes import Processes

        signal.signal(signal.SIGINT, lambda number, frame: None)
        print("ready", flush=True)
        for _ in range(2):
            with Processes(workers=2) as executor:
                executor.submit(os._exit, 1).exception()
                print(executor.submit(abs, -1).result(), flush=True)
        """,
    )
    with interruptible(command, tmp_path) as main:
        assert main.stdout is not None
        assert main.stdout.readline() == "ready\n"
        while main.poll() is None:
            os.killpg(main.pid, signal.SIGINT)
            time.sleep(0.01)
        output, errors = main.communicate(timeout=30)
    assert (output, errors) == ("1\n1\n", "")


def interruptible(command: list[str], folder: Path) -> "subprocess.Popen[str]":
    """A process group of its own that hears Ctrl-C, as a terminal gives it to a command.

    A suite that runs in the background of a script inherits "ignore" for Ctrl-C, and would hand it down.
    """
    if sys.platform == "win32":
        pytest.skip("process groups are a POSIX thing")
    heard = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder, start_new_session=True
        )
    finally:
        signal.signal(signal.SIGINT, heard)
