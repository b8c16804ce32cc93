"""Constraints: what parses, what does not, and what holds."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from evonas.core.constraint import Constraint


@pytest.mark.parametrize(
    ("text", "comparison", "bound"),
    [
        ("<= 2e5", "<=", 2e5),
        (">=0.5", ">=", 0.5),
        ("  <  -3 ", "<", -3.0),
        (">\t1e-9", ">", 1e-9),
        ("<=+.5", "<=", 0.5),
        (">= 1000000", ">=", 1e6),
    ],
)
def test_comparisons_with_numbers_parse(text: str, comparison: str, bound: float) -> None:
    assert Constraint.parse("macs", text) == Constraint("macs", comparison, bound)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "2e5", "<=", "< =5", "=< 5", "== 5", "= 5", "!= 5", "<> 5", "<<5", "≤ 5", "<= five", "<= 2,000"),
        *("<= 0x10", "<= 2e", "<= 2e5 macs", "<= 1 <= 2", "1 < macs", "macs < 1", "<= nan", "<= inf", ">= -inf"),
        *("<= 1e400", "<= __import__('os')", "<= 5\n< 6"),
    ],
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"a constraint is a comparison with a number, as in 'macs: \"<= 2e5\"'\. Got"):
        Constraint.parse("macs", text)


@pytest.mark.parametrize("text", [None, 5, 2e5, True, b"<= 5", ["<= 5"]])
def test_what_is_no_text_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"a constraint is a comparison with a number, .* Got "):
        Constraint.parse("macs", text)


@pytest.mark.parametrize(
    ("comparison", "below", "equal", "above"),
    [("<=", True, True, False), ("<", True, False, False), (">=", False, True, True), (">", False, False, True)],
)
def test_bounds_hold(comparison: str, below: bool, equal: bool, above: bool) -> None:
    constraint = Constraint("macs", comparison, 2.0)
    assert [constraint.holds(value) for value in (1.9, 2.0, 2.1)] == [below, equal, above]
    assert not constraint.holds(math.nan)


@given(st.sampled_from(["<=", ">=", "<", ">"]), st.floats(allow_nan=False, allow_infinity=False))
def test_a_constraint_reads_back_what_it_shows(comparison: str, bound: float) -> None:
    constraint = Constraint("macs", comparison, bound)
    name, text = str(constraint).split(" ", 1)
    assert (name, Constraint.parse("macs", text)) == ("macs", constraint)


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
def test_different_bounds_look_different(left: float, right: float) -> None:
    assume(left != right)
    assert str(Constraint("macs", "<", left)) != str(Constraint("macs", "<", right))


def test_bounds_are_shown_briefly() -> None:
    assert str(Constraint("macs", "<=", 2e5)) == "macs <= 200000"
    assert str(Constraint("latency_ms", ">", 0.1)) == "latency_ms > 0.1"
    assert str(Constraint("macs", "<=", 1234567.0)) == "macs <= 1234567.0"
