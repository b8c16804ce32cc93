"""The script of the yard, on a table and on a campaign, and a campaign that uses what it wrote."""

import csv
import json
import runpy
from pathlib import Path

import numpy as np
import pytest
from quick import Recorder, quick_plan
from typer.testing import CliRunner

from evonas.campaign.session import execute
from spaces.cell201 import Cell201

SCRIPT = runpy.run_path(str(Path(__file__).parents[2] / "runs" / "evolve_proxy.py"))
QUICK = ["--population", "40", "--generations", "4"]


def told(*arguments: str) -> str:
    result = CliRunner().invoke(SCRIPT["app"], [*arguments, *QUICK], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Cells with a proxy that says half of what is measured, parameters that say the rest, and some unknown scores."""
    space, rng = Cell201(), np.random.default_rng(0)
    rows = []
    for notation in dict.fromkeys(space.format(space.sample(rng)) for _ in range(220)):
        size, half = rng.normal(size=2)
        rows.append([notation, size, "" if len(rows) % 10 == 3 else half, size + half])
    path = tmp_path / "table.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["arch", "proxy_parameters", "proxy_nwot", "accuracy"], *rows])
    return path


def test_a_table_gives_a_formula_that_is_judged_on_functions_it_never_saw(table: Path, tmp_path: Path) -> None:
    output = told("table", "cell201", str(table), "accuracy", str(tmp_path / "formula.json"))
    document = json.loads((tmp_path / "formula.json").read_text())
    figures = document["figures"]
    assert "22 unknown" in output
    assert {one["name"] for one in document["inputs"]} == {"nwot", "parameters"}
    assert figures["held_out_tau"] > figures["best_single_held_out_tau"] + 0.2
    assert f"held-out Kendall tau {figures['held_out_tau']:.4f} over {figures['held_out']}" in output
    assert len(document["data"]["sha256"]) == 64


def test_a_campaign_gives_a_formula_that_another_campaign_uses(tmp_path: Path) -> None:
    proxies = ("parameters", "nwot")
    execute(quick_plan(proxies=proxies, budget=40, initial=40), tmp_path / "first", Recorder())
    formula = tmp_path / "formula.json"
    told("campaign", str(tmp_path / "first"), "validation_error", str(formula))
    plan = quick_plan(proxies=({"name": "evolved", "formula": str(formula)},))
    record, finished = execute(plan, tmp_path / "second", Recorder())
    assert finished
    assert sum("evolved" in trial.proposal.proxies for trial in record.archive.trials) >= 20
