"""Seconds by stage."""

import pytest

from evonas.core.timed import timed


def test_blocks_of_a_stage_add_up_also_where_one_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([1.0, 3.5, 10.0, 10.25, 20.0, 21.0])
    monkeypatch.setattr("time.perf_counter", lambda: next(clock))
    seconds: dict[str, float] = {}
    with timed(seconds, "vary"):
        pass
    with pytest.raises(KeyError, match="inside"), timed(seconds, "vary"):
        raise KeyError("inside")
    with timed(seconds, "predict"):
        pass
    assert seconds == {"vary": 2.75, "predict": 1.0}
