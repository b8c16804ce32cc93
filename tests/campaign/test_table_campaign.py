"""Campaigns on a table: what is looked up, what counts as the same, and how they end."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from quick import Recorder

import evonas
from evonas.campaign.reading.fault import CampaignError
from evonas.campaign.running.result import Result
from evonas.cli.run import run_campaign
from evonas.core.failure import FAILURE_KINDS
from evonas.core.searcher import SearchError
from evonas.datasets.dataset import Dataset, Splits
from evonas.evaluators.table import TableEvaluator
from evonas.objectives.column import Column
from evonas.objectives.validation_error import ValidationError
from spaces.cell201 import Cell201
from spaces.discovery import discover


class Unread(Dataset):
    """A dataset of the very shape that the space takes, which is never asked for its data."""

    input_shape = (3, 32, 32)
    classes = 10

    def load(self) -> Splits:
        raise AssertionError("a campaign on a table has read a dataset")


SPACE = Cell201(ops=("none", "skip_connect", "nor_conv_3x3"))
NOTATION = "|{}~0|+|{}~0|{}~1|+|{}~0|{}~1|{}~2|"
ALL = [NOTATION.format(*six) for six in product(("none", "skip_connect", "nor_conv_3x3"), repeat=6)]
ACCURACY, LATENCY = Column("accuracy", "max", "%"), Column("latency_ms", "min", "ms", needs="architecture")


def figures(number: int, notation: str) -> dict[str, object]:
    """By the row alone: twins differ in latency, and each figure tells its row."""
    convolutions = notation.count("nor_conv_3x3")
    return {
        "accuracy": 50 + 5 * convolutions + number / 1000,
        "test_accuracy": 40 + number / 1000,
        "latency_ms": 1 + convolutions + number / 1000,
        "flops": convolutions,
        "seconds": 100 + number,
    }


def written(path: Path, notations: list[str], change: Callable[[str, dict[str, object]], None] | None = None) -> Path:
    rows = []
    for number, notation in enumerate(notations):
        row = figures(number, notation)
        if change is not None:
            change(notation, row)
        rows.append(",".join([notation, *map(str, row.values())]))
    path.write_text("\n".join(["arch,accuracy,test_accuracy,latency_ms,flops,seconds", *rows]) + "\n")
    return path


def run(
    path: Path,
    *objectives: Any,
    budget: int = 40,
    searcher: Any = "nsga2",
    trainings: int = 1,
    constraints: Any = None,
    progress: Any = False,
    **settings: Any,
) -> Result:
    return evonas.search(
        {"name": "cell201", "ops": ["none", "skip_connect", "nor_conv_3x3"]},
        objectives or [ACCURACY, LATENCY],
        evaluator={"name": "table", "path": str(path), **settings},
        dataset=Unread(),
        **{"budget": budget, "searcher": searcher, "predictor": None, "proxies": ()},
        workers=0,
        retrain_seeds=3,
        replicates=trainings,
        constraints=constraints,
        progress=progress,
    )


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return written(tmp_path / "table.csv", ALL)


def test_every_candidate_has_its_own_rows_figures_and_the_report_its_own_columns(table: Path) -> None:
    result = run(table, seconds="seconds", report=["test_accuracy"])
    assert len(result.archive.trained) == 40
    for trial in result.archive.trials:
        row = figures(ALL.index(trial.proposal.notation), trial.proposal.notation)
        assert trial.values == {"latency_ms": row["latency_ms"], "accuracy": row["accuracy"]}
        assert trial.proposal.exact == {"latency_ms": row["latency_ms"]}
        assert trial.evaluation is not None
        assert trial.evaluation.seconds == row["seconds"]
    tested = result.record.retrainings
    assert set(tested) == {trial.number for trial in result.front}
    for number, (evaluation,) in tested.items():
        notation = result.archive.trials[number].proposal.notation
        assert evaluation.values["test_accuracy"] == figures(ALL.index(notation), notation)["test_accuracy"]


def test_the_page_on_tables_shows_a_campaign_that_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = (Path(__file__).parents[2] / "docs" / "tables.md").read_text()
    (tmp_path / "campaign.yaml").write_text(re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)[0])
    written(tmp_path / "measured.csv", ALL)
    assert run_campaign("campaign.yaml", None, None, None) == 0
    page = (tmp_path / "results/on_a_table/report.html").read_text()
    assert "test_accuracy" in page


def test_figures_that_the_search_chose_by_do_not_pass_for_figures_on_test_data(table: Path, tmp_path: Path) -> None:
    without = run(table, budget=4)
    assert dict(without.record.retrainings) == {}
    page = without.report(tmp_path / "without.html").read_text()
    assert "The front was not trained again" in page
    assert 'href="#retrained">test data' not in page
    page = run(table, budget=4, report=["test_accuracy"]).report(tmp_path / "with.html").read_text()
    assert "test_accuracy" in page
    assert "trained again from fresh weights" not in page
    assert "The objectives among the columns are those that the search chose by" in page


def test_identity_is_the_notation_where_the_cost_of_twins_differs_and_else_the_function(table: Path) -> None:
    functions = {SPACE.simplify(SPACE.parse(notation)).key for notation in ALL}
    assert len(functions) < len(ALL) / 2
    for cheap, settings, distinct in (
        ("latency_ms", {}, len(ALL)),
        ("latency_ms", {"identity": "function"}, len(functions)),
        ("flops", {"identity": "notation"}, len(ALL)),
    ):
        objectives = [ACCURACY, Column(cheap, "min", needs="architecture")]
        evaluator = TableEvaluator(SPACE, objectives, str(table), **settings)  # type: ignore[arg-type]
        assert evaluator.measurements.by_notation == (distinct == len(ALL))
    assert not TableEvaluator(SPACE, [ACCURACY], str(table)).measurements.by_notation
    some = ALL[::9]
    functions = {SPACE.simplify(SPACE.parse(notation)).key for notation in some}
    assert len(functions) < len(some) - 10
    path = written(table.with_name("some.csv"), some)
    for identity, distinct in (("function", len(functions)), ("notation", len(some))):
        archive = run(path, identity=identity, budget=100, searcher="random").archive
        assert len({trial.proposal.key for trial in archive.trials}) == len(archive) == distinct


def test_a_table_smaller_than_the_budget_is_searched_to_its_end_which_is_told(tmp_path: Path) -> None:
    some = ALL[::40]
    functions = {SPACE.simplify(SPACE.parse(notation)).key for notation in some}
    path = written(tmp_path / "small.csv", some)
    for searcher in ("nsga2", "random", "predictor_guided"):
        result = run(path, ACCURACY, searcher=searcher, budget=100)
        assert {trial.proposal.key for trial in result.archive.trials} == functions
        assert {trial.proposal.notation for trial in result.archive.trials} <= set(some)


def test_the_default_searcher_tells_that_the_table_ended_before_the_budget(tmp_path: Path) -> None:
    some = ALL[::40]
    path = written(tmp_path / "small.csv", some)
    told = Recorder()
    archive = run(path, ACCURACY, searcher="screened_nsga2", budget=100, progress=told).archive
    assert {trial.proposal.key for trial in archive.trials} == {SPACE.simplify(SPACE.parse(one)).key for one in some}
    (note,) = told.notes
    assert note.startswith("the search ends before its budget: no unseen feasible architecture was found")
    assert note.endswith(f"{len(archive)} are in the archive")


@pytest.mark.parametrize("searcher", ["nsga2", "screened_nsga2"])
def test_a_budget_below_the_first_sample_is_kept(table: Path, searcher: str) -> None:
    assert len(run(table, budget=3, searcher=searcher).archive.trained) == 3


def test_what_the_table_gives_no_cost_for_is_no_candidate(tmp_path: Path) -> None:
    """A row of NaN among costs known before training would be the best of all, were it compared."""

    def gap(notation: str, row: dict[str, object]) -> None:
        if "none" in notation:
            row["latency_ms"] = "nan"

    archive = run(written(tmp_path / "gaps.csv", ALL, gap), budget=60).archive
    assert len(archive.trained) == 60, "and rows of one function that differ in what is there stay apart"
    assert not [trial for trial in archive.trials if "none" in trial.proposal.notation]


def test_bounds_that_contradict_each_other_are_named_with_what_they_reject(table: Path) -> None:
    objectives = [ACCURACY, LATENCY, Column("flops", "min", needs="architecture")]
    with pytest.raises(SearchError, match=r"(?s)no feasible.*latency_ms <= 2 rejected [\d,]+ .*flops >= 4 rejected"):
        run(table, *objectives, constraints={"latency_ms": "<= 2", "flops": ">= 4"})


def test_an_empty_value_is_a_failure_and_never_a_number(tmp_path: Path) -> None:
    def gap(notation: str, row: dict[str, object]) -> None:
        if "none" in notation:
            row["accuracy"] = ""

    archive = run(written(tmp_path / "gaps.csv", ALL, gap)).archive
    assert archive.failed
    for trial in archive.trials:
        assert (trial.failure is not None) == ("none" in trial.proposal.notation)
    assert {trial.failure.kind for trial in archive.failed if trial.failure} == {"invalid"}
    assert "'accuracy' returned nan" in archive.failed[0].failure.message  # type: ignore[union-attr]


def test_failures_are_injected_by_the_candidates_seed_alone(table: Path) -> None:
    evaluator = TableEvaluator(SPACE, [ACCURACY], str(table), failure_share=0.3)
    cell = SPACE.parse(ALL[7])
    kinds = [evaluator.evaluate(cell, seed).failure for seed in range(2000)]
    assert kinds == [evaluator.evaluate(SPACE.parse(ALL[9]), seed).failure for seed in range(2000)]
    failed = [failure.kind for failure in kinds if failure is not None]
    assert 540 < len(failed) < 660
    assert set(failed) == set(FAILURE_KINDS)
    final = TableEvaluator(SPACE, [ACCURACY], str(table), failure_share=1.0, test=True)
    assert final.evaluate(cell, 0).failure is None
    only = TableEvaluator(SPACE, [ACCURACY], str(table), failure_share=1.0, failure_kinds=["timeout"])
    failure = only.evaluate(cell, 3).failure
    assert failure is not None
    assert failure.kind == "timeout"


def test_replicates_read_the_columns_of_further_trainings(table: Path) -> None:
    """Here the seconds play the second training, and the test accuracy the third."""
    further = {"accuracy": ["seconds", "test_accuracy"]}
    archive = run(table, ACCURACY, trainings=3, budget=60, replicates=further).archive
    assert {trial.proposal.replicate for trial in archive.trials} == {0, 1, 2}
    for trial in archive.trials:
        row = figures(ALL.index(trial.proposal.notation), trial.proposal.notation)
        assert trial.rung_values["accuracy"] == row[("accuracy", *further["accuracy"])[trial.proposal.replicate]]
    with pytest.raises(CampaignError, match=r"replicates: replicate 3 of column 'accuracy' needs a further .* names 2"):
        run(table, trainings=4, replicates=further)
    with pytest.raises(CampaignError, match="has no column 'run_2'"):
        run(table, trainings=2, replicates={"accuracy": ["run_2"]})


@pytest.mark.parametrize(
    ("objectives", "settings", "message"),
    [
        ([Column("error", "min")], {}, r"evaluator.*has no column 'error'; it has accuracy, test_accuracy, latency_ms"),
        ([ACCURACY], {"seconds": "hours"}, "has no column 'hours'"),
        ([ACCURACY], {"report": ["accuracy"]}, "column 'accuracy' is searched for; the report's columns are others"),
        ([ACCURACY], {"failure_share": 2.0}, r"failure_share must be in \[0, 1\]; got 2.0"),
        ([ACCURACY], {"failure_share": 0.5, "failure_kinds": ["rain"]}, "failure_kinds"),
        ([ACCURACY], {"seconds": -1.0}, "seconds must be a column's name or a finite number from 0; got -1"),
        (
            [ValidationError()],
            {},
            "no table gives objective 'validation_error', which needs the training; write the col",
        ),
    ],
)
def test_what_does_not_fit_the_table_is_refused_before_anything_runs(
    table: Path, objectives: list[Any], settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(CampaignError, match=message):
        run(table, *objectives, **settings)


def test_tables_with_architectures_twice_or_of_another_space_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CampaignError, match=r"twice.csv:4 architecture .* stands in line 2 too"):
        run(written(tmp_path / "twice.csv", [*ALL[:2], ALL[0]]))
    foreign = NOTATION.format(*["avg_pool_3x3"] * 6)
    with pytest.raises(CampaignError, match=r"row 2 is not in the space: .*avg_pool_3x3"):
        run(written(tmp_path / "foreign.csv", [ALL[0], foreign]))
    with pytest.raises(CampaignError, match=r"nowhere.csv"):
        run(tmp_path / "nowhere.csv")


def test_a_column_without_a_table_is_refused() -> None:
    with pytest.raises(
        CampaignError, match=r"objectives\[0\]: column 'accuracy' is read from a table; write evaluator"
    ):
        evonas.search("cell201", [ACCURACY], progress=False)


def test_twins_inform_each_other_though_each_is_a_candidate(table: Path) -> None:
    """What a predictor sees of two notations of one function is one row."""
    from surrogates import ENCODINGS

    twins: dict[str, list[str]] = {}
    for notation in ALL:
        twins.setdefault(SPACE.simplify(SPACE.parse(notation)).key, []).append(notation)
    first, second, *_ = next(group for group in twins.values() if len(group) > 2)
    for name in ("graph_features", "log_cost"):
        rows = discover(ENCODINGS)[name](SPACE).encode([SPACE.parse(first), SPACE.parse(second)])
        np.testing.assert_array_equal(rows[0], rows[1])
