"""What ``evonas check`` makes before a run would, and finds."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import write

from evonas.campaign.reading.fault import CampaignError
from evonas.cli.check import check_campaign
from evonas.cli.run import run_campaign
from evonas.core.searcher import SearchError


@pytest.mark.parametrize(
    ("section", "part", "told"),
    [
        ("predictor", {"name": "graph_network", "pretrained": "nowhere.safetensors"}, "there is no file 'nowhere"),
        ("predictor", {"name": "stacked", "members": ["gaussian_proces"]}, "Did you mean 'gaussian_process'"),
        ("executor", {"name": "processes", "devices": ["cuda:99"]}, "CUDA devices.*Got 'cuda:99'"),
        ("executor", {"name": "serial", "workers": 3}, "has one worker. Got workers=3"),
        ("trainer", {"name": "classifier", "device": "cuda:99"}, "exist on this machine.*'cuda:99'"),
    ],
)
def test_every_part_that_a_run_makes_is_made_and_its_fault_has_its_line(
    section: str, part: dict[str, Any], told: str, tmp_path: Path
) -> None:
    file = write(tmp_path, **{section: part})
    line = next(number for number, text in enumerate(file.read_text().splitlines(), 1) if f'"{section}"' in text)
    with pytest.raises(CampaignError, match=told) as raised:
        check_campaign(str(file), as_json=True)
    assert [fault.path[0] for fault in raised.value.faults] == [section]
    assert line <= (raised.value.faults[0].line or 0) <= line + len(part) + 1


FLAT: dict[str, Any] = {"space": "mlp", "dataset": {"name": "arrays", "path": "flat.npz"}}


def own_objectives(folder: Path) -> None:
    (folder / "checked_by_a_test.py").write_text(
        "def never(model):\n    raise RuntimeError('no luck')\n"
        "def forgetful(training):\n    return training.metrics['nothing']\n"
    )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"objectives": ["validation_error", {"name": "checked_by_a_test.never"}]}, "5 sampled networks.*no luck"),
        ({"objectives": [{"name": "checked_by_a_test.forgetful"}, "macs"]}, r"5 short trainings.*KeyError: 'nothing'"),
        ({"trainer": {"name": "classifier", "learning_rate": 1e30}}, r"short trainings.*\(divergence\).*below 1e\+30"),
        ({**FLAT, "trainer": {"name": "classifier", "crop": 2}}, "crop, flip and cutout are for images"),
    ],
)
def test_what_would_fail_in_every_trial_is_told_before_the_campaign(
    changes: dict[str, Any], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    own_objectives(tmp_path)
    rng = np.random.default_rng(0)
    np.savez("flat.npz", inputs=rng.normal(size=(90, 4)), targets=np.arange(90) % 3)
    with pytest.raises(SearchError, match=told):
        check_campaign(str(write(tmp_path, proxies=[], **changes)), as_json=True)


def test_a_space_that_counts_otherwise_than_it_builds_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    page = (Path(__file__).parents[2] / "docs" / "own_space.md").read_text()
    source = re.findall(r"```python\n(.*?)```", page, re.DOTALL)[0]
    for name, right, wrong in (
        ("right_by_a_test", "", ""),
        ("parameters_by_a_test", 'weights + 2 * layer["width"]', "weights"),
        ("macs_by_a_test", "weights * height * width", "weights * height"),
        ("broken_by_a_test", "genes, channels, parts = ", "genes, channels = "),
    ):
        (tmp_path / f"{name}.py").write_text(source.replace(right, wrong))
    files = {
        name: str(write(tmp_path, space=f"{name}_by_a_test.PlainConvNet", proxies=[]).rename(f"{name}.yaml"))
        for name in ("right", "parameters", "macs", "broken")
    }
    check_campaign(files["right"], as_json=True)
    assert json.loads(capsys.readouterr().out)["miscounted"] == ""
    with pytest.raises(
        CampaignError, match=r"space: cost counts [\d,]+ parameters of pooling=.*, but what build makes"
    ):
        check_campaign(files["parameters"], as_json=True)
    check_campaign(files["macs"], as_json=True)
    with pytest.raises(SearchError, match=r"not one of 5 short trainings succeeded.*too many values to unpack"):
        check_campaign(files["broken"], as_json=True)
    assert "multiply-accumulates of pooling=" in json.loads(capsys.readouterr().out)["miscounted"]


def test_replicates_that_a_small_budget_leaves_no_room_for_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cells.csv").write_text("arch,accuracy\n|none~0|+|none~0|none~1|+|none~0|none~1|none~2|,0.1\n")
    table = {"name": "table", "path": "cells.csv", "replicates": {"accuracy": ["accuracy"]}}
    changes: dict[str, Any] = {"space": "cell201", "evaluator": table, "proxies": [], "initial": 8}
    changes["objectives"] = [{"name": "column", "column": "accuracy", "goal": "max"}]
    for budget, repeats in ((17, "none, for a share of 0.1 of the 9 trainings"), (18, "")):
        check_campaign(str(write(tmp_path, **changes, budget=budget, replicates=2)), as_json=True)
        told = json.loads(capsys.readouterr().out)["unrepeated"]
        assert told.startswith(repeats)
        assert bool(told) == bool(repeats)


def test_a_table_is_counted_and_one_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    cells = [
        f"|{operation}~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|" for operation in ("none", "skip_connect")
    ]
    (tmp_path / "cells.csv").write_text("\n".join(["arch,accuracy", f"{cells[0]},0.1", f"{cells[1]},0.9"]) + "\n")
    objective = {"name": "column", "column": "accuracy", "goal": "max"}
    changes: dict[str, Any] = {"space": "cell201", "objectives": [objective], "proxies": [], "budget": 3}
    check_campaign(str(write(tmp_path, **changes, evaluator={"name": "table", "path": "cells.csv"})), as_json=False)
    told = capsys.readouterr().out
    assert "data: 2 architectures of cells.csv, looked up and not trained; the budget of 3 is more" in told
    assert "time:" not in told
    with pytest.raises(CampaignError, match=r"there is no table at /.*/nowhere\.csv; correct the path"):
        check_campaign(
            str(write(tmp_path, **changes, evaluator={"name": "table", "path": "nowhere.csv"})), as_json=False
        )


def test_a_space_of_images_is_refused_for_a_table_and_the_space_is_blamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    np.savez("flat.npz", inputs=np.random.default_rng(0).normal(size=(90, 4)), targets=np.arange(90) % 3)
    file = write(tmp_path, dataset={"name": "arrays", "path": "flat.npz"})
    with pytest.raises(CampaignError, match=r"got \(4,\); for a table take the space mlp") as raised:
        check_campaign(str(file), as_json=True)
    assert [fault.path for fault in raised.value.faults] == [("space",)]


def test_a_campaign_of_which_nothing_was_trained_says_so_and_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    trainer = {"name": "classifier", "epochs": 1, "learning_rate": 1e30}
    file = write(tmp_path, budget=2, initial=2, executor="serial", trainer=trainer, proxies=[])
    assert run_campaign(str(file), None, None, None) == 1
    told = capsys.readouterr()
    assert "report: results/fast/report.html" in told.out
    assert "error: nothing was trained: all 2 candidates failed, 2 of them (divergence): " in told.err
