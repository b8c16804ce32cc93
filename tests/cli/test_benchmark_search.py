"""``evonas benchmark search``: its measures by hand and brute force, and the real searchers behind them."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import evonas
from evonas.benchmarks._search_quality import Front, first_reaching, regrets
from evonas.benchmarks._search_run import methods, run_method
from evonas.benchmarks._search_setting import Setting, goals_of
from evonas.benchmarks.search import measure_search
from evonas.campaign.planning.assemble import assemble
from evonas.campaign.planning.parts import parts_of
from evonas.campaign.reading.document import read
from evonas.campaign.reading.fault import CampaignError
from evonas.cli.main import app
from evonas.objectives.column import Column
from evonas.searchers.random import Random
from spaces.macro import Macro

NOTATIONS = ["".join(digits) for digits in product("012", repeat=8)]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every network of the space; what a layer gains is not what it costs, and a ripple makes each network its own."""
    path = tmp_path_factory.mktemp("table") / "macro.csv"
    rng = np.random.default_rng(0)
    space = Macro()
    lines = ["arch,valid,test,flops"]
    gains = np.sort(rng.exponential(size=(8, 3)), axis=1)
    for notation in NOTATIONS:
        macs = space.cost(space.parse(notation)).macs
        accuracy = 60 + sum(gains[place, int(op)] for place, op in enumerate(notation)) + rng.normal() / 20
        lines.append(f"{notation},{accuracy:.4f},{accuracy - 1:.4f},{macs}")
    path.write_text("\n".join(lines) + "\n")
    return path


def setting(table: Path, objectives: str = "valid:max,flops:min") -> Setting:
    return Setting("macro", str(table), goals_of(objectives), ("test", "max"))


def test_hypervolume_is_the_share_of_the_dominated_box() -> None:
    """By counting the cells of a grid, and by hand: ideal (0, 0), reference (75th percentile of error, most costly)."""
    values = np.array([[0.0, 8.0], [2.0, 2.0], [4.0, 0.0], [8.0, 4.0], [12.0, 6.0]])
    front = Front(values)
    np.testing.assert_allclose(front.scaled[:4], [[0, 1], [0.25, 0.25], [0.5, 0], [1, 0.5]])
    # (8 - 2) * (8 - 2) = 36 of the union 36 + (8 - 4) * 2 = 44; the first point lies on the reference and adds nothing.
    assert front.hypervolumes([1])[0] == pytest.approx(36 / 44)
    assert front.hypervolumes([3, 4, 0, 2, 1]).tolist() == pytest.approx([0, 0, 0, 32 / 44, 1])
    rng = np.random.default_rng(1)
    points = rng.random((60, 2))
    front = Front(points)
    grid = np.stack(np.meshgrid(*[(np.arange(400) + 0.5) / 400] * 2), axis=-1).reshape(-1, 2)
    covered = [
        (front.scaled[rows][:, None] <= grid[None]).all(axis=2).any(axis=0).mean() for rows in (range(9), range(60))
    ]
    assert front.hypervolumes(range(9))[-1] == pytest.approx(covered[0] / covered[1], abs=0.01)
    assert front.hypervolumes(range(60))[-1] == pytest.approx(1)


def test_igd_plus_regret_and_the_first_to_reach() -> None:
    values = np.array([[0.0, 4.0], [4.0, 0.0], [4.0, 4.0], [np.nan, 1.0]])
    front = Front(values)
    assert front.distance(front.chosen([0, 1, 2, 3])) == 0
    assert front.chosen([0, 2, 3]) == [0]
    # Of two rows of cost 4 the second led by luck: its trainings' mean is 5, the other's 4.
    assert front.chosen([2, 0, 0], [4.0, 1.0, 9.0]) == [2]
    # In each coordinate only what is worse counts: from (0, 4) to (4, 0), scaled by 4, that is (0, 1).
    assert front.distance([0]) == pytest.approx(0.5)
    assert regrets(values, [3, 2, 0]).tolist() == [np.inf, 4, 0]
    assert first_reaching(np.array([0.1, 0.5, 0.5, 0.9]), 0.5) == 2
    assert first_reaching(np.array([0.1, 0.5]), 0.6) is None


def test_a_run_is_the_campaign_that_one_worker_would_run(table: Path) -> None:
    objectives = [Column("valid", "max"), Column("flops", "min", needs="architecture")]
    campaign = evonas.search(
        "macro",
        objectives,
        evaluator={"name": "table", "path": str(table)},
        **{"searcher": "nsga2", "predictor": None, "proxies": (), "budget": 60, "seed": 4, "workers": 0},
        progress=False,
    )
    run = run_method(setting(table), "nsga2", 4, 60)
    assert [NOTATIONS[row] for row in run.rows] == [trial.proposal.notation for trial in campaign.archive.trials]
    assert run.ended == ""


def test_methods_are_told_apart_and_random_is_always_there(table: Path, tmp_path: Path) -> None:
    told: list[object] = []
    found = measure_search(setting(table), ["nsga2"], [80, 20], 6, 1, tmp_path, told.append)
    rows = {(row["method"], row["budget"]): row for row in found.rows}
    assert list(rows) == [("nsga2", 20), ("nsga2", 80), ("random", 20), ("random", 80)]
    assert rows["nsga2", 80]["hypervolume"] > rows["random", 80]["hypervolume"] + 0.02
    assert rows["nsga2", 20]["hypervolume"] < rows["nsga2", 80]["hypervolume"] < 1
    assert rows["nsga2", 80]["igd_plus"] < rows["nsga2", 20]["igd_plus"]
    assert found.reached[0]["trainings_median"] > 20
    assert found.reached[1]["trainings_median"] is None
    assert told[0] == "nsga2, 1 of 2 methods, 6 runs of 80"


