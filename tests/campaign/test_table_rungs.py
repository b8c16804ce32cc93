"""Rungs without training: a table that has figures of shorter trainings, too."""

from __future__ import annotations

from itertools import product
from math import ceil
from pathlib import Path
from typing import Any

import pytest

import evonas
from evonas.benchmarks._search_run import run_method
from evonas.benchmarks._search_setting import Setting, field_of, goals_of
from evonas.benchmarks.search import measure_search
from evonas.campaign.reading.fault import CampaignError
from evonas.campaign.running.result import Result
from evonas.core.rung import Rung
from evonas.objectives.column import Column

OPS = ("none", "skip_connect", "nor_conv_3x3")
NOTATION = "|{}~0|+|{}~0|{}~1|+|{}~0|{}~1|{}~2|"
ALL = [NOTATION.format(*six) for six in product(OPS, repeat=6)]
SPACE = {"name": "cell201", "ops": list(OPS)}
SHORTER = {"accuracy_10ep": "accuracy_{epochs}ep"}
OBJECTIVES = [Column("accuracy_10ep", "max"), Column("flops", "min", needs="architecture")]


def figures(number: int) -> dict[str, float]:
    convolutions = ALL[number].count("nor_conv_3x3")
    full = 50 + 5 * convolutions + number / 1000
    return {
        "accuracy_2ep": full - 40,
        "accuracy_4ep": full - 20,
        "accuracy_10ep": full,
        "accuracy_test": full - 1,
        "flops": convolutions,
        "seconds": 100.0 + number,
    }


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("table") / "table.csv"
    rows = [",".join([notation, *map(str, figures(number).values())]) for number, notation in enumerate(ALL)]
    path.write_text("\n".join(["arch," + ",".join(figures(0)), *rows]) + "\n")
    return path


def run(path: Path, budget: int = 20, **changes: Any) -> Result:
    evaluator = {"name": "table", "path": str(path), "seconds": "seconds", "shorter": SHORTER}
    campaign = {"searcher": {"name": "nsga2", "population": 8}, "predictor": None, "proxies": (), "rungs": [2, 4]}
    given = {**campaign, "budget": budget, "evaluator": evaluator, "initial": 6, "workers": 0, **changes}
    return evonas.search(SPACE, OBJECTIVES, progress=False, **given)


def test_each_rung_has_its_own_column_and_its_share_of_the_seconds(table: Path) -> None:
    archive = run(table).archive
    reached = set()
    for trial in archive.trials:
        rung = trial.proposal.rung
        epochs = 10 if rung is None else rung.epochs
        row = figures(ALL.index(trial.proposal.notation))
        assert trial.rung_values == {"flops": row["flops"], "accuracy_10ep": row[f"accuracy_{epochs}ep"]}
        assert trial.evaluation is not None
        assert trial.evaluation.seconds == pytest.approx(row["seconds"] * epochs / 10)
        assert trial.evaluation.epochs == epochs
        reached.add(rung)
    assert reached == {None, Rung(2, 10), Rung(4, 10)}
    assert 19 < archive.spent <= 20


def test_a_benchmark_counts_what_rungs_cost(table: Path, tmp_path: Path) -> None:
    method = tmp_path / "halving.yaml"
    method.write_text(
        "name: halving\nspace: cell201\nbudget: 1\ninitial: 6\nrungs: [2, 4]\npredictor: null\nproxies: []\n"
        "searcher: {name: nsga2, population: 8}\n"
    )
    space = f'{{"name": "cell201", "ops": ["{OPS[0]}", "{OPS[1]}", "{OPS[2]}"]}}'
    goals = goals_of("accuracy_10ep:max,flops:min")
    setting = Setting(space, str(table), goals, shorter=SHORTER["accuracy_10ep"])
    found = run_method(setting, str(method), 3, 20)
    archive = run(table, seed=3).archive
    expected, spent = [-1] * 20, 0.0
    for trial in archive.trials:
        spent += 1 if trial.proposal.rung is None else trial.proposal.rung.epochs / 10
        if trial.proposal.rung is None:
            expected[ceil(spent - 1e-9) - 1] = ALL.index(trial.proposal.notation)
    assert list(found.rows) == expected
    assert len(set(found.rows) - {-1}) == len(archive.trained) < 20
    row = measure_search(setting, [str(method)], [20], 1, 1, tmp_path).rows[0]
    assert 0.3 < row["hypervolume"] <= 1
    assert row["regret"] >= 0
    values = field_of(setting).values
    assert values.shape == (len(ALL) + 1, 2)
    assert values[5].tolist() == [-figures(5)["accuracy_10ep"], figures(5)["flops"]]
    with pytest.raises(CampaignError, match="name the table's columns of shorter trainings"):
        run_method(Setting(space, str(table), goals), str(method), 3, 20)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rungs": [3]}, r"has no column 'accuracy_3ep'; it has 'accuracy_{epochs}ep' for \[2, 4, 10\] epochs"),
        ({"rungs": [10]}, r"expected fewer epochs than the table's 10, the full training"),
        ({"promote_by": "last_loss"}, r"a table has no training losses to promote by; leave promote_by: last_loss out"),
        ({"shorter": None}, r"name the table's columns of shorter trainings: evaluator: {name: table, shorter:"),
        (
            {"shorter": {"accuracy_10ep": "accuracy_test"}},
            r"with {epochs} in place of the number, the same for all; th",
        ),
        ({"shorter": {"flops": "{epochs}"}}, r"these columns are accuracy_10ep. Got {'flops': '{epochs}'}"),
    ],
)
def test_what_the_table_does_not_have_is_refused(table: Path, changes: dict[str, Any], said: str) -> None:
    shorter = changes.pop("shorter", SHORTER)
    evaluator = {"name": "table", "path": str(table), "shorter": shorter}
    with pytest.raises(CampaignError, match=said):
        run(table, evaluator=evaluator, **changes)
