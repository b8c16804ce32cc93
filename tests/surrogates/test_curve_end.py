"""What finished trainings tell of the end of another: exact where the line holds, and as wrong as it says."""

from __future__ import annotations

import math

import numpy as np
import pytest

from surrogates.curve_end import CurveEnd


def test_ends_on_a_line_are_told_exactly() -> None:
    losses = np.geomspace(0.2, 2.0, 25)
    end = CurveEnd.fitted(losses, 0.3 * losses**0.5, 0.1)
    assert end.lowest(0.81) == pytest.approx(0.3 * 0.9)
    assert end.lowest(4.0) == pytest.approx(0.6)
    turned = CurveEnd.fitted(losses, 2 * np.log(losses) - 5, 0.1)  # not all positive: taken as they are
    assert turned.lowest(1.0) == pytest.approx(-5)


def test_the_margin_is_the_quantile_of_errors_left_out_by_fitting_again() -> None:
    rng = np.random.default_rng(0)
    losses = rng.uniform(0.5, 2, 19)
    ends = np.exp(0.4 * np.log(losses) - 2 + 0.1 * rng.normal(size=19))
    over = []
    for left in range(19):
        rest = np.arange(19) != left
        slope, level = np.polyfit(np.log(losses[rest]), np.log(ends[rest]), 1)
        over.append(level + slope * math.log(losses[left]) - math.log(ends[left]))
    slope, level = np.polyfit(np.log(losses), np.log(ends), 1)
    # Of 19 errors that of rank 18 = 20 * 0.9 is exceeded by a further one at a rate of 0.1.
    expected = math.exp(level + slope * math.log(1.7) - sorted(over)[17])
    assert CurveEnd.fitted(losses, ends, 0.1).lowest(1.7) == pytest.approx(expected)


def test_about_so_many_end_lower_as_was_said() -> None:
    rng = np.random.default_rng(1)
    lower = 0
    for _ in range(300):
        losses = rng.uniform(0.5, 2, 31)
        ends = np.exp(0.4 * np.log(losses) - 2 + rng.standard_t(4, 31) / 10)
        lower += ends[30] < CurveEnd.fitted(losses[:30], ends[:30], 0.1).lowest(losses[30])
    assert 0.05 < lower / 300 < 0.15


def test_too_few_promise_nothing() -> None:
    losses = np.linspace(1, 2, 8)
    assert CurveEnd.fitted(losses, losses, 0.1).lowest(9.0) == -math.inf
    assert CurveEnd.fitted(losses, losses, 0.2).lowest(1.5) == pytest.approx(1.5, rel=0.01)
    assert CurveEnd.fitted(np.ones(30), losses[:1].repeat(30), 0.1).lowest(1.0) == pytest.approx(1.0)
