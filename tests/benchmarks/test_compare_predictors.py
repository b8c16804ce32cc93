"""``evonas predictors compare``: its figures by hand, and what it must never do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import kendalltau, spearmanr
from typer.testing import CliRunner
from watched_predictors import ENCODED, FITS, guess

from evonas.benchmarks.comparison_figures import training_size_figure
from evonas.benchmarks.predictors import Compared, PredictorComparison, measure_predictors
from evonas.cli.main import app
from evonas.tables.table import Table
from spaces.cell201 import Cell201

SPACE = Cell201()
GUESSING, FAILING, ENCODING = (f"watched_predictors.{name}" for name in ("Guessing", "Failing", "Encoded"))


@pytest.fixture(autouse=True)
def forget() -> None:
    FITS.clear()
    ENCODED.clear()


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 cells with twins among them; the accuracy of three and the score of five others are not known."""
    rng = np.random.default_rng(3)
    # Few operations, so that many cells simplify to the same.
    small = Cell201(ops=("none", "skip_connect", "nor_conv_3x3"))
    cells = list({small.format(small.sample(rng)): None for _ in range(200)})[:60]
    lines = ["arch,accuracy,latency_ms,score,note"]
    for row, cell in enumerate(cells):
        accuracy = "" if row in (4, 9, 11) else f"{60 + 30 * rng.random():.3f}"
        score = "" if row in (1, 2, 3, 5, 6) else f"{rng.random():.4f}"
        lines.append(f"{cell},{accuracy},{rng.random():.5f},{score},text")
    path = tmp_path_factory.mktemp("table") / "table.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def compared(table: Path, **changes: Any) -> Compared:
    asked: dict[str, Any] = {"predictors": [GUESSING], "train_sizes": [12], "seeds": 1, "target": "accuracy:max"}
    return measure_predictors(PredictorComparison("cell201", table, **{**asked, "top": 5, **changes}))


def test_every_figure_by_hand(table: Path) -> None:
    (row,) = compared(table).rows
    read = Table.read(table, SPACE)
    ((_, trained, targets),) = FITS
    accuracy = dict(zip(read.architectures, read.column("accuracy"), strict=True))
    assert targets.tolist() == [-accuracy[cell] for cell in trained], "more is better, so it is negated"
    scored = [cell for cell, value in accuracy.items() if cell not in trained and np.isfinite(value)]
    assert len(scored) == 60 - 3 - 12
    guessed, measured = [guess(cell) for cell in scored], [-accuracy[cell] for cell in scored]
    assert row["tau"] == pytest.approx(kendalltau(guessed, measured).statistic)
    assert row["spearman"] == pytest.approx(spearmanr(guessed, measured).statistic)
    keys = {SPACE.simplify(cell).key for cell in trained}
    new = [index for index, cell in enumerate(scored) if SPACE.simplify(cell).key not in keys]
    assert 0 < len(new) < len(scored), "else this test could not tell them apart"
    alone = kendalltau([guessed[index] for index in new], [measured[index] for index in new]).statistic
    assert row["tau_no_twins"] == pytest.approx(alone)
    assert row["coverage"] == np.mean(
        [abs(said - true) <= 1.2815515655 for said, true in zip(guessed, measured, strict=True)]
    )
    assert (row["predictor"], row["trained"], row["seeds"], row["failed"]) == (GUESSING, 12, 1, 0)
    assert row["tau_std"] is None


def test_the_top_is_the_most_accurate(table: Path, tmp_path: Path) -> None:
    """A predictor that knows the accuracies ranks perfectly; told that less is better, it chooses the worst."""
    text = table.read_text().splitlines()
    known = [line for line in text[1:] if line.split(",")[1]]
    accuracy = [line.split(",")[1] for line in known]
    lines = [f"{text[0]},good,bad"]
    lines += [f"{line},{value},-{value}" for line, value in zip(known, accuracy, strict=True)]
    whole = tmp_path / "whole.csv"
    # Features are shared by twins, so that the law holds for cells without: one of each form is kept.
    forms = {SPACE.simplify(SPACE.parse(line.split(",")[0])).key: line for line in lines[1:]}
    whole.write_text("\n".join([lines[0], *forms.values()]) + "\n")
    options: dict[str, Any] = {"predictors": [ENCODING], "encodings": ["columns"], "train_sizes": [4], "top": 2}
    (best,) = compared(whole, features=["bad"], **options).rows
    assert (best["tau"], best["precision_1%"], best["precision@2"], best["n@2"]) == (1, 1, 1, 1)
    (worst,) = compared(whole, features=["good"], **options).rows
    assert (worst["tau"], worst["precision_1%"], worst["precision@2"]) == (-1, 0, 0)
    assert worst["n@2"] == len(forms) - 4 - 1, "of the two worst the better one"


