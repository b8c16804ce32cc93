"""Campaigns that are killed or interrupted from outside, with real workers."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import psutil
import pytest
from commands import evonas, sequence, start, trials, write

ALONE = {"name": "processes", "workers": 1}
PACKED = {**ALONE, "pack": "auto"}


@pytest.fixture(scope="module", params=[ALONE, PACKED], ids=["alone", "packed"])
def whole(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, object], list[tuple[str, dict[str, float]]], float]:
    """An executor, the uninterrupted run's sequence, and its seconds."""
    folder = tmp_path_factory.mktemp("whole")
    write(folder, executor=request.param)
    started = time.monotonic()
    evonas("run", "fast.yaml", cwd=folder)
    return request.param, sequence(folder / "results/fast", folder), time.monotonic() - started


@pytest.mark.slow
@pytest.mark.parametrize("number", range(2))
def test_a_campaign_killed_at_a_random_instant_goes_on_bit_for_bit(
    whole: tuple[dict[str, object], list[tuple[str, dict[str, float]]], float], number: int, tmp_path: Path
) -> None:
    executor, expected, seconds = whole
    write(tmp_path, executor=executor)
    process = start("run", "fast.yaml", cwd=tmp_path)
    # Between the first third, when the journal exists, and the end.
    time.sleep(seconds * random.Random(number).uniform(0.35, 0.9))
    process.kill()
    process.communicate()
    evonas("run", "fast.yaml", cwd=tmp_path)
    assert sequence(tmp_path / "results/fast", tmp_path) == expected


def wait_for(process: object, text: str) -> str:
    seen = ""
    while text not in seen:
        line = process.stdout.readline()  # type: ignore[attr-defined]
        assert line, f"ended before {text!r}: {seen}"
        seen += line
    return seen


def test_ctrl_c_finishes_what_runs_records_it_and_says_how_to_go_on(tmp_path: Path) -> None:
    write(tmp_path, executor={"name": "processes", "workers": 2})
    process = start("run", "fast.yaml", "--budget", 14, cwd=tmp_path)
    wait_for(process, "[2/14]")
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "")
    assert "stopping: running evaluations are finished and recorded; Ctrl-C again to kill" in output
    assert "to go on: evonas run fast.yaml --budget 14\n" in output
    recorded = [trial for trial in trials(tmp_path / "results/fast", tmp_path) if not trial["pending"]]
    assert 2 <= len(recorded) < 14
    assert (tmp_path / "results/fast/report.html").exists()
    assert "goes on with" in evonas("run", "fast.yaml", cwd=tmp_path)
    every = trials(tmp_path / "results/fast", tmp_path)
    assert [trial["number"] for trial in every if not trial["pending"]] == list(range(14))
    by_number = {trial["number"]: trial for trial in every}
    assert [by_number[trial["number"]] for trial in recorded] == recorded, "what was recorded stays as it was"


def test_a_second_ctrl_c_kills_at_once_and_loses_nothing_recorded(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text("import time\n\ndef slow(training):\n    time.sleep(60)\n    return 1.0\n")
    write(tmp_path, objectives=["macs", {"name": "slow.slow"}])
    process = start("run", "fast.yaml", cwd=tmp_path)
    wait_for(process, "round 0")
    time.sleep(3)
    workers = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    wait_for(process, "Ctrl-C again to kill")
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert time.monotonic() - began < 20
    assert process.returncode == 130
    assert "killed; what had come home is recorded" in errors
    _, alive = psutil.wait_procs(workers, timeout=5)
    assert not [child for child in alive if child.status() != psutil.STATUS_ZOMBIE]
    assert [trial["pending"] for trial in trials(tmp_path / "results/fast", tmp_path)] == [True] * 8
