"""What the page tells of one trial beside the chart: its figures, its prediction and its drawing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from evonas.core.archive import Archive, Trial
from evonas.core.objective import Objective
from evonas.report.figures import COVERS_80
from evonas.report.wording import figure_text, leading_objective, percent_text, seconds_text
from spaces.drawing import as_svg

MOST_DRAWINGS = 300

ORIGINS = {
    "random": "drawn at random",
    "variation": "mutation or crossover, not screened",
    "screened": "chosen by the predictor among many",
    "warm_start": "taken over from the earlier campaign's front, and trained anew",
}


def trial_cards(archive: Archive, shares: Mapping[int, float]) -> list[dict[str, Any]]:
    """One card for each trained trial, by number.

    Args:
        archive: Every trial.
        shares: How often each would be on the front under other training noise, see ``noise.front_shares``.

    Returns:
        Mappings with ``number``, ``notation``, ``fields`` (label and text pairs), ``values`` (one per objective, in its
        own unit and direction) and ``drawing`` (SVG; None beyond the 300 that are drawn: the front, then the best by
        the leading objective).
    """
    drawn = _drawn(archive)
    members = {trial.number for trial in archive.front()}
    return [
        {
            "number": trial.number,
            "notation": trial.proposal.notation,
            "fields": _fields(archive, trial, _on_front(trial.number, members, shares)),
            "values": [float(trial.values[name]) for name in archive.names],
            "drawing": as_svg(trial.proposal.architecture) if trial.number in drawn else None,
        }
        for trial in archive.trained
    ]


def prediction_text(archive: Archive, trial: Trial, name: str) -> str | None:
    """What the predictor said before the training, e.g. ``0.12 (0.09 to 0.15)``; None where it was not asked."""
    estimate = trial.proposal.predicted.get(name)
    if estimate is None:
        return None
    objective = archive.objectives[archive.names.index(name)]
    sign = 1.0 if objective.goal == "min" else -1.0
    middle, reach = sign * estimate.mean, COVERS_80 * estimate.std
    interval = f"{figure_text(middle - reach)} to {figure_text(middle + reach)}"
    return f"{figure_text(middle, objective.unit)} ({interval})"


def measured_text(trial: Trial, objective: Objective) -> str:
    """A trained trial's figure, with deviation and count where it was trained several times: ``0.12 ± 0.01 (3)``."""
    over = trial.spreads.get(objective.name)
    deviation = "" if over is None or over.std is None else f" ± {over.std:,.2g} ({over.n})"
    unit = f" {objective.unit}" if objective.unit else ""
    return f"{figure_text(trial.values[objective.name])}{deviation}{unit}"


def _on_front(number: int, members: Collection[int], shares: Mapping[int, float]) -> str:
    answer = "yes" if number in members else "no"
    share = shares.get(number, 0.0)
    return f"{answer}; in {percent_text(share)} of draws with other training noise" if share else answer


def _fields(archive: Archive, trial: Trial, on_front: str) -> list[tuple[str, str]]:
    fields = []
    for objective in archive.objectives:
        fields.append((objective.name, measured_text(trial, objective)))
        predicted = prediction_text(archive, trial, objective.name)
        if predicted is not None:
            fields.append(("predicted before training", predicted))
    fields.append(("origin", ORIGINS[trial.proposal.origin]))
    fields.append(("round", str(trial.proposal.funnel.round)))
    if trial.evaluation is not None:
        epochs = f", {trial.evaluation.epochs} epochs" if trial.evaluation.epochs else ""
        fields.append(("training", seconds_text(trial.evaluation.seconds) + epochs))
    fields += [(f"proxy {name}", figure_text(score)) for name, score in trial.proposal.proxies.items()]
    fields.append(("on the front", on_front))
    return fields


def _drawn(archive: Archive) -> set[int]:
    leading = leading_objective(archive)
    sign = 1.0 if leading.goal == "min" else -1.0
    ordered: Sequence[Trial] = sorted(archive.trained, key=lambda trial: sign * trial.values[leading.name])
    numbers = dict.fromkeys(trial.number for trial in [*archive.front(), *ordered])
    return set(list(numbers)[:MOST_DRAWINGS])
