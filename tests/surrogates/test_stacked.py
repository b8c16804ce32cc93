"""The stack: what it weighs, what it falls back to, and how members are judged."""

import numpy as np
import pytest
from predictor_laws import SPACE, problem

from surrogates import Prediction, Predictor, kendall_tau
from surrogates.cross_validated import left_out
from surrogates.predictors.gaussian_process import GaussianProcess
from surrogates.predictors.line import Line
from surrogates.predictors.stacked import Stacked
from surrogates.predictors.trees import Trees


class Chance(Predictor):
    """Says anything; reads no encoding and cannot leave out."""

    def __init__(self, space: object) -> None:
        self.fits: list[int] = []

    def fit(self, architectures, targets, rng):  # type: ignore[no-untyped-def]
        self.fits.append(len(architectures))
        self.level, self.rng = targets.mean(), rng

    def predict(self, architectures):  # type: ignore[no-untyped-def]
        n = len(architectures)
        return Prediction(self.level + self.rng.normal(size=n), np.ones(n))


CHANCE = f"{__name__}.Chance"


def trained(predictor: Stacked, count: int = 60) -> Stacked:
    predictor.fit(*problem(0, count), np.random.default_rng(0))
    return predictor


def logs(values: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """The fitted scale up to a line, by hand."""
    gap = np.median(targets - targets.min())
    return np.asarray(np.log((values - targets.min()) / gap + 0.5))


def test_weights_fall_with_the_fourth_power_of_discordant_pairs() -> None:
    architectures, targets = problem(0, 60)
    unseen, _ = problem(9, 100)
    stack = trained(Stacked(SPACE))
    rng = np.random.default_rng(0)  # the members draw one after the other
    members = {"gaussian_process": GaussianProcess(SPACE), "trees": Trees(SPACE)}
    discord = {}
    for name, member in members.items():
        member.fit(architectures, targets, rng)
        discord[name] = (1 - (kendall_tau(member.left_out().mean, targets) or 0.0)) / 2
    first, second = discord["gaussian_process"] ** -4, discord["trees"] ** -4
    share = first / (first + second)
    assert stack.weights == pytest.approx({"gaussian_process": share, "trees": 1 - share})
    means = [logs(member.predict(unseen).mean, targets) for member in members.values()]
    expected = share * means[0] + (1 - share) * means[1]
    np.testing.assert_allclose(logs(stack.predict(unseen).mean, targets), expected, rtol=1e-9)


def test_a_member_that_ranks_by_chance_does_not_count() -> None:
    stack = trained(Stacked(SPACE, members=("gaussian_process", CHANCE)))
    assert stack.weights == {"gaussian_process": 1.0}


def test_where_no_member_beats_the_cost_the_cost_ranks() -> None:
    stack = trained(Stacked(SPACE, members=(CHANCE,)))
    ((name, weight),) = stack.weights.items()
    assert (name in ("log_parameters", "log_macs"), weight) == (True, 1.0)
    unseen, truth = problem(9, 200)
    macs = np.array([SPACE.cost(SPACE.simplify(one)).macs for one in unseen])
    parameters = np.array([SPACE.cost(SPACE.simplify(one)).parameters for one in unseen])
    prediction = stack.predict(unseen)
    order = kendall_tau(prediction.mean, -(macs if name == "log_macs" else parameters).astype(float))
    assert order == pytest.approx(1)
    assert (kendall_tau(prediction.mean, truth) or 0) > 0.3


def test_where_the_cost_says_nothing_either_all_are_predicted_alike() -> None:
    architectures, _ = problem(0, 60)
    chosen = []
    for seed in range(8):
        stack = Stacked(SPACE, members=(CHANCE,))
        stack.fit(architectures, np.random.default_rng(seed).normal(size=60), np.random.default_rng(0))
        if stack.weights == {"constant": 1.0}:
            assert np.ptp(stack.predict(architectures).mean) == 0
        chosen += stack.weights
    assert chosen.count("constant") >= 2


def test_parts_are_predicted_by_fits_that_never_saw_them() -> None:
    architectures, targets = problem(0, 23)
    member = Chance(SPACE)
    said = left_out(member, architectures, targets, np.random.default_rng(0), 5)
    assert said is not None
    assert sorted(member.fits) == [18, 18, 18, 19, 19, 23]
    assert member.fits[-1] == 23  # and it stays fitted on all
    assert left_out(member, architectures[:4], targets[:4], np.random.default_rng(0), 5) is None
    assert member.fits[-1] == 4


def test_a_stack_judges_in_as_many_parts_as_it_is_told() -> None:
    for folds, fits in ((2, [6, 6, 12]), (4, [9, 9, 9, 9, 12])):
        stack = Stacked(SPACE, members=(CHANCE,), folds=folds)
        (member,) = stack._members.values()
        assert isinstance(member, Chance)
        trained(stack, 12)
        assert member.fits == fits


def test_lines_leave_out_as_refits_do() -> None:
    rng = np.random.default_rng(0)
    column = rng.normal(size=12)
    targets = 2 * column + rng.normal(size=12)
    line = Line.through(column, targets)
    np.testing.assert_allclose(line.at(np.array([0.3, 5.0])), np.polyval(np.polyfit(column, targets, 1), [0.3, 5.0]))
    for row in range(12):
        others = np.arange(12) != row
        assert line.left_out[row] == pytest.approx(
            np.polyval(np.polyfit(column[others], targets[others], 1), column[row])
        )
    level = Line.through(np.full(4, 7.0), np.array([1.0, 2.0, 3.0, 6.0]))
    assert (level.slope, level.level) == (0.0, 3.0)
    np.testing.assert_allclose(level.left_out, [11 / 3, 10 / 3, 3, 2])


def test_arguments_are_checked() -> None:
    for members in ((), ("trees", "trees")):
        with pytest.raises(ValueError, match="members must name at least 1 predictor, each once; got"):
            Stacked(SPACE, members=members)
    with pytest.raises(ValueError, match=r"expected a predictor: one of .*Got 'tree'.*Did you mean 'trees'"):
        Stacked(SPACE, members=("trees", "tree"))
    with pytest.raises(ValueError, match="folds must be at least 2; got 1"):
        Stacked(SPACE, folds=1)
    with pytest.raises(ValueError, match="coverage must lie between 0 and 1; got 2"):
        Stacked(SPACE, coverage=2)
    with pytest.raises(RuntimeError, match="call fit first"):
        _ = Stacked(SPACE).weights
