"""Forecasts: exact where exact is known, predicted where training is needed, pending at what was predicted."""

from collections.abc import Sequence

import numpy as np
import pytest
from searcher_stories import (
    SPACE,
    archive_of,
    distinct,
    problem_of,
    proposal_of,
    quick_trees,
    true_error,
)

from evonas.core.archive import Archive, Estimate
from evonas.core.problem import Candidate, Problem, Rejections
from evonas.searchers.forecast import Forecast, pending_values
from spaces.architecture import Architecture
from surrogates.encoding import Encoding
from surrogates.encodings.log_cost import LogCost
from surrogates.predictor import FloatArray, Prediction, Predictor

ENCODING = LogCost(SPACE)


class Counting(Predictor):
    """Predicts the number of nodes plus the mean of its targets, deviation 2; must be taught first."""

    def __init__(self, encoding: Encoding) -> None:
        assert encoding is ENCODING
        self.level: float | None = None

    def fit(self, architectures: Sequence[Architecture], targets: FloatArray, rng: np.random.Generator) -> None:
        assert len(architectures) == len(targets)
        self.level = float(targets.mean())

    def predict(self, architectures: Sequence[Architecture]) -> Prediction:
        assert self.level is not None
        return Prediction(
            np.array([len(one.nodes) + self.level for one in architectures]), np.full(len(architectures), 2.0)
        )


def candidates_of(problem: Problem, count: int = 5) -> list[Candidate]:
    found = [problem.candidate(one, Rejections()) for one in distinct(SPACE, count, 9)]
    assert None not in found
    return [one for one in found if one is not None]


def forecast(problem: Problem, archive: Archive, predictor: type[Counting] | None = Counting) -> Forecast:
    return Forecast(problem, archive, predictor, ENCODING, np.random.default_rng(0))


def test_costs_are_read_off_and_errors_are_predicted() -> None:
    problem = problem_of("three objectives")
    archive = archive_of(problem, failed=True, pending=3)
    some = candidates_of(problem)
    mean, std = forecast(problem, archive).of(some)
    level = np.mean([true_error(SPACE.simplify(trial.proposal.architecture)) for trial in archive.trained])
    np.testing.assert_allclose(mean[:, 0], [len(one.simplified.nodes) + level for one in some])
    costs = [SPACE.cost(one.simplified) for one in some]
    assert mean[:, 1:].tolist() == [[cost.macs, cost.parameters] for cost in costs]
    assert std.tolist() == [[2.0, 0.0, 0.0]] * 5


def test_means_alone_are_those_told_with_deviations() -> None:
    problem = problem_of("three objectives")
    fitted = forecast(problem, archive_of(problem))
    some = candidates_of(problem)
    np.testing.assert_array_equal(fitted.means(some), fitted.of(some)[0])
    assert fitted.means([]).shape == (0, 3)


def test_what_is_maximised_is_taught_and_told_negated() -> None:
    problem = problem_of("a goal to maximise")
    archive = archive_of(problem)
    some = candidates_of(problem)
    fitted = forecast(problem, archive)
    mean, std = fitted.of(some)
    level = -np.mean([100 - true_error(SPACE.simplify(trial.proposal.architecture)) for trial in archive.trained])
    np.testing.assert_allclose(mean[:, 0], [len(one.simplified.nodes) + level for one in some])
    assert fitted.estimates(mean[2], std[2]) == {"accuracy": Estimate(float(mean[2, 0]), 2.0)}


def test_without_a_predictor_all_that_needs_training_is_equal_and_nothing_is_claimed() -> None:
    problem = problem_of("two that need training")
    archive = archive_of(problem)
    some = candidates_of(problem)
    fitted = forecast(problem, archive, None)
    mean, std = fitted.of(some)
    assert len(np.unique(mean[:, :2], axis=0)) == 1
    assert mean[:, 2].tolist() == [SPACE.cost(one.simplified).macs for one in some]
    assert not std.any()
    assert fitted.estimates(mean[0], std[0]) == {}


def test_an_objective_of_the_model_that_is_not_known_yet_is_equal_for_all() -> None:
    problem = problem_of("an objective of the built model")
    archive = archive_of(problem)
    mean, std = forecast(problem, archive).of(candidates_of(problem))
    known = [trial.proposal.exact["layers"] for trial in archive.trained]
    np.testing.assert_allclose(mean[:, 2], np.mean(known))
    assert std[:, 2].tolist() == [0.0] * 5


def test_the_trained_are_predicted_as_if_they_were_not_where_the_predictor_can_tell() -> None:
    problem = problem_of()
    archive = archive_of(problem)
    assert forecast(problem, archive).left_out() is None
    assert forecast(problem, archive, None).left_out() is None
    fitted = Forecast(problem, archive, quick_trees, ENCODING, np.random.default_rng(0))
    told = fitted.left_out()
    assert told is not None
    mean, std = told
    values = archive.values(archive.trained)
    assert (np.abs(mean - values).max(axis=0) > 0).tolist() == [True, False]  # the second objective is exact
    assert (std > 0).all(axis=0).tolist() == [True, False]


def test_no_candidates_are_no_rows() -> None:
    problem = problem_of()
    mean, std = forecast(problem, archive_of(problem)).of([])
    assert mean.shape == std.shape == (0, 2)


@pytest.mark.parametrize(
    ("goals", "name", "sign"), [("two objectives", "error", 1), ("a goal to maximise", "accuracy", -1)]
)
def test_the_pending_count_at_what_is_predicted_of_them_now(goals: str, name: str, sign: int) -> None:
    """What was predicted when they were proposed is older; and of the first round nothing was."""
    problem = problem_of(goals)
    archive = archive_of(problem, trained=5)
    level = archive.values()[:, 0].mean()
    for architecture, predicted in zip(distinct(SPACE, 2, 1), ({}, {name: Estimate(sign * 12.0, 1.0)}), strict=True):
        archive.propose(proposal_of(problem, architecture, predicted=predicted))
    simplified = [SPACE.simplify(trial.proposal.architecture) for trial in archive.pending]
    expected = [[len(one.nodes) + level, SPACE.cost(one).macs] for one in simplified]
    np.testing.assert_allclose(pending_values(forecast(problem, archive)), expected)
    assert len(expected) == 2


def test_nothing_pending_and_what_nothing_is_known_of_are_no_rows() -> None:
    problem = problem_of("three objectives")
    assert pending_values(forecast(problem, archive_of(problem))).shape == (0, 3)
    assert pending_values(forecast(problem, archive_of(problem, pending=2), None)).shape == (0, 3)
    untrained = problem_of("nothing to train")
    archive = archive_of(untrained, trained=3, pending=2)
    costs = [SPACE.cost(SPACE.simplify(trial.proposal.architecture)) for trial in archive.pending]
    known = pending_values(forecast(untrained, archive, None))
    assert known.tolist() == [[cost.macs, cost.parameters] for cost in costs]


def test_of_too_many_trained_the_best_half_and_random_others_are_learned_from(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = problem_of()
    archive = archive_of(problem, trained=60)
    front = {tuple(row) for row in archive.values(archive.front())}
    most = 2 * len(front) + 4
    assert most < 60
    monkeypatch.setattr("evonas.searchers.forecast.MOST_LEARNED", most)
    learned = [tuple(row) for row in forecast(problem, archive).targets]
    assert len(learned) == most
    assert front <= set(learned) <= {tuple(row) for row in archive.values()}
    others = Forecast(problem, archive, Counting, ENCODING, np.random.default_rng(1)).targets
    assert {tuple(row) for row in others} != set(learned)
