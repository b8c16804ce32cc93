"""What makes two runs the same run."""

import importlib
from pathlib import Path

import pytest

from evonas.benchmarks.cached_runs import CachedRuns, code_digest


def test_code_of_the_users_own_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    file = tmp_path / "own_component_of_a_test.py"
    file.write_text("class Own:\n    depth = 3\n")
    own = importlib.import_module("own_component_of_a_test").Own
    before = code_digest([own])
    assert before == code_digest([own]) != code_digest([])
    file.write_text("class Own:\n    depth = 4\n")
    assert code_digest([own]) != before


def test_an_outcome_is_kept_before_the_next_run_begins(tmp_path: Path) -> None:
    """Ctrl-C in the third run loses no more than the third."""

    def square(number: int) -> dict[str, float]:
        if number == 3:
            raise KeyboardInterrupt
        return {"square": number**2}

    runs = [{"number": number} for number in (1, 2, 3, 4)]
    with pytest.raises(KeyboardInterrupt):
        CachedRuns(square, {}, tmp_path).outcomes(runs)
    assert len(list(tmp_path.iterdir())) == 2
    again = CachedRuns(lambda number: {"square": -number}, {}, tmp_path).outcomes(runs)
    assert [outcome["square"] for outcome in again] == [1, 4, -3, -4]


def test_another_context_shares_nothing(tmp_path: Path) -> None:
    assert CachedRuns(lambda: {"value": 1}, {"table": "a"}, tmp_path).outcomes([{}]) == [{"value": 1}]
    assert CachedRuns(lambda: {"value": 2}, {"table": "b"}, tmp_path).outcomes([{}]) == [{"value": 2}]
    assert CachedRuns(lambda: {"value": 3}, {"table": "a"}, tmp_path).outcomes([{}]) == [{"value": 1}]