def test_finished_runs_are_kept_and_a_change_begins_anew(table: Path, tmp_path: Path) -> None:
    first = measure_search(setting(table), ["random"], [20], 2, 1, tmp_path)
    kept, _ = tmp_path.glob("*.json")
    changed = json.loads(kept.read_text())
    changed["outcome"]["rows"] = [0] * 20
    kept.write_text(json.dumps(changed))
    assert measure_search(setting(table), ["random"], [20], 2, 1, tmp_path).rows != first.rows
    measure_search(setting(table), ["random"], [21], 2, 1, tmp_path)
    assert len(list(tmp_path.glob("*.json"))) == 4


def test_one_objective_counts_trainings_to_the_best(table: Path, tmp_path: Path) -> None:
    found = measure_search(setting(table, "valid:max"), ["nsga2"], [250], 3, 1, tmp_path)
    shares = {row["method"]: row["found"] for row in found.rows}
    assert shares["nsga2"] > shares["random"]
    assert 20 < found.reached[0]["trainings_median"] <= 250
    assert "hypervolume" not in found.rows[0]


@pytest.mark.slow
def test_workers_find_the_same_and_curves_are_drawn(table: Path, tmp_path: Path) -> None:
    arguments = ["--table", table, "--space", "macro", "--objectives", "valid:max,flops:min", "--report", "test:max"]
    arguments += ["--methods", "nsga2,aging_evolution", "--budgets", "20,40", "--seeds", 2]
    outputs = []
    for workers in (1, 2):
        kept = ["--workers", workers, "--runs", tmp_path / str(workers), "--plot", tmp_path / "curves.html", "--json"]
        run = CliRunner().invoke(app, ["benchmark", "search", *map(str, [*arguments, *kept])])
        assert run.exit_code == 0, run.output
        rows = [json.loads(line) for line in run.stdout.splitlines()]
        outputs.append([{name: value for name, value in row.items() if name != "cpu_seconds"} for row in rows])
    assert outputs[0] == outputs[1]
    assert len(outputs[0]) == 3 * 2 + 3
    assert "aging_evolution" in (tmp_path / "curves.html").read_text()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"methods": "nsga3"}, r"expected a method: one of .*nsga_net.* Did you mean 'nsga2'"),
        ({"objectives": "valid"}, r"expected columns with their goals, as in accuracy:max,flops_m:min. Got 'valid'"),
        ({"objectives": "accuracy:max"}, r"has no column 'accuracy'; it has valid, test, flops"),
        ({"objectives": "valid:max,valid:min"}, "expected each column once"),
        ({"report": "test:max,valid:max"}, "--report is one column"),
        ({"budgets": "20,many"}, "--budgets are whole numbers, as in 50,100,200. Got '20,many'"),
        ({"budgets": "0"}, "budgets, seeds and workers must be whole numbers of at least 1"),
        ({"space": "micro"}, r"expected a space: one of .*Did you mean 'macro'"),
        ({"space": "cell201"}, r"row 1 is not in the space"),
    ],
)
def test_wrong_arguments_are_told(table: Path, tmp_path: Path, change: dict[str, str], message: str) -> None:
    given = {"space": "macro", "table": str(table), "objectives": "valid:max", "methods": "nsga2", "seeds": "1"}
    options = [text for name, value in {**given, **change}.items() for text in (f"--{name}", value)]
    with pytest.raises(CampaignError, match=message):
        CliRunner().invoke(app, ["benchmark", "search", *options, "--runs", str(tmp_path)], catch_exceptions=False)


def test_every_method_file_makes_a_campaign_and_says_what_it_leaves_out() -> None:
    names = methods()
    assert {"regularised_evolution", "nsga_net", "msunas", "linas", "bananas", "bananas_multi"} <= set(names)
    assert {"npenas", "brp_nas", "siamnas", "weaknas", "training_free"} <= set(names)
    for name in names:
        document = read(f"methods/{name}")
        assert "What the paper does that this does not" in document.path.read_text() or "Archai does" in (
            document.path.read_text()
        )
        assert document.specification.name == name
        plan = assemble(parts_of(document.specification))
        assert not isinstance(plan.searcher, Random)


def test_replicates_count_against_the_budget_and_are_handed_back_by_their_mean(table: Path, tmp_path: Path) -> None:
    method = tmp_path / "repeating.yaml"
    method.write_text(
        "name: repeating\nspace: macro\nbudget: 40\nsearcher: nsga2\npredictor: null\nproxies: null\n"
        "replicates: {trainings: 2, share: 0.3}\n"
    )
    noisy = Setting("macro", str(table), goals_of("valid:max,flops:min"), ("test", "max"), replicates=("test",))
    run = run_method(noisy, str(method), seed=0, budget=40)
    assert len(run.rows) == len(run.replicates) == 40
    assert 4 <= sum(run.replicates) <= 0.3 * 40
    for place, replicate in enumerate(run.replicates):
        assert replicate == (run.rows[place] in run.rows[:place])
    found = measure_search(noisy, [str(method)], [40], seeds=1, workers=1, kept=tmp_path / "kept")
    assert found.rows[0]["method"] == "repeating"
    with pytest.raises(CampaignError, match="replicates: replicate 1 of column 'valid' needs a further training"):
        run_method(setting(table), str(method), seed=0, budget=40)
