"""A whole campaign as a user runs it: wall time, where it goes, and memory."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from evonas.benchmarks.child import run_campaign, write_campaign
from evonas.benchmarks.progress_line import tracked
from evonas.campaign.running.recall import recall

Rows = list[dict[str, Any]]


def measure_demo(campaign: str, repeats: int = 1) -> Rows:
    """Runs a campaign in fresh folders, report and retraining of the front included.

    Returns:
        One row a repeat: ``wall_seconds``; ``trained``; ``retrained``; ``training_share``, worker seconds spent in
        trainings over worker seconds available, from starting the command to its end; ``other_share``, the rest;
        ``peak_main_mb``.

    Raises:
        RuntimeError: The campaign did not run to its end.
    """
    rows: Rows = []
    for repeat in tracked(range(repeats)):
        with tempfile.TemporaryDirectory() as folder:
            file = write_campaign(campaign, Path(folder) / "campaign.yaml", {})
            results = Path(folder) / "results"
            outcome = run_campaign(file, results)
            if outcome.status != 0:
                raise RuntimeError(f"the campaign ended with status {outcome.status}:\n{outcome.output[-2000:]}")
            record = recall(results)
        workers = int(record.manifest["campaign"]["executor"].get("workers", 1))
        evaluations = [trial.evaluation for trial in record.archive.trials if trial.evaluation is not None]
        retrainings = [evaluation for seeds in record.retrainings.values() for evaluation in seeds]
        training = sum(evaluation.seconds for evaluation in [*evaluations, *retrainings])
        share = training / (workers * outcome.seconds)
        rows.append(
            {
                "repeat": repeat,
                "wall_seconds": outcome.seconds,
                "trained": len(record.archive.trained),
                "retrained": len(retrainings),
                "median_training_seconds": sorted(e.seconds for e in evaluations)[len(evaluations) // 2],
                "training_share": share,
                "other_share": 1 - share,
                "peak_main_mb": outcome.peak_mb,
                "front": len(record.archive.front()),
            }
        )
    return rows
