"""The script of the yard, on a table and on a campaign, and a campaign that uses what it wrote."""

import csv
import json
import runpy
from pathlib import Path

import numpy as np
import pytest
from quick import Recorder, quick_plan
from typer.testing import CliRunner

from evonas.campaign.running.session import JOURNAL, ChangedCampaign, execute
from evonas.journal.journal import Journal
from spaces.architecture import Architecture
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
    output = told("table", "cell201", str(table), "accuracy", str(tmp_path / "formula.json"), "--no-graph")
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


def test_a_campaign_goes_on_with_its_formula_and_with_no_other(tmp_path: Path) -> None:
    formula, folder = tmp_path / "formula.json", tmp_path / "results"

    def write(text: str) -> None:
        inputs = [{"name": name, "centre": 1.0, "spread": 2.0} for name in ("parameters", "graph_longest_path")]
        formula.write_text(json.dumps({"formula": text, "inputs": inputs}))

    def go_on(budget: int) -> int:
        proxies = ({"name": "evolved", "formula": str(formula)},)
        plan = quick_plan(proxies=proxies, searcher="random", predictor=None, budget=budget)
        record, _ = execute(plan, folder, Recorder())
        return len(record.archive.trials)

    write("parameters + graph_longest_path")
    assert go_on(12) == 12
    write("parameters - graph_longest_path")
    changed = r"(?s)holds another campaign.*parameters \+ graph_longest_path -> parameters - graph_longest_path.*undo"
    with pytest.raises(ChangedCampaign, match=changed):
        go_on(14)
    write("parameters + graph_longest_path")
    assert go_on(14) == 14
    with Journal.open(folder / JOURNAL, read_only=True) as journal:
        (evolved,) = journal.manifest["campaign"]["proxies"]
    assert evolved["formula holds"] == json.loads(formula.read_text())


def test_statistics_of_the_graph_are_inputs_unless_they_are_declined(tmp_path: Path) -> None:
    space, rng = Cell201(), np.random.default_rng(0)
    cells = {space.format(cell): cell for cell in (space.sample(rng) for _ in range(150))}
    rows = [[notation, rng.normal(), graph_nodes(space.simplify(cell))] for notation, cell in cells.items()]
    path = tmp_path / "table.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["arch", "proxy_nwot", "accuracy"], *rows])
    told("table", "cell201", str(path), "accuracy", str(tmp_path / "with.json"))
    told("table", "cell201", str(path), "accuracy", str(tmp_path / "without.json"), "--no-graph")
    with_graph, without = (json.loads((tmp_path / name).read_text()) for name in ("with.json", "without.json"))
    assert with_graph["figures"]["best_single"] == "graph_nodes"
    assert with_graph["figures"]["held_out_tau"] == pytest.approx(1.0)
    assert without["formula"] == "nwot"


def graph_nodes(graph: Architecture) -> int:
    return len(graph.nodes) - 2
