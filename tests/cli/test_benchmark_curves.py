"""``evonas benchmark curves`` on curves whose ends are known, and on the published ones."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from evonas.cli.main import app


def rows_of(*arguments: str) -> list[dict[str, Any]]:
    run = CliRunner().invoke(app, ["benchmark", "curves", *arguments, "--json"])
    assert run.exit_code == 0, run.output
    return [json.loads(line) for line in run.stdout.splitlines()]


def write(path: Path, n: int = 60, epochs: int = 20, **changes: Any) -> Path:
    """Losses rank the trainings as they end, early validation accuracies the other way round."""
    ends = np.linspace(0.1, 0.6, n)
    x = np.arange(1, epochs + 1)
    turned = np.where(x[None] < epochs, 1 - ends[:, None], ends[:, None])
    fields = {
        "train_loss": ends[:, None] + 1 / x[None],
        "valid_acc": 100 * (1 - turned),
        "test_acc": 100 * (1 - ends),
        "seconds_per_100_epochs": np.full(n, 50.0),
    }
    np.savez(path, **{**fields, **changes})
    return path


def test_estimates_are_ranked_against_the_end(tmp_path: Path) -> None:
    path = write(tmp_path / "curves.npz")
    rows = rows_of("--table", str(path), "--epochs", "2,10", "--budget", "25", "--repeats", "1")
    found = {(row["estimate"], row["epochs"]): row for row in rows if "estimate" in row}
    for looked in (2, 10):
        for name in ("last training loss (TSE-E, E=1)", "TSE", "TSE-EMA, 0.9"):
            assert found[name, looked]["tau_test"] == pytest.approx(1)
            assert found[name, looked]["tau_better_half"] == pytest.approx(1)
        assert found["last validation error", looked]["tau_test"] == pytest.approx(-1)
        assert found["last validation error", looked]["tau_validation"] == pytest.approx(-1)


def test_stopping_saves_what_is_surely_worse_and_loses_nothing(tmp_path: Path) -> None:
    """Losses after 5 and 10 of 20 epochs tell the end without noise."""
    path = write(tmp_path / "curves.npz", n=120)
    rows = rows_of("--table", str(path), "--epochs", "2", "--budget", "50", "--repeats", "3", "--error-rate", "0.2")
    found = {(row["objectives"], row["candidates"]): row for row in rows if "error_rate" in row}
    assert len(found) == 4
    for row in found.values():
        assert row["wrongly"] == row["front_lost"] == row["regret"] == 0
        assert 0.3 < row["stopped"] <= 26 / 50
        assert row["stopped"] * 0.5 <= row["epochs_saved"] <= row["stopped"] * 0.75 + 1e-9


@pytest.mark.parametrize(
    ("changes", "epochs", "said"),
    [
        ({"valid_acc": np.ones((3, 4))}, "5", "expected curves (n, epochs) and ends (n,)"),
        ({}, "21", "expected epochs from 2 to 20, the curves' last. Got 21"),
        ({}, "five", "invalid literal"),
    ],
)
def test_what_cannot_be_measured_is_said(tmp_path: Path, changes: dict[str, Any], epochs: str, said: str) -> None:
    path = write(tmp_path / "curves.npz", **changes)
    run = CliRunner().invoke(app, ["benchmark", "curves", "--table", str(path), "--epochs", epochs])
    assert run.exit_code == 2
    assert said in " ".join(run.output.replace("│", " ").split())


def test_another_file_is_no_reason_to_load_it_unsafely(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("arch,accuracy\n")
    run = CliRunner().invoke(app, ["benchmark", "curves", "--table", str(tmp_path / "table.csv")])
    assert "is no .npz file; curves are read from one" in " ".join(run.output.replace("│", " ").split())


def test_early_in_published_trainings_their_loss_tells_more_than_their_accuracy() -> None:
    path = Path(os.environ["EVONAS_DATA"]) / "learning_curves.npz"
    if not path.is_file():
        pytest.skip(f"no published curves at {path}: set EVONAS_DATA to the folder that holds them")
    rows = rows_of("--table", str(path), "--epochs", "5,25,50", "--repeats", "4")
    tau = {(row["estimate"], row["epochs"]): row["tau_test"] for row in rows if "estimate" in row}
    loss, error = "last training loss (TSE-E, E=1)", "last validation error"
    assert tau[loss, 5] > tau[error, 5] + 0.05
    assert tau[loss, 25] > tau[error, 25] + 0.05
    assert tau[loss, 50] < tau[error, 50]
    for row in (row for row in rows if "error_rate" in row and row["candidates"] == "all"):
        assert row["epochs_saved"] > 0.1
        assert row["wrongly"] < row["error_rate"] / 2
