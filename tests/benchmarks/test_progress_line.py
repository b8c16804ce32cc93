"""What a long comparison says on its way."""

import pytest

from evonas.benchmarks import progress_line
from evonas.benchmarks.progress_line import ProgressLine, tracked


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(progress_line.time, "monotonic", lambda: now[0])
    return now


def test_a_pipe_hears_of_the_rest_after_two_seconds_and_each_half_minute(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    progress = ProgressLine(total=100, known=10)
    for seconds in (1.0, 1.9, 4.0, 10.0, 33.9, 34.0):
        clock[0] = 100.0 + seconds
        progress.advance()
    progress.finish()
    printed = capsys.readouterr()
    assert printed.out == ""
    # 3 of the 90 in 4 s leave 87 for 116 s; 6 in 34 s leave 84 for 476 s. What was known before took no time.
    assert printed.err == "13 of 100 runs, about 1 min 56 s left\n16 of 100 runs, about 7 min 56 s left\n"


def test_a_terminal_has_one_line_that_goes_in_the_end(
    clock: list[float], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress_line.sys.stderr, "isatty", lambda: True, raising=False)
    progress = ProgressLine(total=3)
    for _ in range(3):
        clock[0] += 3
        progress.advance()
    progress.finish()
    told = ["0 of 3 runs", "1 of 3 runs, about 6 s left", "2 of 3 runs, about 3 s left", ""]
    assert capsys.readouterr().err == "\r\x1b[K".join(told)


def test_short_work_is_silent(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    progress = ProgressLine(total=3)
    for _ in range(3):
        clock[0] += 0.5
        progress.advance()
    progress.finish()
    assert capsys.readouterr().err == ""


def test_items_are_told_as_they_are_done(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    seen = []
    for item in tracked(["a", "b", "c"]):
        clock[0] += 3
        seen.append(item)
    assert seen == ["a", "b", "c"]
    assert capsys.readouterr().err == "1 of 3 runs, about 6 s left\n"
