"""Trials and evaluations as rows of the journal, and back. Floats come back to the last bit."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, cast

from evonas.core.archive import Estimate, Funnel, Origin, Proposal, Trial
from evonas.core.evaluation import Evaluation
from evonas.core.failure import Failure, FailureKind
from evonas.core.rung import Rung
from spaces.architecture import Architecture

Row = Mapping[str, Any]


def dumps(value: object) -> str:
    """JSON on one line, with names in their order.

    Raises:
        ValueError: Something is not finite, or is no plain value.
    """
    try:
        return json.dumps(value, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise ValueError(f"the journal holds plain finite values: {error}. Got {str(value)[:200]}") from error


def number(value: object, what: str) -> float:
    """A finite number as a plain ``int`` or ``float``.

    Raises:
        ValueError: It is neither, or not finite; the message names ``what``.
    """
    try:
        plain = int(value) if isinstance(value, int) else float(cast(float, value))
    except (TypeError, ValueError):
        plain = math.nan
    if isinstance(value, str):
        plain = math.nan
    if not math.isfinite(plain):
        raise ValueError(f"{what} must be a finite number to be journalled. Got {value!r}. Record a failure instead")
    return plain


def round_row(funnel: Funnel) -> dict[str, Any]:
    """The row of one round's funnel."""
    what = f"round {funnel.round}:"
    return {
        "number": funnel.round,
        "counts": dumps({stage: int(count) for stage, count in funnel.counts.items()}),
        "seconds": _numbers(funnel.seconds, f"{what} seconds of"),
        "notes": dumps(list(funnel.notes)),
    }


def funnel_of(row: Row) -> Funnel:
    """The funnel that ``round_row`` wrote."""
    notes = tuple(json.loads(row["notes"]))
    return Funnel(row["number"], json.loads(row["counts"]), json.loads(row["seconds"]), notes)


def trial_row(trial: Trial) -> dict[str, Any]:
    """The row of one proposal.

    Raises:
        ValueError: A value is not finite.
    """
    proposal = trial.proposal
    what = f"trial {trial.number}:"
    predicted = {
        name: [
            number(estimate.mean, f"{what} predicted {name!r}"),
            number(estimate.std, f"{what} deviation of {name!r}"),
        ]
        for name, estimate in proposal.predicted.items()
    }
    return {
        "number": trial.number,
        "round": proposal.funnel.round,
        "key": proposal.key,
        "notation": proposal.notation,
        "architecture": proposal.architecture.to_json(),
        "origin": proposal.origin,
        "exact": _numbers(proposal.exact, f"{what} objective"),
        "predicted": dumps(predicted),
        "proxies": _numbers(proposal.proxies, f"{what} proxy"),
    }


def rung_row(number: int, rung: Rung) -> dict[str, Any]:
    """The row that says on which rung a trial is."""
    return {"trial": number, "epochs": rung.epochs, "full_epochs": rung.full_epochs}


def proposal_of(row: Row, funnel: Funnel, rung: Rung | None, replicate: int) -> Proposal:
    """The proposal that ``trial_row`` wrote."""
    return Proposal(
        architecture=Architecture.from_json(row["architecture"]),
        key=row["key"],
        notation=row["notation"],
        origin=cast(Origin, row["origin"]),
        exact=json.loads(row["exact"]),
        predicted={name: Estimate(mean, std) for name, (mean, std) in json.loads(row["predicted"]).items()},
        proxies=json.loads(row["proxies"]),
        funnel=funnel,
        rung=rung,
        replicate=replicate,
    )


def evaluation_row(trial: int, evaluation: Evaluation) -> dict[str, Any]:
    """The row of one evaluation or retraining.

    Raises:
        ValueError: A value is not finite.
    """
    failure = evaluation.failure
    return {
        "trial": trial,
        "values": _numbers(evaluation.values, f"trial {trial}: objective"),
        "seconds": number(evaluation.seconds, f"trial {trial}: seconds"),
        "epochs": int(evaluation.epochs),
        "curve": dumps([{name: _or_null(value) for name, value in epoch.items()} for epoch in evaluation.curve]),
        "failure_kind": failure.kind if failure else None,
        "failure_message": _storable(failure.message) if failure else None,
    }


def evaluation_of(row: Row) -> Evaluation:
    """The evaluation that ``evaluation_row`` wrote."""
    kind = row["failure_kind"]
    return Evaluation(
        values=json.loads(row["values"]),
        seconds=row["seconds"],
        failure=Failure(cast(FailureKind, kind), row["failure_message"]) if kind is not None else None,
        epochs=row["epochs"],
        curve=tuple(
            {name: math.nan if value is None else value for name, value in epoch.items()}
            for epoch in json.loads(row["curve"])
        ),
    )


def _numbers(values: Mapping[str, float], what: str) -> str:
    return dumps({name: number(value, f"{what} {name!r}") for name, value in values.items()})


def _or_null(value: float) -> float | None:
    # A diverging curve ends in infinities; they are worth a gap in a drawing, not the loss of the record.
    return number(value, "") if math.isfinite(value) else None


def _storable(text: str) -> str:
    # Messages quote what users' code says: half a character or a zero byte is no text to a database.
    return text.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")
