"""What the page says, section by section: texts and tables for the template, charts and trials for the script."""

from __future__ import annotations

import io
import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from evonas.core.archive import Archive, Funnel
from evonas.core.record import Record
from evonas.core.spread import Spread
from evonas.report.figure_style import Figure
from evonas.report.figures import funnel_figure, hypervolume_figure, prediction_figure, quality_figure, time_figure
from evonas.report.front_figures import front_axis, front_figure, parallel_figure
from evonas.report.honesty import Quality, interpretation, predictor_honesty
from evonas.report.noise import front_shares, seed_deviations
from evonas.report.progress import MOST_OBJECTIVES, Course, hypervolume_course, random_estimate
from evonas.report.proxies import proxy_section
from evonas.report.statistics import (
    failure_groups,
    funnel_totals,
    retrained_front,
    retraining_agreement,
    stage_times,
)
from evonas.report.trial_cards import measured_text, prediction_text, trial_cards
from evonas.report.warm_start import warm_start_sentences
from evonas.report.wording import (
    best_trial,
    figure_text,
    leading_objective,
    numbers_text,
    percent_text,
    random_caveats,
    random_comparison,
    seconds_text,
    summary,
)

MOST_ROWS = 200
MOST_LINES = 60
FEWEST_FOR_PARALLEL = 4

Section = dict[str, Any]


def contents(record: Record) -> tuple[Section, Section]:
    """The template's variables, and the data that the page's script reads (plain values that JSON can hold)."""
    archive = record.archive
    charts: dict[str, Figure] = {}
    course = hypervolume_course(archive, record.elapsed_seconds)
    shares = front_shares(archive, seed_deviations(archive, record.retrainings))
    sections = {
        "name": record.name,
        "created": str(record.manifest.get("created", "")),
        "summary": summary(record, course),
        "front": _front(archive, charts, shares),
        "hypervolume": _hypervolume(record, course, charts),
        "predictors": _predictors(archive, charts),
        "proxies": proxy_section(archive),
        "warm_start": warm_start_sentences(record),
        "funnel": _funnel(archive, charts),
        "notes": _notes(archive.rounds),
        "times": _times(record, charts),
        "failures": [
            {
                "kind": group.kind,
                "message": group.message,
                "count": len(group.numbers),
                "trials": numbers_text(group.numbers),
            }
            for group in failure_groups(archive)
        ],
        "retrained": _retrained(record),
        "manifest": _manifest(record),
    }
    return sections, {"charts": charts, **_front_data(archive, shares)}


def _front(archive: Archive, charts: dict[str, Figure], shares: Mapping[int, float]) -> Section | None:
    if not archive.trained:
        return None
    across, up = _default_axes(archive)
    charts["front"] = front_figure(archive, across, up)
    front = archive.front()
    many = len(archive.objectives) >= FEWEST_FOR_PARALLEL
    if many and len(front) > 1:
        charts["parallel"] = parallel_figure(archive, MOST_LINES)
    leading = leading_objective(archive)
    sign = 1.0 if leading.goal == "min" else -1.0
    rows = [
        {
            "number": trial.number,
            "origin": trial.proposal.origin,
            "share": None if not shares else percent_text(shares.get(trial.number, 0.0)),
            "notation": trial.proposal.notation,
            "cells": [
                {
                    "value": float(trial.values[one.name]),
                    "text": measured_text(trial, one),
                    "predicted": prediction_text(archive, trial, one.name),
                }
                for one in archive.objectives
            ],
        }
        for trial in sorted(front, key=lambda trial: sign * trial.values[leading.name])
    ]
    return {
        "objectives": archive.objectives,
        "across": across,
        "up": up,
        "members": len(front),
        "rows": rows[:MOST_ROWS],
        "omitted": max(0, len(rows) - MOST_ROWS),
        "parallel": "parallel" in charts,
        "noisy": bool(shares),
    }


def _default_axes(archive: Archive) -> tuple[int, int]:
    """Across the first cost, up the first objective that needs training; a lone objective over the trial number."""
    up = archive.names.index(leading_objective(archive).name)
    others = [index for index in range(len(archive.objectives)) if index != up]
    costs = [index for index in others if archive.objectives[index].needs != "training"]
    return next(iter([*costs, *others]), -1), up


def _front_data(archive: Archive, shares: Mapping[int, float]) -> Section:
    if not archive.trained:
        return {"trials": [], "axes": [], "number_axis": None, "selected": None}
    best = best_trial(archive, leading_objective(archive))
    front = {trial.number for trial in archive.front()}
    selected = best.number if best is not None and best.number in front else min(front)
    return {
        "trials": trial_cards(archive, shares),
        "axes": [front_axis(archive, index) for index in range(len(archive.objectives))],
        "number_axis": front_axis(archive, -1),
        "selected": selected,
    }


def _hypervolume(record: Record, course: Course | None, charts: dict[str, Figure]) -> Section:
    if len(record.archive.objectives) > MOST_OBJECTIVES:
        reason = (
            f"Not drawn: the exact hypervolume of more than {MOST_OBJECTIVES} objectives takes exponential time, "
            f"and this campaign has {len(record.archive.objectives)}."
        )
        return {"charts": [], "sentences": [reason], "caveats": []}
    if course is None:
        reason = "Not known yet: it is measured from the first round on that has come home with two trained candidates."
        return {"charts": [], "sentences": [reason], "caveats": []}
    draws = 200 if len(record.archive.objectives) <= 3 else 50
    estimate = random_estimate(record.archive, record.elapsed_seconds, draws)
    charts["hypervolume"] = hypervolume_figure(course, estimate, "trained")
    names = ["hypervolume"]
    if record.elapsed_seconds:
        charts["hypervolume-seconds"] = hypervolume_figure(course, estimate, "seconds")
        names.append("hypervolume-seconds")
    caveats = [] if estimate is None else random_caveats(estimate, int(course.counts[-1]))
    return {"charts": names, "sentences": random_comparison(course, estimate), "caveats": caveats}


