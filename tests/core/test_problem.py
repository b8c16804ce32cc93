"""What is a candidate, what is turned down, and how that is told."""

from typing import Any

import core_stories as stories
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from evonas.core.constraint import Constraint
from evonas.core.objective import Objective
from evonas.core.problem import Candidate, Problem, Rejections

SPACE = stories.Widths()
ERROR = stories.Named("error")
MACS = stories.Named("macs", needs="architecture", measure=lambda subject: subject.cost.macs)
WEIGHT = stories.Named(
    "weight", needs="model", measure=lambda subject: sum(p.abs().sum() for p in subject.model.parameters())
)


def problem(*objectives: Objective, **bounds: str) -> Problem:
    return Problem(SPACE, objectives, [Constraint.parse(name, text) for name, text in bounds.items()])


def candidate(made: Problem, width: int) -> Candidate:
    found = made.candidate(stories.width_of(width), Rejections())
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("objectives", "bounds", "message"),
    [
        ((), {}, "a search needs at least one objective, for example 'validation_error'"),
        ((ERROR, MACS, ERROR), {}, "objective 'error' is named 2 times; give each its own name"),
        (
            (ERROR, MACS),
            {"params": "< 5"},
            r"constraint 'params < 5' names no objective of this campaign; it has error, m",
        ),
        (
            (ERROR, MACS),
            {"error": "< 0.5"},
            r"constraint 'error < 0\.5': 'error' is known only after training.*best\(\)",
        ),
    ],
)
def test_what_does_not_fit_is_refused(objectives: Any, bounds: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        problem(*objectives, **bounds)


def test_what_each_objective_needs_is_known() -> None:
    made = problem(ERROR, MACS, WEIGHT)
    assert [made.needs(name) for name in ("error", "macs", "weight")] == ["training", "architecture", "model"]
    assert made.predicted_names == ("error",)
    assert made.has_model_objectives
    assert not problem(ERROR, MACS).has_model_objectives


def test_a_candidate_knows_its_exact_objectives() -> None:
    found = candidate(problem(ERROR, MACS, WEIGHT), 9)
    assert dict(found.exact) == {"macs": 40.0}, "those of the simplified network, and nothing that needs more"
    assert found.architecture == stories.width_of(9)
    assert found.simplified == stories.width_of(8)
    assert found.key == stories.width_of(8).key


@given(st.integers(2, 89), st.sampled_from(["<= 100", ">= 200", "< 40", "> 40"]))
def test_candidates_are_those_that_meet_the_bound(width: int, text: str) -> None:
    rejections = Rejections()
    found = problem(ERROR, MACS, macs=text).candidate(stories.width_of(width), rejections)
    macs = width // 2 * 2 * 5
    holds = {"<= 100": macs <= 100, ">= 200": macs >= 200, "< 40": macs < 40, "> 40": macs > 40}[text]
    assert (found is not None) == holds
    assert rejections.counts.total() == (0 if holds else 1)


def test_rejections_tell_the_count_and_the_nearest_value() -> None:
    made, rejections = problem(ERROR, MACS, macs="<= 15"), Rejections()
    assert rejections.describe() == "nothing was rejected"
    for width in (80, 8, 4, 40):
        assert made.candidate(stories.width_of(width), rejections) is None
    assert made.candidate(stories.width_of(2), rejections) is not None
    assert rejections.describe() == "macs <= 15 rejected 4 (nearest value 20)"
    assert rejections.counts == {"macs <= 15": 4}


def test_rejections_are_told_most_frequent_first() -> None:
    rejections = Rejections()
    for value in (7.0, 6.0):
        rejections.add(Constraint("depth", "<", 5.0), value)
    for value in range(1000, 2500):
        rejections.add(Constraint("macs", "<", 999.0), float(value))
    rejections.add(Constraint("width", ">", 3.0), 1.0)
    assert rejections.describe() == (
        "macs < 999 rejected 1,500 (nearest value 1000); depth < 5 rejected 2 (nearest value 6); "
        "width > 3 rejected 1 (nearest value 1)"
    )


def test_several_constraints_count_the_first_that_is_broken() -> None:
    double = stories.Named("double", needs="architecture", measure=lambda subject: 2 * subject.cost.macs)
    made, rejections = problem(MACS, double, macs="<= 100", double="<= 100"), Rejections()
    assert made.candidate(stories.width_of(14), rejections) is None
    assert made.candidate(stories.width_of(40), rejections) is None
    assert dict(rejections.counts) == {"double <= 100": 1, "macs <= 100": 1}


def test_an_objective_that_fails_turns_the_candidate_down() -> None:
    moody = stories.Named("moody", needs="architecture", measure=lambda subject: 1 / (subject.cost.macs - 40))
    made, rejections = problem(ERROR, moody), Rejections()
    assert made.candidate(stories.width_of(8), rejections) is None
    assert made.candidate(stories.width_of(8), rejections) is None
    assert made.candidate(stories.width_of(10), rejections) is not None
    assert rejections.describe() == (
        "objective moody rejected 2 (objective 'moody' raised ZeroDivisionError: division by zero)"
    )


def test_objectives_that_need_training_are_never_asked() -> None:
    def measure(subject: Any) -> float:
        raise AssertionError("asked")

    made = problem(stories.Named("error", measure=measure), WEIGHT)
    found = made.with_model_objectives(candidate(made, 8), Rejections())
    assert found is not None
    assert set(found.exact) == {"weight"}


def test_without_model_objectives_nothing_is_built() -> None:
    made = problem(ERROR, MACS)
    wide = candidate(made, 95)
    assert made.with_model_objectives(wide, Rejections()) is wide


def test_model_objectives_join_the_exact_ones() -> None:
    made = problem(ERROR, MACS, WEIGHT)
    found = made.with_model_objectives(candidate(made, 8), Rejections())
    assert found is not None
    assert set(found.exact) == {"macs", "weight"}
    assert found.exact["macs"] == 40.0
    assert (found.architecture, found.simplified) == (stories.width_of(8), stories.width_of(8))


def test_model_objectives_read_and_write_no_global_generator() -> None:
    found = []
    for seed in (1, 2):
        made = problem(ERROR, WEIGHT)
        torch.manual_seed(seed)
        before = torch.get_rng_state(), np.random.get_state()[1].tolist()  # noqa: NPY002
        found.append(made.with_model_objectives(candidate(made, 8), Rejections()))
        assert torch.equal(torch.get_rng_state(), before[0])
        assert np.random.get_state()[1].tolist() == before[1]  # noqa: NPY002
        assert torch.initial_seed() == seed
    assert found[0] == found[1]


def test_networks_of_one_shape_start_from_weights_of_their_own() -> None:
    first_weight = stories.Named("first", needs="model", measure=lambda subject: next(subject.model.parameters())[0, 0])
    made = problem(ERROR, first_weight)
    found = [made.with_model_objectives(candidate(made, width), Rejections()) for width in range(2, 40, 2)]
    assert len({one.exact["first"] for one in found if one is not None}) == 19


def test_what_was_measured_of_a_candidate_stays() -> None:
    """Otherwise a noisy objective, a clock's, would turn a candidate down that it let pass before."""
    readings = iter([3.0, 99.0])
    made = problem(ERROR, stories.Named("clock", needs="model", measure=lambda subject: next(readings)), clock="< 4")
    found = [made.with_model_objectives(candidate(made, 8), Rejections()) for _ in range(2)]
    assert [one.exact for one in found if one is not None] == [{"clock": 3.0}] * 2
    assert made.with_model_objectives(candidate(made, 10), Rejections()) is None


def test_a_failure_to_measure_does_not_stay() -> None:
    readings = iter([None, 3.0])
    made = problem(ERROR, stories.Named("clock", needs="model", measure=lambda subject: next(readings)))
    found = [made.with_model_objectives(candidate(made, 8), Rejections()) for _ in range(2)]
    assert [one is None for one in found] == [True, False]


def test_model_objectives_can_be_bounded() -> None:
    depth = stories.Named("depth", needs="model", measure=lambda subject: len(subject.model))
    rejections = Rejections()
    made = problem(ERROR, depth, depth="< 3")
    assert made.with_model_objectives(candidate(made, 8), rejections) is None
    assert rejections.describe() == "depth < 3 rejected 1 (nearest value 3)"
    lenient = problem(ERROR, depth, depth="<= 3")
    assert lenient.with_model_objectives(candidate(lenient, 8), Rejections()) is not None


def test_a_network_that_cannot_be_built_turns_the_candidate_down() -> None:
    made, rejections = problem(ERROR, WEIGHT), Rejections()
    before = torch.get_rng_state()
    assert made.with_model_objectives(candidate(made, 95), rejections) is None
    assert rejections.describe() == "build rejected 1 (ZeroDivisionError: too wide)"
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")
def test_model_objectives_leave_the_gpus_generator_alone() -> None:
    before = torch.cuda.get_rng_state()
    made = problem(ERROR, WEIGHT)
    assert made.with_model_objectives(candidate(made, 8), Rejections()) is not None
    assert torch.equal(torch.cuda.get_rng_state(), before)


def test_what_failed_is_told_once_with_its_count_and_first_message() -> None:
    made = problem(ERROR, MACS, WEIGHT, macs="<= 480")
    for width in (94, 95, 92, 94, 8):  # 94 and 95 simplify to one function; none from 90 on can be built
        made.with_model_objectives(candidate(made, width), Rejections())
    assert made.candidate(stories.width_of(98), Rejections()) is None, "its constraint turns it down: no failure"
    assert made.losses() == ("build failed for 2 of the candidates, dropped for it: ZeroDivisionError: too wide",)
    assert made.losses() == ()
