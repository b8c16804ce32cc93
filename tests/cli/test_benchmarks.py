"""The benchmark commands run and print what they say; their figures are not tested here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import evonas, write


def rows(*arguments: object, cwd: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in evonas("benchmark", *arguments, "--json", cwd=cwd).splitlines()]


@pytest.mark.slow
def test_the_engines_own_share_is_small_beside_trainings_of_a_minute(tmp_path: Path) -> None:
    (row,) = rows("overhead", "--seconds", 60, "--budget", 20, cwd=tmp_path)
    assert row["training_seconds"] == 600
    assert 0 < float(str(row["other_share"])) < 0.05


@pytest.mark.slow
def test_the_trainer_is_set_beside_loops_written_by_hand(tmp_path: Path) -> None:
    found = rows("training", "--candidates", 2, "--repeats", 1, "--epochs", 1, cwd=tmp_path)[:3]
    assert [row["way"] for row in found] == ["trainer", "bare", "plain"]
    trainer, bare, _ = (float(str(row["candidates_per_hour"])) for row in found)
    assert float(str(found[1]["seconds_over_trainer"])) == pytest.approx(trainer / bare)


@pytest.mark.slow
def test_packing_issues_a_fraction_of_the_operations(tmp_path: Path) -> None:
    found = rows("packing", "--candidates", 16, "--epochs", 1, cwd=tmp_path)
    assert [(row["cells"], row["candidates"]) for row in found[:2]] == [(1, 16), (5, 16)]
    assert [(row["way"], row["packed"]) for row in found[2:4]] == [
        ("campaign, one at a time", 1.0),
        ("campaign, packed", 16.0),
    ]
    one, packed = (float(str(row["candidates_per_hour"])) for row in found[2:4])
    assert found[3]["over_alone"] == pytest.approx(packed / one)
    assert all(0 < float(str(row["between"])) < 1 for row in found[2:4])
    for row in found[:2]:
        packed, alone = (float(str(row[name])) for name in ("operations_packed", "operations_alone"))
        assert 0 < packed < alone / 2
        assert row["share"] == pytest.approx(packed / alone)
        assert 1 < float(str(row["bytes_over_alone"])) < 2


@pytest.mark.slow
def test_a_campaign_killed_by_the_benchmark_goes_on_equal(tmp_path: Path) -> None:
    write(tmp_path)
    killed = rows("resume", "--kills", 2, "--campaign", "fast.yaml", "--budget", 14, cwd=tmp_path)
    assert [row["equal"] for row in killed] == [True, True]


@pytest.mark.slow
def test_a_whole_campaign_is_measured(tmp_path: Path) -> None:
    write(tmp_path)
    (row,) = rows("demo", "--campaign", "fast.yaml", cwd=tmp_path)
    assert row["trained"] == 14
    assert row["retrained"] == row["front"]
    assert 0 < float(str(row["training_share"])) < 1
    assert float(str(row["training_share"])) + float(str(row["other_share"])) == pytest.approx(1)
    assert 100 < float(str(row["peak_main_mb"])) < 1500


@pytest.mark.slow
def test_workers_are_compared(tmp_path: Path) -> None:
    one, two, ratio = rows("workers", "--candidates", 4, "--repeats", 1, cwd=tmp_path)
    assert float(str(ratio["ratio"])) == pytest.approx(
        float(str(two["candidates_per_second"])) / float(str(one["candidates_per_second"]))
    )


@pytest.mark.slow
def test_proxies_are_set_beside_a_pass(tmp_path: Path) -> None:
    sizes = ("--cells", 1, "--repeats", 1, "--batch", 4, "--compact", 2, "--standard", 2, "--workers", 0)
    found = rows("proxies", *sizes, "--device", "cpu", cwd=tmp_path)
    passes = {row["proxies"]: row.get("passes") for row in found}
    assert passes["pass"] == 1
    assert 0 < float(str(passes["l2_norm"])) < float(str(passes["nine"])) < float(str(passes["nine, synflow, zen"]))
    assert passes["nine, compact, alone"] is passes["nine, compact, two processes"] is None
    milliseconds = {row["proxies"]: float(str(row["milliseconds"])) for row in found}
    assert milliseconds["nine, standard, cpu, alone"] > 2 * milliseconds["nine, compact, alone"]
