"""``evonas proxies compare``: its figures by hand, and failures that become no numbers."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import kendalltau, rankdata, spearmanr
from typer.testing import CliRunner
from watched_proxies import LEAST, SCORED

from evonas.benchmarks.comparison_figures import proxy_figure
from evonas.benchmarks.predictors import Compared
from evonas.benchmarks.proxy_ranks import ProxyComparison, measure_proxies
from evonas.campaign.reading.rooms import ROOMS
from evonas.cli.main import app
from spaces.cell201 import Cell201
from spaces.discovery import names

SPACE = Cell201("compact", 4, input_shape=(1, 8, 8))
NAMED = "{name: cell201, skeleton: compact, channels: 4}"
SIZE = "watched_proxies.Size"
ROWS = 14


@pytest.fixture(autouse=True)
def forget() -> None:
    SCORED.clear()


@pytest.fixture(scope="module")
def cells() -> list[dict[str, Any]]:
    """The table's rows: every third is small enough for ``Size`` to fail; the last has no published scores."""
    rng = np.random.default_rng(1)
    found: dict[str, dict[str, Any]] = {}
    while len(found) < ROWS + 2:
        cell = SPACE.sample(rng)
        parameters = SPACE.cost(SPACE.simplify(cell)).parameters
        if (parameters < LEAST) == (len(found) % 3 == 0):
            known = len(found) != ROWS + 1
            found.setdefault(
                SPACE.format(cell),
                {
                    "accuracy": None if len(found) == ROWS else round(90 * rng.random(), 3),
                    "macs": SPACE.cost(SPACE.simplify(cell)).macs,
                    "parameters": parameters,
                    "proxy_params": -parameters if known else None,
                    "proxy_zen": round(rng.random(), 4) if known else None,
                },
            )
    return [{"arch": notation, **row} for notation, row in found.items()]