def test_all_predictors_get_the_same_rows_and_never_a_trained_one_to_score(table: Path) -> None:
    found = compared(table, predictors=[f"{GUESSING},{FAILING}"], train_sizes=[4, 8], seeds=3)
    assert [row["failed"] for row in found.rows] == [0] * 4, "Guessing fails where a trained row is scored"
    assert [name for name, _, _ in FITS] == ["Guessing", "Failing"] * 6
    for (_, mine, _), (_, theirs, _) in zip(FITS[::2], FITS[1::2], strict=True):
        assert mine == theirs
    rows = [trained for _, trained, _ in FITS[::2]]
    assert [len(trained) for trained in rows] == [4, 8] * 3
    for few, more in zip(rows[::2], rows[1::2], strict=True):
        assert set(few) < set(more)
    assert len({frozenset(trained) for trained in rows}) == 6, "every seed draws anew"


def test_a_predictor_that_fails_ends_no_other_and_becomes_no_number(table: Path, tmp_path: Path) -> None:
    found = compared(table, predictors=[FAILING, GUESSING], train_sizes=[8, 9], seeds=2, cache=tmp_path)
    eight, nine, *others = found.rows
    assert (eight["failed"], eight["seeds"]) == (0, 2)
    assert (nine["failed"], nine["seeds"], nine["tau"], nine["coverage"]) == (2, 0, None, None)
    assert [row["failed"] for row in others] == [0, 0]
    assert f"{FAILING} on 9 rows: 2 of 2 runs failed: FloatingPointError: too many" in found.notes
    assert len(list(tmp_path.iterdir())) == 6, "failures are tried again"


def test_means_and_deviations_are_over_seeds(table: Path) -> None:
    (both,) = compared(table, seeds=2).rows
    sides = []
    for _, trained, _ in FITS:
        read = Table.read(table, SPACE)
        scored = [
            (guess(cell), -value)
            for cell, value in zip(read.architectures, read.column("accuracy"), strict=True)
            if cell not in trained and np.isfinite(value)
        ]
        sides.append(kendalltau(*zip(*scored, strict=True)).statistic)
    assert both["tau"] == pytest.approx(sum(sides) / 2)
    assert both["tau_std"] == pytest.approx(abs(sides[0] - sides[1]) / 2**0.5)


def test_finished_runs_are_kept_and_only_those_of_the_same_question(table: Path, tmp_path: Path) -> None:
    first = compared(table, seeds=3, cache=tmp_path)
    assert len(FITS) == 3
    assert compared(table, seeds=3, cache=tmp_path) == first
    assert len(FITS) == 3
    one, other, _ = sorted(tmp_path.iterdir())
    one.unlink()
    other.write_text("{")
    again = compared(table, seeds=4, cache=tmp_path)
    assert len(FITS) == 6
    assert again.rows[0]["seeds"] == 4
    compared(table, seeds=3, cache=tmp_path, target="latency_ms")
    assert len(FITS) == 9
    compared(table, seeds=3, cache=tmp_path, population=50)
    assert len(FITS) == 12


def test_rows_without_a_value_are_left_out_and_counted(table: Path) -> None:
    plain = compared(table)
    assert "57 of 60 rows; 3 left out" in plain.notes[0]
    found = compared(table, predictors=[ENCODING], encodings=["log_cost"], features=["score"], train_sizes=[40])
    assert "52 of 60 rows; 8 left out" in found.notes[0]
    ((names, rows),) = ENCODED
    assert names == ("log_parameters", "log_macs", "depth", "score")
    read = Table.read(table, SPACE)
    usable = np.isfinite(read.column("accuracy")) & np.isfinite(read.column("score"))
    scores: dict[str, list[float]] = {}
    for cell, score, use in zip(read.architectures, read.column("score"), usable, strict=True):
        if use:
            scores.setdefault(SPACE.simplify(cell).key, []).append(score)
    assert max(map(len, scores.values())) > 1
    for cell, row in rows.items():
        twins = scores[SPACE.simplify(cell).key]
        assert row[3] == pytest.approx(sum(twins) / len(twins)), "twins share one row, the mean of theirs"


