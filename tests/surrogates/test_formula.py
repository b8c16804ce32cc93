"""Formulas against arithmetic written out, and everything that is no formula."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from surrogates.formula import FUNCTIONS, Formula, Input

PLAIN = [Input("nwot", 0.0, 1.0), Input("zen", 1.0, 2.0), Input("unused", 0.0, 1.0)]


def test_a_formula_is_computed_on_standardised_logarithms() -> None:
    formula = Formula("-nwot + 2 * maximum(zen, 0.5) - root(nwot) * log(zen)", PLAIN)
    assert [one.name for one in formula.inputs] == ["nwot", "zen"]
    n, z = -math.log1p(5.0), (math.log1p(20.0) - 1.0) / 2.0
    expected = -n + 2 * max(z, 0.5) + math.sqrt(-n) * math.log1p(z)
    found = formula.apply({"nwot": np.array([-5.0, np.nan]), "zen": np.array([20.0, 1.0]), "other": np.zeros(2)})
    assert found[0] == pytest.approx(expected)
    assert math.isnan(found[1])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_finite_wherever_it_is_asked(name: str) -> None:
    arguments = "zen, nwot" if name in ("maximum", "minimum") else "zen"
    formula = Formula(f"{name}({arguments})", PLAIN)
    values = np.array([-1e300, -1.0, 0.0, 1e-300, 1e300])
    assert np.isfinite(formula.apply({"zen": values, "nwot": values[::-1]})).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("__import__('os').system('true')", "is none of: a name, a number"),
        ("nwot.__class__", "'nwot.__class__' is none of"),
        ("nwot ** zen", "is none of"),
        ("nwot / zen", "is none of"),
        ("tanh(nwot, zen)", "is none of"),
        ("maximum(nwot)", "is none of"),
        ("tanh(x=nwot)", "is none of"),
        ("tanh(*nwot)", "is none of"),
        ("tanh", "'tanh' is none of"),
        ("[nwot for nwot in zen]", "is none of"),
        ("lambda: nwot", "is none of"),
        ("nwot + True", "'True' is none of"),
        ("nwot + 1e400", "is none of"),
        ("nwot + 'a'", "is none of"),
        ("nwot +", "cannot be read: SyntaxError"),
        ("", "cannot be read: SyntaxError"),
        ("2.0", "names no input, so it scores all alike"),
        ("nwot + depth", "depth is no input; it has nwot, unused, zen"),
        ("-" * 20_000 + "nwot", "at most 10,000 characters; this has 20,004"),
        ("(" * 4_000 + "nwot" + ")" * 4_000, "cannot be read"),
    ],
)
def test_what_is_no_formula_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Formula(text, PLAIN)


def test_a_file_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "formula.json"
    path.write_text(json.dumps({**Formula("nwot * zen", PLAIN).to_json(), "figures": {}}))
    assert Formula.read(path).to_json() == Formula("nwot * zen", PLAIN).to_json()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no json", "is JSON with 'formula' and 'inputs'"),
        ("[]", "is JSON with 'formula' and 'inputs'"),
        ('{"inputs": []}', "KeyError: 'formula'. Write it with runs/evolve_proxy.py"),
        ('{"formula": "a", "inputs": [{"name": "a", "centre": 0, "spread": 0}]}', "a positive spread"),
        ('{"formula": "a", "inputs": [{"name": "a", "centre": NaN, "spread": 1}]}', "a finite centre"),
    ],
)
def test_what_is_no_formulas_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "formula.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        Formula.read(path)


def test_an_input_is_standardised_by_its_quartiles() -> None:
    found = Input.of("zen", np.expm1(np.array([1.0, 2.0, 3.0, 4.0, 100.0])))
    assert (found.centre, found.spread) == (pytest.approx(3.0), pytest.approx(1.0))
    assert Input.of("zen", np.full(5, 2.0)).spread == 1.0
    assert Input.of("zen", np.array([0.0] * 9 + [math.e - 1])).spread == pytest.approx(0.3)
