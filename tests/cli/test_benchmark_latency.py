"""``evonas benchmark latency`` and what ``evonas check`` says of objectives that measure."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from commands import evonas, write
from typer.testing import CliRunner

from evonas.benchmarks.latency import measure_latency
from evonas.cli.main import app
from spaces.cell201 import Cell201

COMPACT = "{name: cell201, skeleton: compact, channels: 4}"


@pytest.mark.slow
def test_a_table_is_measured_and_a_campaign_reads_it(tmp_path: Path) -> None:
    few = ("--networks", 3, "--repeats", 2, "--calls", 10)
    said = evonas(
        "benchmark",
        "latency",
        "--space",
        COMPACT,
        "--dataset",
        "digits",
        *few,
        "--save",
        "t.json",
        "--json",
        cwd=tmp_path,
    )
    rows = [json.loads(line) for line in said.splitlines()]
    assert [row["measured"] for row in rows][:4] == ["eager cpu", "onnx cpu", "table cpu", "macs cpu"]
    for row in rows[:2]:
        assert 0 < row["milliseconds"] < 1000
        assert 0 <= row["repeat_error"] <= row["worst_repeat_error"]
    saved = json.loads((tmp_path / "t.json").read_text())
    assert (saved["held_out"]["networks"], saved["fitted"]) == (3, 8)
    table = {"name": "operation_latency_ms", "table": str(tmp_path / "t.json")}
    objectives = ["validation_error", "latency_ms", table]
    write(tmp_path, objectives=objectives)
    assert json.loads(evonas("check", "fast.yaml", "--json", cwd=tmp_path))["unmeasured"] == ""
    write(tmp_path, objectives=objectives, space={"name": "cell201", "skeleton": "compact", "channels": [5]})
    run = CliRunner().invoke(app, ["check", str(tmp_path / "fast.yaml")])
    assert run.exit_code != 0
    assert "not one of 5 sampled networks can be measured" in str(run.exception)
    assert "the latency table of Cell201 has no Conv2d(1, 5, kernel_size=(3, 3)" in str(run.exception)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_energy_without_a_gpu_is_refused_by_check(tmp_path: Path) -> None:
    write(tmp_path, objectives=["validation_error", "energy_mj"])
    run = CliRunner().invoke(app, ["check", str(tmp_path / "fast.yaml")])
    assert run.exit_code != 0
    assert "device 'cuda' does not exist: torch sees 0 CUDA devices here" in str(run.exception)


def test_an_unknown_space_is_named() -> None:
    run = CliRunner().invoke(app, ["benchmark", "latency", "--space", "cell202"])
    assert run.exit_code != 0
    assert "Did you mean 'cell201'?" in str(run.exception)


def test_a_space_with_too_few_networks_is_refused() -> None:
    space = Cell201(skeleton="compact", ops=("none", "skip_connect"))
    with pytest.raises(ValueError, match=r"different networks are needed; \d+ were found: measure fewer"):
        measure_latency(space, networks=70, repeats=2, calls=5, seed=0)
