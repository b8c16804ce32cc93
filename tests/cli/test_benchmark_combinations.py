"""``evonas benchmark combinations`` on a table whose best combination is known."""

import csv
import json
from pathlib import Path

import numpy as np
from typer.testing import CliRunner

from evonas.cli.main import app
from spaces.cell201 import Cell201


def test_combinations_are_scored_on_what_they_never_saw(tmp_path: Path) -> None:
    space, rng = Cell201(), np.random.default_rng(0)
    rows = []
    for notation in dict.fromkeys(space.format(space.sample(rng)) for _ in range(400)):
        one, other = rng.normal(size=2)
        rows.append([notation, one, "" if len(rows) < 5 else other, one + other])
    path = tmp_path / "table.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["arch", "proxy_one", "proxy_other", "accuracy"], *rows])
    arguments = ["--table", str(path), "--target", "accuracy", "--trained", "40", "--repeats", "2", "--scored", "100"]
    result = CliRunner().invoke(app, ["benchmark", "combinations", *arguments, "--json"], catch_exceptions=False)
    found = {row["combination"]: row for row in map(json.loads, result.stdout.splitlines())}
    assert list(found) == [
        *("proxy_one", "proxy_other", "rank_aggregation (log)", "rank_aggregation (linear)"),
        *("information_gain", "libra", "per_architecture_weights", "random_forest"),
    ]
    assert found["rank_aggregation (log)"]["scored"] == len(rows) - 5
    assert found["rank_aggregation (linear)"]["tau"] > found["proxy_one"]["tau"] + 0.2
    assert found["random_forest"]["tau"] > found["proxy_other"]["tau"] + 0.1
    assert found["per_architecture_weights"]["tau"] > found["proxy_other"]["tau"] + 0.1
    assert found["random_forest"]["deviation"] > 0
