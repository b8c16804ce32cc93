"""The archive: goals applied once, failures never a number, the front as brute force finds it."""

import math

import core_stories as stories
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evonas.core.archive import Archive
from evonas.core.evaluation import Evaluation
from evonas.core.failure import Failure

DIVERGED = Failure("divergence", "the loss became nan")


def two_goals() -> Archive:
    return Archive([stories.Named("error", "min"), stories.Named("speed", "max", "architecture")])


def add(archive: Archive, error: float, speed: float) -> int:
    number = len(archive)
    archive.propose(stories.proposal(number, {"speed": speed}))
    archive.record(number, Evaluation({"error": error}, 1.0))
    return number


def test_maximised_objectives_are_negated_once_and_only_in_values() -> None:
    archive = two_goals()
    add(archive, 0.25, 40.0)
    add(archive, 0.5, 80.0)
    assert archive.values().tolist() == [[0.25, -40.0], [0.5, -80.0]]
    assert archive.values().tolist() == [[0.25, -40.0], [0.5, -80.0]], "a second look must not turn the sign back"
    assert dict(archive.trials[0].values) == {"speed": 40.0, "error": 0.25}
    assert archive.names == ("error", "speed")


def test_values_of_chosen_trials_come_in_the_order_asked_for() -> None:
    archive = two_goals()
    for error in (0.1, 0.2, 0.3):
        add(archive, error, 1.0)
    assert archive.values([archive.trials[2], archive.trials[0]])[:, 0].tolist() == [0.3, 0.1]
    assert archive.values([]).shape == (0, 2)
    assert Archive([stories.Named("error")]).values().shape == (0, 1)


def test_a_trial_is_printed_in_a_line() -> None:
    archive = two_goals()
    trial = archive.trials[add(archive, error=0.25, speed=12345.0)]
    assert str(trial) == f"trial 0, speed 12,345, error 0.25: {trial.proposal.notation}"
    assert "Architecture(" in repr(trial)


def test_pending_failed_and_trained_part_the_trials() -> None:
    archive = two_goals()
    for number in range(4):
        archive.propose(stories.proposal(number, {"speed": 1.0}))
    archive.record(2, Evaluation({"error": 0.5}, 1.0))
    archive.record(1, Evaluation({}, 1.0, DIVERGED))
    assert [trial.number for trial in archive.pending] == [0, 3]
    assert [trial.number for trial in archive.failed] == [1]
    assert [trial.number for trial in archive.trained] == [2]
    assert archive.trials[1].failure == DIVERGED
    assert archive.trials[0].failure is None
    assert len(archive) == 4


def test_a_failure_never_becomes_a_number_even_where_it_brings_some() -> None:
    archive = two_goals()
    add(archive, 0.9, 1.0)
    archive.propose(stories.proposal(1, {"speed": 99.0}))
    trial = archive.record(1, Evaluation({"error": 0.0}, 1.0, DIVERGED))
    assert dict(trial.values) == {"speed": 99.0}
    assert archive.values().tolist() == [[0.9, -1.0]]
    assert [trial.number for trial in archive.front()] == [0]
    with pytest.raises(ValueError, match=r"trial 1 is a failure \(divergence\) and has no values"):
        archive.values([trial])


def test_pending_trials_have_no_values() -> None:
    archive = Archive([stories.Named("speed", needs="architecture")])
    trial = archive.propose(stories.proposal(0, {"speed": 1.0}))
    with pytest.raises(ValueError, match="trial 0 is pending and has no values; ask for trained trials"):
        archive.values([trial])
    assert archive.front() == []


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_never_enters(value: float) -> None:
    archive = two_goals()
    archive.propose(stories.proposal(0, {"speed": 1.0}))
    with pytest.raises(ValueError, match=r"trial 0 has no finite 'error'.*is recorded as a failure"):
        archive.record(0, Evaluation({"error": value}, 1.0))
    assert [trial.number for trial in archive.pending] == [0], "a refused evaluation leaves its trial pending"
    with pytest.raises(ValueError, match=r"width 3 has speed=.*; what is proposed has finite exact objectives"):
        archive.propose(stories.proposal(1, {"speed": value}))
    assert len(archive) == 1
    assert f"{1:020x}" not in archive


