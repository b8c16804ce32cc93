"""Campaigns killed at random instants, against one that was not."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from evonas.benchmarks.child import run_campaign, write_campaign
from evonas.benchmarks.progress_line import tracked
from evonas.campaign.running.recall import recall


def measure_resume(kills: int, campaign: str, budget: int, seed: int) -> list[dict[str, Any]]:
    """Kills a campaign of one worker with SIGKILL at random instants, runs it again, and compares.

    Returns:
        One row a kill: ``killed_after_seconds``; ``trials_at_kill``, recorded evaluations then; ``equal``, whether the
        sequence of keys and values equals the uninterrupted run's byte for byte.

    Raises:
        RuntimeError: A campaign did not run to its end.
    """
    changes = {"budget": budget, "executor": {"name": "processes", "workers": 1}, "retrain_front": {"seeds": 0}}
    rng = np.random.default_rng(seed)
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = write_campaign(campaign, folder / "campaign.yaml", changes)
        reference = run_campaign(file, folder / "reference")
        expected = sequence(folder / "reference")
        for kill in tracked(range(kills)):
            results = folder / f"killed{kill}"
            instant = float(rng.uniform(0.0, reference.seconds))
            run_campaign(file, results, kill_after_seconds=instant)
            recorded = _recorded(results)
            finished = run_campaign(file, results)
            if finished.status != 0:
                raise RuntimeError(f"going on ended with status {finished.status}:\n{finished.output[-2000:]}")
            equal = sequence(results) == expected
            rows.append({"kill": kill, "killed_after_seconds": instant, "trials_at_kill": recorded, "equal": equal})
    return rows


def sequence(results: Path) -> bytes:
    """The campaign's sequence of architecture keys and values, as bytes."""
    trials = recall(results).archive.trials
    return json.dumps([[trial.proposal.key, dict(trial.values)] for trial in trials]).encode()


def _recorded(results: Path) -> int:
    from evonas.journal.errors import JournalError

    try:
        archive = recall(results).archive
    except JournalError:  # killed before there was a journal
        return 0
    return len(archive) - len(archive.pending)
