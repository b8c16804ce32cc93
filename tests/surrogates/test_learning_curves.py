"""What the beginning of a training tells: hand-computed sums, and curves whose end is known."""

from __future__ import annotations

import numpy as np
import pytest

from surrogates.curve_families import FAMILIES, extrapolated
from surrogates.training_speed import training_speed

LOSSES = np.array([[4.0, 2.0, 1.0], [3.0, 3.0, 3.0]])


def test_the_training_speed_is_the_area_under_the_loss() -> None:
    assert training_speed(LOSSES).tolist() == [7.0, 9.0]
    assert training_speed(LOSSES, last=2).tolist() == [3.0, 6.0]
    assert training_speed(LOSSES, last=1).tolist() == [1.0, 3.0]
    assert training_speed(LOSSES, last=9).tolist() == [7.0, 9.0]
    assert training_speed(LOSSES, decay=0.5).tolist() == [1.0 + 0.5 * 2 + 0.25 * 4, 3 * 1.75]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [({"last": 0}, "last must be at least 1"), ({"decay": 0.0}, "decay in .0, 1.; got None and 0.0")],
)
def test_what_is_no_training_speed_is_refused(arguments: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        training_speed(LOSSES, **arguments)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"at least one epoch; got \(2, 0\)"):
        training_speed(LOSSES[:, :0])


def test_a_curve_that_is_of_the_family_is_continued_to_its_end() -> None:
    x = np.arange(1.0, 101)
    curves = {  # by the formulas of the paper, not by the code's shapes
        "pow3": 0.1 + 0.5 * x**-0.05,
        "ilog2": 0.05 + 0.3 / np.log(x + 1),
        "janoschek": 0.2 + 0.6 * np.exp(-0.003 * x),
        "mmf": 0.1 + 0.7 / (1 + (0.003 * x) ** 2),
    }
    assert set(curves) == set(FAMILIES)
    for family, curve in curves.items():
        end = extrapolated(curve[None, :20], 100, family)
        assert end == pytest.approx([curve[-1]], abs=1e-9), family


def test_the_linear_part_is_least_squares() -> None:
    rng = np.random.default_rng(0)
    curves = 0.3 + 0.5 / np.log(np.arange(1.0, 13) + 1) + rng.normal(size=(20, 12)) * 0.01
    fits = [np.polyfit(1 / np.log(np.arange(1.0, 13) + 1), curve, 1) for curve in curves]
    expected = [offset + slope / np.log(61) for slope, offset in fits]
    np.testing.assert_allclose(extrapolated(curves, 60, "ilog2"), expected, rtol=1e-9)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_curve_is_continued_upwards_or_below_nothing(family: str) -> None:
    rng = np.random.default_rng(1)
    rising = np.linspace(0.1, 0.9, 10)[None]
    assert extrapolated(rising, 100, family) == pytest.approx([0.5])
    noise = rng.random((200, 5))
    ends = extrapolated(noise, 100, family)
    assert (ends >= 0).all()
    assert (ends <= noise.max(axis=1)).all()


def test_what_cannot_be_continued_is_refused() -> None:
    with pytest.raises(ValueError, match=r"with 2 to 100 epochs; got \(1, 1\)"):
        extrapolated(np.ones((1, 1)), 100, "pow3")
    with pytest.raises(ValueError, match=r"one of pow3, ilog2, janoschek, mmf. Got 'pow5'"):
        extrapolated(np.ones((1, 3)), 100, "pow5")