def test_a_missing_value_is_refused() -> None:
    archive = two_goals()
    archive.propose(stories.proposal(0, {"speed": 1.0}))
    with pytest.raises(ValueError, match="trial 0 has no finite 'error'"):
        archive.record(0, Evaluation({"accuracy": 0.9}, 1.0))


def test_nothing_is_overwritten() -> None:
    archive = two_goals()
    add(archive, 0.5, 1.0)
    with pytest.raises(ValueError, match="trial 0 has an evaluation already; nothing is overwritten"):
        archive.record(0, Evaluation({"error": 0.1}, 1.0))
    assert archive.values().tolist() == [[0.5, -1.0]]
    archive.propose(stories.proposal(1, {"speed": 7.0}))
    trial = archive.record(1, Evaluation({"error": 0.5, "speed": 8.0}, 1.0))
    assert trial.values["speed"] == 7.0, "what was computed exactly is not replaced by what an evaluator says"


@pytest.mark.parametrize("number", [1, -1])
def test_evaluations_belong_to_proposals(number: int) -> None:
    archive = two_goals()
    archive.propose(stories.proposal(0, {"speed": 1.0}))
    with pytest.raises(ValueError, match=rf"trial {number} was never proposed; there are 1, from 0"):
        archive.record(number, Evaluation({"error": 0.1}, 1.0))


def test_rounds_and_keys_are_remembered() -> None:
    archive = two_goals()
    for number, round_number in enumerate([0, 0, 1, 1, 2]):
        archive.propose(stories.proposal(number, {"speed": 1.0}, round_number))
    assert [funnel.round for funnel in archive.rounds] == [0, 1, 2]
    assert f"{4:020x}" in archive
    assert f"{5:020x}" not in archive
    assert [trial.number for trial in archive.trials] == [0, 1, 2, 3, 4]


COORDINATES = st.sampled_from([-2.0, -0.0, 0.0, 1.0, 1.5, 3.0])  # few, so that ties and duplicates are frequent


@given(st.data())
def test_the_front_is_what_brute_force_finds(data: st.DataObject) -> None:
    goals = data.draw(st.lists(st.sampled_from(["min", "max"]), min_size=1, max_size=5))
    rows = data.draw(st.lists(st.tuples(*[COORDINATES] * len(goals)), max_size=14))
    outcomes = data.draw(st.lists(st.sampled_from(["trained"] * 4 + ["failed", "pending"]), min_size=14, max_size=14))
    archive = Archive([stories.Named(str(column), goal) for column, goal in enumerate(goals)])
    for number, (row, outcome) in enumerate(zip(rows, outcomes, strict=False)):
        archive.propose(stories.proposal(number))
        if outcome != "pending":
            values = {str(column): value for column, value in enumerate(row)}
            archive.record(number, Evaluation(values, 1.0, DIVERGED if outcome == "failed" else None))

    def at_least_as_good(left: tuple[float, ...], right: tuple[float, ...]) -> bool:
        pairs = zip(goals, left, right, strict=True)
        return all(one <= other if goal == "min" else one >= other for goal, one, other in pairs)

    home = [(number, row) for number, (row, out) in enumerate(zip(rows, outcomes, strict=False)) if out == "trained"]
    expected = [
        number
        for number, row in home
        if not any(
            at_least_as_good(other, row) and (other != row or earlier < number)
            for earlier, other in home
            if earlier != number
        )
    ]
    assert [trial.number for trial in archive.front()] == expected


def test_the_front_of_a_larger_archive_in_six_objectives() -> None:
    rng = np.random.default_rng(0)
    rows = rng.integers(4, size=(300, 6)).astype(float)
    archive = Archive([stories.Named(str(column)) for column in range(6)])
    for number, row in enumerate(rows):
        archive.propose(stories.proposal(number))
        archive.record(number, Evaluation({str(column): value for column, value in enumerate(row)}, 1.0))
    no_worse = (rows[:, None] <= rows[None]).all(axis=2)
    better = (rows[:, None] < rows[None]).any(axis=2)
    earlier = np.arange(300)[:, None] < np.arange(300)[None]
    beaten = (no_worse & (better | earlier)).any(axis=0)
    assert [trial.number for trial in archive.front()] == np.flatnonzero(~beaten).tolist()
    assert 0 < beaten.sum() < 300
