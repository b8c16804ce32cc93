"""The yardstick never moves, and its hypervolume is the volume it says."""

from itertools import combinations

import core_stories as stories
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evonas.core.archive import Archive
from evonas.core.evaluation import Evaluation
from evonas.core.failure import Failure
from evonas.core.hypervolume import Yardstick

DIVERGED = Failure("divergence", "the loss became nan")


def archive_of(objectives: int = 2) -> Archive:
    return Archive([stories.Named(str(column)) for column in range(objectives)])


def record(archive: Archive, number: int, row: tuple[float, ...] | None) -> None:
    if row is None:
        archive.record(number, Evaluation({}, 1.0, DIVERGED))
    else:
        archive.record(number, Evaluation({str(column): value for column, value in enumerate(row)}, 1.0))


def with_rounds(*rounds: list[tuple[float, ...] | None]) -> Archive:
    """Everything has come home; None is a failure."""
    archive = archive_of()
    for round_number, rows in enumerate(rounds):
        for row in rows:
            number = len(archive)
            archive.propose(stories.proposal(number, round_number=round_number))
            record(archive, number, row)
    return archive


def test_there_is_none_before_the_first_round_has_come_home() -> None:
    archive = archive_of()
    assert Yardstick.of(archive) is None
    for number in range(3):
        archive.propose(stories.proposal(number))
    assert Yardstick.of(archive) is None
    record(archive, 0, (1.0, 9.0))
    record(archive, 2, (3.0, 5.0))
    assert Yardstick.of(archive) is None
    record(archive, 1, None)
    assert Yardstick.of(archive) is not None


def test_the_reference_is_the_worst_of_the_first_round() -> None:
    yardstick = Yardstick.of(with_rounds([(1.0, 9.0), None, (3.0, 5.0), (2.0, 6.0)], [(100.0, 100.0), (0.0, 0.0)]))
    assert yardstick is not None
    assert yardstick.reference.tolist() == [3.0, 9.0]
    assert yardstick.scale.tolist() == [2.0, 4.0]


def test_rounds_that_fail_are_waited_past() -> None:
    assert Yardstick.of(with_rounds([None, None], [(1.0, 1.0), None])) is None
    yardstick = Yardstick.of(with_rounds([None, None], [(1.0, 1.0), None], [(2.0, 0.0), (4.0, -1.0)]))
    assert yardstick is not None
    assert yardstick.reference.tolist() == [4.0, 1.0]


def test_maximised_objectives_are_measured_minimised() -> None:
    archive = Archive([stories.Named("accuracy", "max")])
    for number, value in enumerate([0.25, 0.75]):
        archive.propose(stories.proposal(number))
        archive.record(number, Evaluation({"accuracy": value}, 1.0))
    yardstick = Yardstick.of(archive)
    assert yardstick is not None
    assert yardstick.reference.tolist() == [-0.25]
    assert yardstick.hypervolume(archive.values()) == pytest.approx(1.0)


ROWS = st.one_of(st.none(), st.tuples(*[st.integers(-5, 5).map(float)] * 2))


@given(st.lists(st.lists(ROWS, min_size=1, max_size=4), min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_it_never_moves(rounds: list[list[tuple[float, ...] | None]], random) -> None:
    archive = archive_of()
    waiting: dict[int, tuple[float, ...] | None] = {}
    upcoming = list(enumerate(rounds))
    fixed: tuple[list[float], list[float]] | None = None
    while waiting or upcoming:
        if upcoming and (not waiting or random.random() < 0.3):
            round_number, rows = upcoming.pop(0)
            for row in rows:  # a round is proposed at once
                waiting[len(archive)] = row
                archive.propose(stories.proposal(len(archive), round_number=round_number))
        else:
            number = random.choice(sorted(waiting))
            record(archive, number, waiting.pop(number))
        yardstick = Yardstick.of(archive)
        if fixed is not None:
            assert yardstick is not None
            assert (yardstick.reference.tolist(), yardstick.scale.tolist()) == fixed
        elif yardstick is not None:
            fixed = (yardstick.reference.tolist(), yardstick.scale.tolist())
    assert (fixed is not None) == (sum(row is not None for rows in rounds for row in rows) >= 2)


def union_volume(points: np.ndarray, reference: np.ndarray) -> float:
    """Volume of the union of the boxes from each point to the reference, by inclusion and exclusion."""
    volume = 0.0
    for size in range(1, len(points) + 1):
        for chosen in combinations(points, size):
            sides = np.clip(reference - np.max(chosen, axis=0), 0.0, None)
            volume += (-1) ** (size + 1) * float(np.prod(sides))
    return volume


@given(st.data())
def test_hypervolume_is_the_volume_of_the_union(data: st.DataObject) -> None:
    dimensions = data.draw(st.integers(1, 5))
    numbers = st.floats(-3.0, 3.0, allow_subnormal=False)
    points = np.array(data.draw(st.lists(st.tuples(*[numbers] * dimensions), min_size=1, max_size=5)))
    reference = np.array(data.draw(st.tuples(*[numbers] * dimensions)))
    scale = np.array(data.draw(st.tuples(*[st.sampled_from([0.5, 1.0, 4.0])] * dimensions)))
    expected = union_volume(points, reference) / np.prod(scale)
    assert Yardstick(reference, scale).hypervolume(points) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_a_known_hypervolume() -> None:
    yardstick = Yardstick(np.array([4.0, 4.0]), np.ones(2))
    assert yardstick.hypervolume(np.array([[1.0, 3.0], [2.0, 2.0], [3.0, 1.0]])) == pytest.approx(3 + 2 + 1)


def test_a_hypervolume_agrees_with_monte_carlo() -> None:
    rng = np.random.default_rng(1)
    points = rng.random((40, 3))
    darts = rng.random((100_000, 3))
    hit = np.zeros(len(darts), dtype=bool)
    for point in points:
        hit |= (darts >= point).all(axis=1)
    assert Yardstick(np.ones(3), np.ones(3)).hypervolume(points) == pytest.approx(hit.mean(), abs=0.01)


def test_none_and_beyond_the_reference_are_nothing() -> None:
    yardstick = Yardstick(np.zeros(2), np.ones(2))
    assert yardstick.hypervolume(np.zeros((0, 2))) == 0.0
    assert yardstick.hypervolume(np.array([[5.0, -1.0], [0.0, 0.0]])) == 0.0


def test_an_objective_that_does_not_vary_in_the_first_round_is_not_scaled() -> None:
    archive = with_rounds([(1.0, 7.0), (3.0, 7.0)], [(1.0, 5.0)])
    yardstick = Yardstick.of(archive)
    assert yardstick is not None
    assert yardstick.scale.tolist() == [2.0, 1.0]
    assert yardstick.scaled(archive.values()).tolist() == [[-1.0, 0.0], [0.0, 0.0], [-1.0, -2.0]]
    assert yardstick.hypervolume(archive.values()) == pytest.approx(2.0)


def test_the_whole_box_of_the_first_round_is_one() -> None:
    yardstick = Yardstick.of(with_rounds([(10.0, 200.0), (30.0, 100.0)]))
    assert yardstick is not None
    assert yardstick.hypervolume(np.array([[10.0, 100.0]])) == pytest.approx(1.0)
