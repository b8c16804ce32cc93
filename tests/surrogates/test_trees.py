"""The tree predictor and the scale it fits on."""

import time

import numpy as np
import pytest
import xgboost
from predictor_laws import SPACE, problem

from spaces import Space
from surrogates import coverage, kendall_tau
from surrogates.encodings.columns import Columns
from surrogates.encodings.concatenated import Concatenated
from surrogates.predictors.target_warp import TargetWarp
from surrogates.predictors.trees import TreeObjective, Trees


def test_warp_is_increasing_standardised_and_undone() -> None:
    targets = np.random.default_rng(0).lognormal(size=50) + 5
    warp = TargetWarp.fitted(targets)
    assert warp is not None
    warped = warp.forward(targets)
    assert (np.argsort(warped) == np.argsort(targets)).all()
    assert warped.mean() == pytest.approx(0, abs=1e-12)
    assert warped.std() == pytest.approx(1)
    np.testing.assert_allclose(warp.backward(warped), targets)
    step = 1e-6
    slope = (warp.backward(warped + step) - warp.backward(warped - step)) / (2 * step)
    np.testing.assert_allclose(warp.slope(warped), slope, rtol=1e-6)
    lowest = targets.min() - np.median(targets - targets.min()) / 2
    assert (warp.lowest, warp.backward(np.array([-1e3]))[0]) == pytest.approx((lowest, lowest))


def test_warp_of_the_baseline_by_hand() -> None:
    warp = TargetWarp.fitted(np.array([1.0, 2.0, 3.0, 9.0, 4.0]))
    assert warp is not None
    assert (warp.best, warp.typical) == (1.0, 2.0)
    logs = np.log(np.array([0.5, 1.0, 1.5, 4.5, 2.0]))
    assert (warp.centre, warp.spread) == pytest.approx((logs.mean(), logs.std()))
    assert TargetWarp.fitted(np.full(4, 0.1) + np.array([0, 1e-17, 0, 0])) is None


def test_missing_values_are_learned_from() -> None:
    architectures, targets = problem(0, 80)
    known = {
        SPACE.simplify(architecture).key: {"score": value}
        for architecture, value in zip(architectures[::2], targets[::2], strict=True)
    }
    predictor = Trees(SPACE, Columns(SPACE, known))
    predictor.fit(architectures, targets, np.random.default_rng(0))
    prediction = predictor.predict(architectures)
    assert np.corrcoef(prediction.mean[::2], targets[::2])[0, 1] > 0.9
    assert np.ptp(prediction.mean[1::2]) == 0  # all that is known of these is that nothing is


def test_wider_coverage_gives_wider_intervals() -> None:
    architectures, targets = problem(0, 60)
    narrow, wide = Trees(SPACE, coverage=0.5), Trees(SPACE, coverage=0.95)
    for predictor in (narrow, wide):
        predictor.fit(architectures, targets, np.random.default_rng(0))
    reach = {0.5: 0.6745, 0.95: 1.96}  # quantiles of the normal distribution
    unseen, _ = problem(9, 40)
    assert (reach[0.95] * wide.predict(unseen).std > reach[0.5] * narrow.predict(unseen).std).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"objective": "rank:map"}, "objective must be one of reg:squarederror, rank:pairwise, .*; got 'rank:map'"),
        ({"pairs": 0}, "pairs must be at least 1; got 0"),
        ({"bags": 1}, "bags must be at least 2; got 1"),
        ({"trees": 0}, "trees must be at least 1; got 0"),
        ({"depth": 0}, "depth must be at least 1; got 0"),
        ({"learning_rate": 0.0}, r"learning_rate must lie .*; got 0.0. Try 0.05"),
        ({"coverage": 1.0}, r"coverage must lie between 0 and 1; got 1.0"),
    ],
)
def test_arguments_are_checked(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Trees(SPACE, **arguments)  # type: ignore[arg-type]


def test_boosters_draw_from_the_generator() -> None:
    architectures, targets = problem(0, 8)  # as many as bags: each leaves out one, so parts do not depend on the draw
    unseen, _ = problem(9, 30)
    means = []
    for seed in (0, 1):
        predictor = Trees(SPACE)
        predictor.fit(architectures, targets, np.random.default_rng(seed))
        means.append(predictor.predict(unseen).mean)
    assert np.abs(means[0] - means[1]).max() > 0.01


def test_an_encoding_without_columns_is_refused() -> None:
    architectures, targets = problem(0, 5)
    with pytest.raises(ValueError, match="encoding must have at least one column; got none"):
        Trees(SPACE, Columns(SPACE)).fit(architectures, targets, np.random.default_rng(0))


def seconds_to_rank(space: Space, candidates: int) -> float:
    architectures, targets = problem(0, 200)
    rng = np.random.default_rng(0)
    pool = [space.sample(rng) for _ in range(candidates)]
    predictor = Trees(space)
    start = time.perf_counter()
    predictor.fit(architectures, targets, rng)
    predictor.predict(pool)
    return time.perf_counter() - start


def test_fitting_and_scoring_are_fast() -> None:
    assert seconds_to_rank(SPACE, 10_000) < 5  # about 0.8 s on one idle core; loose, for busy machines


@pytest.mark.parametrize("objective", ["rank:pairwise", "rank:ndcg"])
def test_scores_of_pairs_become_predictions_in_the_unit_of_the_targets(objective: TreeObjective) -> None:
    architectures, targets = problem(0, 80)
    unseen, truth = problem(9, 200)
    predictor = Trees(SPACE, objective=objective, bags=4, trees=100)
    predictor.fit(architectures, targets, np.random.default_rng(0))
    prediction = predictor.predict(unseen)
    assert (kendall_tau(prediction.mean, truth) or 0) > 0.7
    assert np.abs(prediction.mean - truth).mean() < 0.4 * np.abs(np.median(targets) - truth).mean()
    assert 0.68 < (coverage(prediction, truth) or 0) < 0.94
    few, values = problem(0, 4)
    predictor.fit(few, values, np.random.default_rng(0))
    assert np.isfinite(predictor.predict(unseen).mean).all()


def test_pairs_are_not_drawn_as_xgboost_draws_them() -> None:
    """Its default pairs the first few with all others, and orders worse the more it is given to learn from."""
    unseen, truth = problem(9, 300)
    encoding = Concatenated(SPACE)
    default, ours = {}, {}
    for n in (50, 400):
        architectures, targets = problem(0, n)
        rows = xgboost.DMatrix(encoding.encode(architectures), -targets, nthread=1)
        rows.set_group([n])
        booster = xgboost.train({"objective": "rank:pairwise", "eta": 0.05, "max_depth": 4, "nthread": 1}, rows, 100)
        default[n] = kendall_tau(-booster.inplace_predict(encoding.encode(unseen)).astype(float), truth) or 0.0
        predictor = Trees(SPACE, encoding, "rank:pairwise", bags=2, trees=100)
        predictor.fit(architectures, targets, np.random.default_rng(0))
        ours[n] = kendall_tau(predictor.predict(unseen).mean, truth) or 0.0
    assert default[400] < default[50]
    assert ours[400] > max(ours[50], default[50])