def test_a_population_is_drawn_once(table: Path) -> None:
    compared(table, population=20, train_sizes=[15], seeds=3)
    assert len({cell for _, trained, _ in FITS for cell in trained}) == 20


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"target": "error"}, r"--target: .*table.csv has no column 'error'; it has accuracy, latency_ms, score, note"),
        ({"target": "accuracy"}, r"--target: 'accuracy' seems to be an accuracy.*write 'accuracy:max'"),
        ({"target": "accuracy:best"}, r"--target: after the colon stands min or max, .*; got 'accuracy:best'"),
        ({"target": "note"}, r"--target: .*column 'note' must hold numbers; row 1 holds 'text'"),
        ({"features": ["flops"]}, r"--features: .* has no column 'flops'"),
        ({"train_sizes": [8, 53]}, r"--train-sizes: at least 5 of the 57 usable rows .* at most 52 .*; got 53"),
        ({"train_sizes": [3]}, r"--train-sizes: a predictor needs at least 4 trained architectures; got 3"),
        ({"train_sizes": [8, 8]}, r"--train-sizes: name each size once; got 8, 8"),
        ({"population": 58}, r"--population: it must be at most the 57 usable rows; got 58"),
        ({"predictors": ["tree"]}, r"--predictors: expected a predictor: one of .*Did you mean 'trees'\?"),
        ({"predictors": ["{name: trees, depht: 3}"]}, r"--predictors.depht: unknown argument.*Did you mean 'depth'"),
        ({"predictors": ["{name: trees, depth: 0}"]}, r"--predictors: depth must be at least 1; got 0"),
        ({"predictors": ["{depth: 0}"]}, r"--predictors: a component is a name, or a mapping with one under 'name'"),
        ({"predictors": ["{name: trees"]}, r"--predictors:1: the file is no YAML"),
        ({"predictors": ["{name: trees, name: trees}"]}, r"--predictors:1 name: the key stands here a second time"),
        ({"predictors": ["trees", "trees"]}, r"--predictors: 'trees' stands there twice; name it once"),
        ({"predictors": ["trees,"]}, r"--predictors: expected a name, or .*Got nothing"),
        ({"encodings": ["graph_feature"]}, r"--encodings: expected an encoding.*Did you mean 'graph_features'"),
        ({"encodings": ["log_cost"]}, r"--predictors: '.*Guessing' takes no encoding; leave --encodings"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_measured(table: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        compared(table, **changes)
    assert FITS == []


def test_the_command_prints_json_a_table_and_a_plot(table: Path, tmp_path: Path) -> None:
    arguments = ["predictors", "compare", "--space", "{name: cell201, channels: 4}", "--table", str(table)]
    arguments += ["--target", "latency_ms:min", "--train-sizes", "20, 8", "--seeds", "2", "--top", "5"]
    arguments += ["--predictors", "gaussian_process", "--predictors", "{name: trees, trees: 20, bags: 2}"]
    plot = tmp_path / "folder" / "tau.html"
    run = CliRunner().invoke(app, [*arguments, "--plot", str(plot), "--cache", str(tmp_path / "cache"), "--json"])
    assert run.exit_code == 0, run.output
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    labels = ["gaussian_process", "{name: trees, trees: 20, bags: 2}"]
    assert [(row["predictor"], row["trained"]) for row in rows] == [(label, n) for label in labels for n in (8, 20)]
    for row in rows:
        assert -1 <= row["tau"] <= 1
        assert 0 <= row["coverage"] <= 1
        assert row["fit_seconds"] > 0
        assert row["predict_seconds"] > 0
    assert "less is better" in run.stderr
    page = plot.read_text()
    assert all(label in page for label in labels)
    low, high, line = training_size_figure(rows)["data"][3:]
    assert (line["name"], line["x"], line["y"]) == (labels[1], [8, 20], [row["tau"] for row in rows[2:]])
    assert low["y"][1] == pytest.approx(rows[3]["tau"] - rows[3]["tau_std"])
    assert high["y"][1] == pytest.approx(rows[3]["tau"] + rows[3]["tau_std"])
    assert high["fill"] == "tonexty"
    printed = CliRunner().invoke(app, [*arguments, "--cache", str(tmp_path / "cache")])
    assert f"{rows[0]['tau']:.3f} ± {rows[0]['tau_std']:.3f}" in printed.output


@pytest.mark.slow
def test_processes_measure_what_one_process_does(table: Path) -> None:
    options: dict[str, Any] = {"predictors": ["trees,gaussian_process"], "train_sizes": [8, 12], "seeds": 2}
    alone, together = compared(table, **options), compared(table, **options, workers=2)
    timed = {"fit_seconds", "fit_seconds_std", "predict_seconds", "predict_seconds_std"}
    for one, other in zip(alone.rows, together.rows, strict=True):
        assert {k: v for k, v in one.items() if k not in timed} == {k: v for k, v in other.items() if k not in timed}
