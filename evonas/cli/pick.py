"""``evonas pick``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from evonas.campaign.reading.fault import CampaignError, Fault
from evonas.campaign.running.recall import recall
from evonas.core.constraint import Constraint
from evonas.core.objective import Goal
from evonas.core.randomness import generator
from evonas.core.record import Record
from evonas.core.spread import spread
from evonas.report.pick import Pick, Wish, pick
from evonas.report.watching import figure


def pick_trial(
    folder: Path, where: Sequence[str], minimise: str | None, maximise: str | None, knee: bool, as_json: bool
) -> None:
    """Prints the chosen trial, its figures over seeds and how stable the choice is.

    Raises:
        CampaignError: More than one way to choose, an unknown objective, a bound that does not parse, or that nothing
            meets.
        JournalError: There is no journal, or it cannot be read.
    """
    if (minimise is not None) + (maximise is not None) + knee > 1:
        raise CampaignError([Fault((), "choose by one of --minimise, --maximise and --knee")])
    record = recall(folder)
    try:
        bounds = tuple(Constraint.parse_whole(text) for text in where)
        goal: Goal | None = "min" if minimise is not None else "max" if maximise is not None else None
        picked = pick(record, Wish(bounds, minimise or maximise, goal), generator(0, 0, "pick"))
    except ValueError as error:
        raise CampaignError([Fault((), f"{folder}: {error}")]) from error
    print(json.dumps(_line(picked)) if as_json else _text(record, picked))


def _line(picked: Pick) -> dict[str, object]:
    return {
        "number": picked.trial.number,
        "notation": picked.trial.proposal.notation,
        "values": dict(picked.trial.values),
        "stability": picked.stability,
        "deviations": dict(picked.deviations),
        "shares": {str(number): share for number, share in picked.shares.items()},
    }


def _text(record: Record, picked: Pick) -> str:
    trial = picked.trial
    lines = [f"trial {trial.number} of {record.name}", f"notation  {trial.proposal.notation}"]
    for name, value in trial.values.items():
        over = trial.spreads.get(name)
        several = f" ± {figure(over.std)} over {over.n} trainings" if over is not None and over.std is not None else ""
        lines.append(f"{name}  {figure(value)}{several}")
    good = [one.values for one in record.retrainings.get(trial.number, ()) if one.failure is None]
    for name in dict.fromkeys(name for values in good for name in values):
        over = spread([values[name] for values in good if name in values])
        deviation = f" ± {figure(over.std)}" if over.std is not None else ""
        lines.append(f"{name} over {len(good)} trainings anew  {figure(over.mean)}{deviation}")
    if picked.stability is None:
        lines.append("stability  not known: nothing was trained with two seeds (replicates, retrain_front)")
    else:
        others = [f"trial {number} {share:.0%}" for number, share in picked.shares.items() if number != trial.number]
        told = f"; otherwise {', '.join(others[:3])}" if others else ""
        lines.append(f"stability  {picked.stability:.0%} of draws with other training noise choose it{told}")
    return "\n".join(lines)
