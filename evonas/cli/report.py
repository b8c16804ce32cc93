"""``evonas report``."""

from __future__ import annotations

from pathlib import Path

from evonas.campaign.running.recall import recall
from evonas.journal.results_folder import REPORT
from evonas.report.page import write_report


def report_campaign(folder: Path, output: Path | None) -> None:
    """Writes the report of the campaign in a results folder and prints where."""
    print(f"report: {write_report(recall(folder), output if output is not None else folder / REPORT)}")