@pytest.fixture(scope="module")
def table(cells: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("table") / "table.csv"
    lines = [",".join("" if value is None else str(value) for value in cell.values()) for cell in cells]
    path.write_text("\n".join([",".join(cells[0]), *lines]) + "\n")
    return path


def compared(table: Path, **changes: Any) -> Compared:
    asked: dict[str, Any] = {"proxies": [SIZE], "sample": ROWS, "dataset": "digits", "batch": 8}
    return measure_proxies(ProxyComparison(NAMED, table, "accuracy:max", **{**asked, **changes}))


def by_name(found: Compared) -> dict[str, dict[str, Any]]:
    return {row["proxy"]: row for row in found.rows}


def column(rows: list[dict[str, Any]], name: str) -> list[float]:
    return [row[name] for row in rows]


def test_figures_are_of_the_rows_that_a_proxy_could_score(cells: list[dict[str, Any]], table: Path) -> None:
    found = compared(table)
    whole = cells[:ROWS]
    large = [row for row in whole if row["parameters"] >= LEAST]
    assert 0 < len(large) < ROWS
    size, parameters, macs = (by_name(found)[name] for name in ("Size", "parameters", "macs"))
    for row, rows, scored in ((size, large, "parameters"), (parameters, whole, "parameters"), (macs, whole, "macs")):
        pair = column(rows, scored), column(rows, "accuracy")
        assert row["tau"] == pytest.approx(kendalltau(*pair).statistic)
        assert row["spearman"] == pytest.approx(spearmanr(*pair).statistic)
        assert row["failed"] == ROWS - len(rows)
    assert sorted(SCORED) == sorted(column(whole, "parameters"))
    reason = f"Size failed on {size['failed']} of {ROWS} networks: "
    assert any(note.startswith(reason) and note.endswith("parameters are too few") for note in found.notes)
    assert "14 of 16 rows; 2 left out" in found.notes[0]


def test_published_scores_stand_beside_ours_on_the_same_rows(cells: list[dict[str, Any]], table: Path) -> None:
    rows = by_name(compared(table))
    whole = cells[:ROWS]
    accuracy = column(whole, "accuracy")
    reverse = kendalltau(column(whole, "proxy_params"), accuracy).statistic
    assert rows["parameters"]["published_tau"] == pytest.approx(reverse)
    assert rows["parameters"]["agreement"] == pytest.approx(-1)
    assert rows["macs"]["published_tau"] is None
    assert rows["zen (published)"]["tau"] is None
    assert rows["zen (published)"]["published_tau"] == pytest.approx(
        kendalltau(column(whole, "proxy_zen"), accuracy).statistic
    )
    assert "params (published)" not in rows, "it stands beside ours"
    other = by_name(compared(table, published="accur"))
    assert other["acy (published)"]["published_tau"] == pytest.approx(1)


def test_a_published_score_is_read_on_the_rows_that_its_proxy_scored(
    cells: list[dict[str, Any]], table: Path, tmp_path: Path
) -> None:
    renamed = tmp_path / "renamed.csv"
    renamed.write_text(table.read_text().replace("proxy_zen", "proxy_Size"))
    row = by_name(compared(renamed))["Size"]
    large = [cell for cell in cells[:ROWS] if cell["parameters"] >= LEAST]
    zen = column(large, "proxy_zen")
    assert row["published_tau"] == pytest.approx(kendalltau(zen, column(large, "accuracy")).statistic)
    assert row["agreement"] == pytest.approx(spearmanr(zen, column(large, "parameters")).statistic)


def test_the_aggregation_of_one_proxy_is_its_order_and_nothing_where_it_failed(table: Path) -> None:
    rows = by_name(compared(table))
    for name in ("tau", "spearman", "failed"):
        assert rows["rank_aggregation"][name] == rows["Size"][name]
    assert rows["rank_aggregation"]["milliseconds"] > 0
    assert rows["Size"]["milliseconds"] is None


def test_ranks_of_the_proxies_asked_for_are_aggregated(cells: list[dict[str, Any]], table: Path) -> None:
    """Their mean log ranks, by hand; what ``Size`` does not know counts by the other alone."""
    rows = by_name(compared(table, proxies=[SIZE, "macs"]))
    whole = cells[:ROWS]
    known = [i for i, cell in enumerate(whole) if cell["parameters"] >= LEAST]
    expected = np.log(rankdata(column(whole, "macs")) / ROWS)
    expected[known] += np.log(rankdata([whole[i]["parameters"] for i in known]) / len(known))
    expected[known] /= 2
    tau = kendalltau(expected, column(whole, "accuracy")).statistic
    assert rows["rank_aggregation"]["tau"] == pytest.approx(tau)
    assert rows["rank_aggregation"]["failed"] == 0
    assert "az_nas" not in rows, "its four proxies were not asked for"


def test_seeds_draw_weights_and_batch_on_the_same_rows(table: Path) -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    found = compared(table, proxies=["nwot", "parameters"], seeds=2, dataset="coloured_digits", sample=6)
    assert torch.equal(torch.get_rng_state(), before)
    rows = by_name(found)
    assert rows["nwot"]["seeds"] == 2
    assert rows["nwot"]["tau_std"] > 0
    assert rows["parameters"]["tau_std"] == 0
    assert rows["macs"]["tau_std"] == 0
    again = compared(table, proxies=["nwot", "parameters"], seeds=2, dataset="coloured_digits", sample=6)
    assert rows["nwot"] == by_name(again)["nwot"]


def test_draws_are_aggregated_together(table: Path, tmp_path: Path) -> None:
    """Six rows' scores of two draws as the cache keeps them, and their mean log rank by hand."""
    rows = by_name(compared(table, proxies=["nwot", "jacob_cov"], seeds=2, sample=6, cache=tmp_path))
    kept = [json.loads(file.read_text()) for file in tmp_path.rglob("*.json")]
    scores = {(seed, one["run"]["notation"]): one["outcome"]["scores"] for one in kept for seed in [one["run"]["seed"]]}
    notations = sorted({notation for _, notation in scores})
    logs = [
        np.log(rankdata([scores[seed, notation][name] for notation in notations]) / 6)
        for seed in (0, 1)
        for name in ("nwot", "jacob_cov")
    ]
    found = {
        cells["arch"]: float(cells["accuracy"])
        for cells in csv.DictReader(table.read_text().splitlines())
        if cells["accuracy"]
    }
    tau = kendalltau(np.mean(logs, axis=0), [found[notation] for notation in notations]).statistic
    assert rows["rank_aggregation over 2 draws"]["tau"] == pytest.approx(tau)


def test_finished_networks_are_not_scored_again(table: Path, tmp_path: Path) -> None:
    first = compared(table, cache=tmp_path, sample=6)
    assert len(SCORED) == 6
    assert compared(table, cache=tmp_path, sample=6) == first
    assert len(SCORED) == 6
    compared(table, cache=tmp_path, sample=6, batch=4)
    assert len(SCORED) == 12


def test_another_formula_in_the_same_file_is_scored_anew(table: Path, tmp_path: Path) -> None:
    formula = tmp_path / "formula.json"
    proxies = [f"{{name: evolved, formula: {formula}}}"]
    scored = []
    for text in ("graph_nodes", "-graph_nodes"):
        formula.write_text(json.dumps({"formula": text, "inputs": [{"name": "graph_nodes", "centre": 0, "spread": 1}]}))
        scored.append(by_name(compared(table, proxies=proxies, cache=tmp_path, sample=6))["evolved"]["tau"])
    assert scored[0] == -scored[1] != 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sample": 15}, r"--sample: it must be at most the 14 usable rows; got 15"),
        ({"published": "zc_"}, r"--published: no column begins with 'zc_'; .* has accuracy, macs"),
        ({"proxies": ["nwott"]}, r"proxies\[0\]: expected a proxy: one of .*Did you mean 'nwot'"),
        ({"dataset": "digit"}, r"--dataset: expected a dataset: one of .*Did you mean 'digits'"),
        ({"batch": 601}, r"--batch: the batch must be at most the 600 training examples; got 601"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_scored(table: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        compared(table, **changes)
    assert SCORED == []


def test_the_command_scores_by_every_proxy_and_draws_them(table: Path, tmp_path: Path) -> None:
    plot = tmp_path / "proxies.html"
    arguments = ["proxies", "compare", "--space", NAMED, "--table", str(table), "--target", "accuracy:max"]
    arguments += ["--sample", "4", "--batch", "8", "--dataset", "{name: digits, train: 100}", "--workers", "1"]
    run = CliRunner().invoke(app, [*arguments, "--plot", str(plot), "--json"])
    assert run.exit_code == 0, run.output
    rows = {row["proxy"]: row for row in map(json.loads, run.stdout.splitlines())}
    assert {"parameters", "macs", "synflow", "nwot"} <= set(rows)
    assert set(rows) <= {*names(ROOMS["proxies"]), "az_nas", "rank_aggregation", "zen (published)"}
    assert {"az_nas", "rank_aggregation"} < set(rows)
    assert not {"grasp", "plain", "evolved"} & set(rows), "one costs too much, one says too little, one needs a formula"
    assert "rank_aggregation" in plot.read_text()
    bars, _ = proxy_figure(list(rows.values()))["data"]
    assert len(bars["y"]) == len(rows)


@pytest.mark.slow
def test_processes_score_as_one_process_does(table: Path) -> None:
    options: dict[str, Any] = {"proxies": ["nwot,synflow"], "sample": 6}
    alone, together = compared(table, **options), compared(table, **options, workers=2)
    timed = "milliseconds"
    for one, other in zip(alone.rows, together.rows, strict=True):
        assert {k: v for k, v in one.items() if k != timed} == {k: v for k, v in other.items() if k != timed}
