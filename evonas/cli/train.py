"""``evonas train`` and ``evonas export``."""

from __future__ import annotations

import json
import math
from functools import partial
from pathlib import Path

from evonas.campaign.running.aftermath import choose_trial, export, train_fully
from evonas.cli.run import INTERRUPTED
from evonas.core.evaluation import Evaluation
from evonas.core.spread import spread
from evonas.report.views import output_console
from evonas.report.watching import duration, figure
from evonas.report.wording import seconds_text


def train_trial(folder: Path, number: int, epochs: int | None, seeds: int, workers: int, as_json: bool) -> int:
    """Trains one trial's architecture fully, prints figures over the seeds, and returns the exit status.

    Raises:
        CampaignError: There is no such trial, or the campaign cannot be made anew.
        JournalError: There is no journal, or it cannot be read.
    """
    chosen = choose_trial(folder, number, epochs)
    console = output_console(stderr=True)

    def told(seed: int, outcome: Evaluation) -> None:
        figures = ", ".join(f"{name} {figure(value)}" for name, value in outcome.values.items())
        said = figures if outcome.failure is None else f"failed ({outcome.failure.kind}): {outcome.failure.message}"
        console.print(f"seed {seed}: {said} ({seconds_text(outcome.seconds)})")

    asked = chosen.trainer.epochs
    console.print(
        f"training trial {number} of {chosen.record.name}: {asked} epochs, {seeds} seeds, {workers} at a time"
        + _expected(chosen.trial.evaluation, asked, math.ceil(seeds / workers))
    )
    try:
        outcomes = train_fully(chosen, seeds, workers, told, partial(console.print, soft_wrap=True))
    except KeyboardInterrupt:
        console.print("interrupted; seeds that had come home are kept, and the same command goes on")
        return INTERRUPTED
    trained = [outcome.values for outcome in outcomes.values() if outcome.failure is None]
    over = {name: spread([values[name] for values in trained]) for name in (trained[0] if trained else ())}
    if as_json:
        print(
            json.dumps({name: {"mean": one.mean, "std": one.std, "seeds": len(trained)} for name, one in over.items()})
        )
    else:
        for name, one in over.items():
            deviation = f" ± {figure(one.std)}" if one.std is not None else ""
            print(f"{name}  {figure(one.mean)}{deviation}")
        print(f"weights and figures: {chosen.folder}")
    return 0 if trained else 1


def _expected(searched: Evaluation | None, epochs: int, in_turn: int) -> str:
    """How long it will take by the pace of the search's own training; empty where that is not known."""
    if searched is None or not searched.epochs or not searched.seconds:
        return ""
    return f"; at most about {duration(searched.seconds / searched.epochs * epochs * in_turn)}, at the search's pace"


def export_trial(folder: Path, number: int, form: str, target: Path | None, seed: int | None) -> None:
    """Writes one trial's trained network in a form, and prints the files.

    Raises:
        CampaignError: There is no such trial, or it was not trained fully.
        ExportError: The network cannot be written so.
        JournalError: There is no journal, or it cannot be read.
        UnknownComponent: There is no such form.
    """
    for file in export(choose_trial(folder, number), form, target, seed):
        print(file)
