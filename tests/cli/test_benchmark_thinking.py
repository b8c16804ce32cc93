"""``evonas benchmark thinking``: what it counts is exact; what it times is only measured."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from evonas.benchmarks.thinking import measure_thinking
from evonas.cli.main import app

COMMAND = ["benchmark", "thinking", "--candidates", "200", "--batch", "3", "--space", "cell101"]


def test_every_size_of_the_archive_has_a_row() -> None:
    run = CliRunner().invoke(app, [*COMMAND, "--trained", "30,10", "--json"])
    assert run.exit_code == 0, run.output
    rows = [json.loads(line) for line in run.output.splitlines()]
    assert [row["trained"] for row in rows] == [10, 30]
    for row in rows:
        assert row["chosen"] == 3
        assert 3 <= row["screened"] <= 200
        assert row["cpu_seconds"] > 0
        assert {"vary_seconds", "predict_seconds", "choose_seconds"} <= row.keys()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--trained", "ten"], "invalid literal"),
        (["--trained", "3"], "at least 8 trained"),
        (["--space", "cell102"], "Did you mean 'cell101'?"),
    ],
)
def test_what_cannot_be_measured_is_said(arguments: list[str], said: str) -> None:
    run = CliRunner().invoke(app, [*COMMAND, *arguments])
    assert run.exit_code == 2
    assert said in " ".join(run.output.replace("│", " ").split())


@pytest.mark.slow
def test_ten_of_ten_thousand_are_chosen_beside_a_thousand_in_two_seconds() -> None:
    """Choosing proper: fitting, predicting and the batch; making children is the space's and grows with no archive.

    Twice the time is allowed, for a machine that does other work too.
    """
    (row,) = measure_thinking([1000], 10_000, 10, "cell101", "gaussian_process", 0)
    assert row["predict_seconds"] + row["choose_seconds"] < 4
