"""``evonas benchmark spaces``: what it counts is exact; what it times is only measured."""

from __future__ import annotations

import json

from typer.testing import CliRunner

import spaces
from evonas.benchmarks.spaces import measure_spaces
from evonas.cli.main import app
from spaces.discovery import names


def test_every_discovered_space_has_a_row_of_positive_times() -> None:
    run = CliRunner().invoke(app, ["benchmark", "spaces", "--architectures", "3", "--offspring", "5", "--json"])
    assert run.exit_code == 0, run.output
    rows = [json.loads(line) for line in run.output.splitlines()]
    assert [row["space"] for row in rows] == list(names(spaces.ROOM))
    for row in rows:
        assert all(row[f"{what}_us"] > 0 for what in ("sample", "mutate", "simplify", "key", "cost"))
        assert row["offspring"] == 5
        assert 1 <= row["functions"] <= 5
        assert row["generation_cpu_seconds"] >= 0


def test_a_generation_ends_where_the_space_has_no_more() -> None:
    """A single parent of ``cell201`` has 24 neighbours."""
    (row,) = measure_spaces(architectures=1, offspring=1000, seed=0, only="cell201")
    assert row["space"] == "cell201"
    assert row["offspring"] <= 24
    assert row["functions"] <= row["offspring"]


def test_an_unknown_space_is_named() -> None:
    run = CliRunner().invoke(app, ["benchmark", "spaces", "--space", "cell202"])
    assert run.exit_code == 2
    assert "Did you mean 'cell201'?" in " ".join(run.output.replace("│", " ").split())
