"""The random forest against scikit-learn's own out-of-bag predictions."""

import numpy as np
import pytest
from predictor_laws import SPACE, problem
from sklearn.ensemble import RandomForestRegressor

from surrogates.encodings.columns import Columns
from surrogates.encodings.concatenated import Concatenated
from surrogates.predictors.random_forest import RandomForest


def test_left_out_predictions_are_scikit_learns() -> None:
    architectures, targets = problem(0, 60)
    predictor = RandomForest(SPACE, trees=60)
    predictor.fit(architectures, targets, np.random.default_rng(0))
    gap = np.median(targets - targets.min())
    logs = np.log((targets - targets.min()) / gap + 0.5)
    seed = int(np.random.default_rng(0).integers(2**31))
    other = RandomForestRegressor(60, max_features=0.33, oob_score=True, random_state=seed)
    other.fit(Concatenated(SPACE).encode(architectures), np.round((logs - logs.mean()) / logs.std(), 9))
    expected = targets.min() + gap * (np.exp(other.oob_prediction_ * logs.std() + logs.mean()) - 0.5)
    np.testing.assert_allclose(predictor.left_out().mean, expected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"trees": 1}, "trees must be at least 2; got 1"),
        ({"leaf": 0}, "leaf must be at least 1; got 0"),
        ({"columns": 0.0}, r"columns must lie above 0 .*; got 0.0. Try 0.33"),
        ({"coverage": 1.0}, r"coverage must lie between 0 and 1; got 1.0"),
    ],
)
def test_arguments_are_checked(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RandomForest(SPACE, **arguments)  # type: ignore[arg-type]


def test_missing_values_are_learned_from() -> None:
    architectures, targets = problem(0, 60)
    pairs = list(zip(architectures, targets, strict=True))[::2]
    predictor = RandomForest(SPACE, Columns(SPACE, {SPACE.simplify(one).key: {"score": value} for one, value in pairs}))
    predictor.fit(architectures, targets, np.random.default_rng(0))
    mean = predictor.predict(architectures).mean
    assert np.corrcoef(mean[::2], targets[::2])[0, 1] > 0.9
    assert np.ptp(mean[1::2]) == pytest.approx(0, abs=1e-9)
