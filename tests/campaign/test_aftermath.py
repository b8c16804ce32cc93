"""After a search: whose weights are exported."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from quick import quick_plan

from evonas.campaign.reading.fault import CampaignError
from evonas.campaign.running.aftermath import FIGURES, Chosen, export
from evonas.campaign.running.session import execute
from evonas.core.observer import Silent


def chosen(folder: Path, seeds: dict[str, dict[str, Any]]) -> Chosen:
    """A trial whose full trainings brought figures home, and no weights."""
    plan = quick_plan(searcher="random", proxies=(), budget=1)
    record, _ = execute(plan, None, Silent())
    files = folder / "trained" / "0"
    files.mkdir(parents=True)
    told = {
        seed: {"figures": figures, "failure": None if figures else "crash: gone"} for seed, figures in seeds.items()
    }
    (files / FIGURES).write_text(json.dumps({"seeds": told}))
    return Chosen(record, record.archive.trials[0], plan.problem.space, None, None, files)  # type: ignore[arg-type]


def test_test_figures_do_not_choose_the_weights(tmp_path: Path) -> None:
    """Validation does, though another seed is better on test data; a failed one never is."""
    seeds = {
        "0": {"validation_error": 0.2, "validation_loss": 0.1, "test_error": 0.1},
        "1": {"validation_error": 0.1, "validation_loss": 0.9, "test_error": 0.3},
        "2": {},
    }
    with pytest.raises(CampaignError, match="there are no weights of seed 1; trained seeds: none"):
        export(chosen(tmp_path, seeds), "torch")


def test_without_an_error_the_validation_loss_does(tmp_path: Path) -> None:
    seeds = {
        "0": {"validation_loss": 0.3, "test_error": 0.1},
        "1": {"validation_loss": 0.9, "test_error": 0.05},
        "2": {"validation_loss": 0.2, "test_error": 0.3},
    }
    with pytest.raises(CampaignError, match="there are no weights of seed 2"):
        export(chosen(tmp_path, seeds), "torch")


def test_where_every_training_failed_there_is_nothing_to_export(tmp_path: Path) -> None:
    with pytest.raises(CampaignError, match="every full training of trial 0 failed"):
        export(chosen(tmp_path, {"0": {}, "1": {}}), "torch")
