"""A running campaign, watched live and as plain lines."""

from __future__ import annotations

import io
from typing import Any

import pytest
from conftest import Campaign, Named
from rich.console import Console

from evonas.core.evaluation import Evaluation
from evonas.core.failure import Failure
from evonas.core.observer import Observer
from evonas.report.lines import Lines
from evonas.report.live import Live, front_table, spark
from evonas.report.statistics import retrained_front
from evonas.report.views import terminal_view
from evonas.report.watching import Watching, duration, figure


def campaign() -> Campaign:
    made = Campaign(Named("error", "training"), Named("macs"))
    for number in range(6):
        made.add({"error": 0.6 - number / 10, "macs": 1000.0 * (number + 1)}, counts={"drawn": 50, "chosen": 6})
    return made


def watch(view: Observer, made: Campaign) -> None:
    """One round of two: one trained and dominating, one failed."""
    view.started("by hand", made.archive, 8)
    before = len(made.archive)
    made.add({"error": 0.05, "macs": 500.0}, round_number=1, origin="screened", counts={"drawn": 2000, "chosen": 2})
    made.add({"macs": 2.0}, round_number=1, failure=Failure("timeout", "took too long"), counts={"drawn": 2000})
    view.stage("training")
    view.proposed(made.archive.trials[before:])
    for trial in made.archive.trials[before:]:
        view.evaluated(trial)
        view.tick()
    view.retrained(3, 3)
    view.note("a word to the user")


def test_plain_lines_tell_every_candidate_round_and_failure() -> None:
    stream = io.StringIO()
    watch(Lines(Console(file=stream, width=200)), campaign())
    lines = stream.getvalue().splitlines()
    assert lines[0] == "campaign by hand goes on with 6 of 8 candidates"
    assert lines[1] == "round 1: 2,000 drawn, 2 chosen"
    assert lines[2].startswith("[8/8] trial 6: error 0.05, macs 500, hypervolume 1.")
    assert lines[3].startswith("[8/8] trial 7: failed (timeout): took too long")
    assert lines[4:] == ["front trained anew: 3/3", "a word to the user"]


@pytest.mark.parametrize("view", [Lines, Live])
def test_what_a_round_notes_is_told_once(view: Any) -> None:
    stream, made = io.StringIO(), campaign()
    shown = view(Console(file=stream, width=120))
    shown.started("by hand", made.archive, 20)
    for number in range(3):
        made.add({"error": 0.5, "macs": 1.0}, 1 + number, notes=(f"proxy zen failed {number} of 8", "another"))
        shown.proposed(made.archive.trials[-1:])
    shown.finished()
    assert stream.getvalue().count("proxy zen failed 0 of 8") == 1
    assert "proxy zen failed 1 of 8" not in stream.getvalue()
    assert stream.getvalue().count("another") == 1


def test_the_live_view_shows_counts_front_and_hypervolume_and_gives_the_terminal_back() -> None:
    stream = io.StringIO()
    view = Live(Console(file=stream, width=120, force_terminal=True, color_system=None, legacy_windows=False))
    watch(view, campaign())
    view.finished()
    shown = stream.getvalue()
    for text in ("8/8", "7 trained", "1 failed", "2,050 screened", "hypervolume 1.", "left ", "chain 6"):
        assert text in shown, text
    assert "trial 7 failed (timeout): took too long" in shown
    assert "a word to the user" in shown
    assert shown.endswith("\x1b[?25h") or "\x1b[?25h" in shown.split("a word")[-1], "the cursor is shown again"


def test_a_terminal_gets_the_live_view_and_a_pipe_plain_lines() -> None:
    assert isinstance(terminal_view(Console(file=io.StringIO(), force_terminal=True, legacy_windows=False)), Live)
    assert isinstance(terminal_view(Console(file=io.StringIO())), Lines)


def test_the_front_table_cuts_notations_but_never_figures() -> None:
    made = Campaign(Named("error", "training"), Named("multiply_accumulates"))
    for number in range(30):
        made.add({"error": 1 - number / 40, "multiply_accumulates": 12345678.0 + number}, notation="|conv~0|" * 40)
    stream = io.StringIO()
    front = made.archive.front()
    Console(file=stream, width=60).print(front_table(front, made.archive.names, 60, rows=5))
    lines = stream.getvalue().splitlines()
    assert "Pareto front, 30 architectures, 5 of them shown" in lines[0]
    assert max(len(line) for line in lines) <= 60
    assert sum("12,345," in line and "…" in line for line in lines) == 5


def test_figures_on_test_data_stand_in_the_front_table_and_take_the_place_of_notations() -> None:
    made = Campaign(Named("validation_error", "training"), Named("macs"), Named("parameters"))
    made.add({"validation_error": 0.0367, "macs": 345_408.0, "parameters": 14_138.0}, notation="|conv~0|" * 9)
    made.retrainings = {0: [Evaluation({"test_error": value}, 1.0) for value in (0.0211, 0.0217, 0.0223)]}
    for width, shown in ((80, False), (120, True)):
        stream = io.StringIO()
        table = front_table(made.archive.front(), made.archive.names, width, anew=retrained_front(made.record()))
        Console(file=stream, width=width).print(table)
        lines = stream.getvalue().splitlines()
        assert any("0.0367" in line and "345,408" in line and "0.0217 ± 0.0006" in line for line in lines)
        assert max(len(line) for line in lines) <= width
        assert ("conv" in stream.getvalue()) == shown


def test_more_objectives_than_hypervolume_can_take_are_watched_without_it() -> None:
    made = Campaign(*(Named(f"objective{number}", "training") for number in range(6)))
    for number in range(4):
        made.add({f"objective{index}": float((number * index) % 3) for index in range(6)})
    assert Watching("many", made.archive, 10).hypervolume is None


def test_time_left_is_this_sessions_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    made = campaign()
    watching = Watching("by hand", made.archive, 10)
    assert watching.seconds_left is None, "nothing came home in this session yet"
    made.add({"error": 0.01, "macs": 1.0}, round_number=1)
    monkeypatch.setattr(Watching, "seconds", property(lambda self: 20.0))
    assert watching.seconds_left == 20.0 / 1 * 3


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (3599, "59 min 59 s"), (7800, "2 h 10 min")],
)
def test_durations_are_said_as_people_say_them(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("value", "said"), [(3.0, "3"), (1234567.0, "1,234,567"), (0.0123456, "0.01235"), (1e20, "1e+20"), (-2.5, "-2.5")]
)
def test_figures_have_four_digits_or_are_whole(value: float, said: str) -> None:
    assert figure(value) == said


def test_the_course_is_drawn_from_lowest_to_highest() -> None:
    assert spark([]) == ""
    assert spark([1.0, 1.0]) == "▁▁"
    assert spark([0.0, 1.0, 2.0]) == "▁▄█"
    assert len(spark([float(number) for number in range(1000)], width=24)) == 24
