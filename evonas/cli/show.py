"""``evonas show``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from evonas.campaign.reading.fault import CampaignError, Fault
from evonas.campaign.running.recall import recall
from evonas.campaign.running.result import Result
from evonas.core.archive import Trial
from evonas.core.failure import Failure
from evonas.report.live import front_table
from evonas.report.statistics import retrained_front
from evonas.report.views import output_console
from evonas.report.watching import figure
from spaces.drawing import as_text


def show_campaign(folder: Path, number: int | None, as_json: bool) -> None:
    """Prints the front, one trial, or every trial as a line of JSON.

    Raises:
        CampaignError: There is no trial of that number.
        JournalError: There is no journal, or it cannot be read.
    """
    result = Result(recall(folder))
    archive = result.archive
    if number is not None and not 0 <= number < len(archive):
        raise CampaignError([Fault((), f"there is no trial {number}; {folder} has trials 0 to {len(archive) - 1}")])
    chosen = archive.trials if number is None else [archive.trials[number]]
    if as_json:
        for trial in chosen:
            print(json.dumps(_line(result, trial), allow_nan=False))
    elif number is None:
        console = output_console()
        console.print(
            f"{result.record.name}: {len(archive)} candidates, {len(archive.trained)} trained, "
            f"{len(archive.failed)} failed, {len(archive.pending)} pending"
            + (f", {len(archive.shortened)} shorter than a full training" if archive.shortened else "")
            + (f", {len(archive.stopped)} stopped early" if archive.stopped else "")
            + (f", {len(archive.replicated)} trained again" if archive.replicated else "")
        )
        console.print(front_table(result.front, archive.names, console.width, anew=retrained_front(result.record)))
    else:
        _print_trial(result, chosen[0])


def _line(result: Result, trial: Trial) -> dict[str, Any]:
    """A trial as plain values; values and predictions in the objectives' own unit and direction."""
    archive = result.archive
    signs = dict(zip(archive.names, archive.signs.tolist(), strict=True))
    proposal, failure, evaluation = trial.proposal, trial.failure, trial.evaluation
    return {
        "number": trial.number,
        "key": proposal.key,
        "notation": proposal.notation,
        "architecture": json.loads(proposal.architecture.to_json()),
        "origin": proposal.origin,
        "round": proposal.funnel.round,
        "prediction": {
            name: {"mean": signs[name] * estimate.mean, "std": estimate.std}
            for name, estimate in proposal.predicted.items()
        },
        "proxies": dict(proposal.proxies),
        "values": dict(trial.values),
        "rung": {
            "epochs": proposal.rung.epochs,
            "full_epochs": proposal.rung.full_epochs,
            "values": dict(trial.rung_values),
        }
        if proposal.rung is not None
        else None,
        "replicate": proposal.replicate,
        "trainings": {name: {"n": over.n, "std": over.std} for name, over in trial.spreads.items()},
        "retrained": [
            {"values": dict(one.values), "failure": _failure(one.failure)}
            for one in result.record.retrainings.get(trial.number, ())
        ],
        "failure": _failure(failure),
        "stopped": str(trial.stop) if trial.stop is not None else None,
        "pending": evaluation is None,
        "seconds": evaluation.seconds if evaluation is not None else None,
        "epochs": evaluation.epochs if evaluation is not None else None,
    }


def _failure(failure: Failure | None) -> dict[str, str] | None:
    return None if failure is None else {"kind": failure.kind, "message": failure.message}


def _print_trial(result: Result, trial: Trial) -> None:
    proposal = trial.proposal
    line = _line(result, trial)
    print(f"trial {trial.number} of {result.record.name}, {proposal.origin}, round {proposal.funnel.round}")
    if proposal.rung is not None:
        print(f"rung      {proposal.rung}; its values are compared on this rung alone")
    if proposal.replicate:
        first = result.archive.highest(proposal.key).number
        print(f"replicate {proposal.replicate} of trial {first}, whose values are the mean of all")
    print(f"notation  {proposal.notation}")
    for name, value in trial.rung_values.items():
        said = line["prediction"].get(name)
        before = f"   predicted {said['mean']:.4g} ± {said['std']:.2g}" if said and proposal.rung is None else ""
        print(f"{name}  {figure(value)}{before}")
    for name, score in proposal.proxies.items():
        print(f"proxy {name}  {score:.4g}")
    if trial.failure is not None:
        print(f"failed ({trial.failure.kind}): {trial.failure.message}")
    if trial.stop is not None:
        print(str(trial.stop))
    for seed, evaluation in enumerate(result.record.retrainings.get(trial.number, ())):
        values = ", ".join(f"{name} {figure(value)}" for name, value in evaluation.values.items())
        print(f"trained anew with seed {seed}: {values or evaluation.failure}")
    print()
    print(as_text(result.simplified(trial)))