def _predictors(archive: Archive, charts: dict[str, Figure]) -> list[Section]:
    found = []
    for index, honesty in enumerate(predictor_honesty(archive)):
        names = []
        if len(honesty.pairs):
            objective = archive.objectives[archive.names.index(honesty.pairs.objective)]
            names = [f"predicted-{index}", f"quality-{index}"]
            charts[names[0]] = prediction_figure(honesty.pairs, objective)
            charts[names[1]] = quality_figure(honesty)
        scopes = [*honesty.rounds, honesty.pooled, honesty.random_share] if names else []
        found.append(
            {
                "objective": honesty.pairs.objective,
                "sentence": interpretation(honesty.pooled, honesty.random_share),
                "charts": names,
                "rows": [_quality_row(quality) for quality in scopes],
            }
        )
    return found


def _quality_row(quality: Quality) -> list[str]:
    precision = "–" if quality.precision is None else percent_text(quality.precision)
    chance = "" if quality.chance is None else f" ({percent_text(quality.chance)})"
    tau = "–" if quality.tau is None else f"{quality.tau:.2f}"
    coverage = "–" if quality.coverage is None else percent_text(quality.coverage)
    return [quality.scope, str(quality.n), tau, precision + chance, coverage]


def _funnel(archive: Archive, charts: dict[str, Figure]) -> Section:
    totals = funnel_totals(archive.rounds)
    if totals:
        totals = {**totals, "trained": len(archive.trained)}
        charts["funnel"] = funnel_figure(totals)
    return {"drawn": bool(totals), "rounds": len(archive.rounds)}


def _notes(rounds: Sequence[Funnel]) -> list[Section]:
    found: dict[str, list[int]] = {}
    for funnel in rounds:
        for note in dict.fromkeys(funnel.notes):
            found.setdefault(note, []).append(funnel.round)
    return [{"text": note, "rounds": numbers_text(numbers)} for note, numbers in found.items()]


def _times(record: Record, charts: dict[str, Figure]) -> Section:
    times = stage_times(record)
    if times:
        charts["times"] = time_figure(times)
    elapsed = max(record.elapsed_seconds.values(), default=None)
    return {"drawn": bool(times), "elapsed": None if elapsed is None else seconds_text(elapsed)}


def _retrained(record: Record) -> Section | None:
    members = retrained_front(record)
    if not members:
        return None
    names = list(dict.fromkeys(name for member in members for name in member.figures))
    units = {one.name: one.unit for one in record.archive.objectives}
    rows = [
        {
            "number": member.trial.number,
            "seeds": f"{member.n}" + (f" ({member.failed} failed)" if member.failed else ""),
            "cells": [_spread_cell(member.figures.get(name), units.get(name, "")) for name in names],
        }
        for member in members
    ]
    agreement = retraining_agreement(record.archive, members)
    sentence = None
    if agreement is not None:
        objective, n, tau = agreement
        known = "is not defined: one of the two is constant" if tau is None else f"is {tau:.2f}"
        sentence = (
            f"Over these {n} networks, Kendall tau between the {objective} that the search saw and the mean test error "
            f"{known}."
        )
    campaign = record.manifest.get("campaign")
    own = isinstance(campaign, Mapping) and campaign.get("evaluator") is not None
    return {"names": names, "rows": rows, "sentence": sentence, "trained": not own}


def _spread_cell(spread: Spread | None, unit: str) -> Section:
    if spread is None:
        return {"value": None, "text": "–"}
    deviation = "" if spread.std is None else f" ± {spread.std:,.2g}"
    return {"value": spread.mean, "text": figure_text(spread.mean) + deviation + (f" {unit}" if unit else "")}


def _manifest(record: Record) -> Section:
    campaign = record.manifest.get("campaign", {})
    seed = campaign.get("seed") if isinstance(campaign, Mapping) else None
    facts = {"created": record.manifest.get("created"), "seed": seed}
    facts |= _flat("machine", record.manifest.get("machine")) | _flat("", record.manifest.get("versions"))
    return {
        "campaign": campaign if isinstance(campaign, str) else _yaml(campaign),
        "command": f"evonas run {shlex.quote(f'{record.name}.yaml')}",
        "file": f"{record.name}.yaml",
        "facts": [(name, str(value)) for name, value in facts.items() if value is not None],
    }


def _flat(prefix: str, value: Any) -> dict[str, Any]:
    """Nested mappings as one level of facts, e.g. ``machine.cores``."""
    if not isinstance(value, Mapping):
        return {prefix: value} if prefix else {"versions": value}
    flat: dict[str, Any] = {}
    for name, inner in value.items():
        flat |= _flat(f"{prefix}.{name}" if prefix else str(name), inner)
    return flat


def _yaml(campaign: Any) -> str:
    """The campaign as YAML; what YAML cannot hold stands as text."""
    from ruamel.yaml import YAML

    stream = io.StringIO()
    writer = YAML()
    writer.width = 100
    writer.dump(json.loads(json.dumps(campaign, default=str)), stream)
    return stream.getvalue()
