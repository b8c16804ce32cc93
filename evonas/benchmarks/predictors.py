"""How well predictors rank the unseen rows of a table, by training size."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np

from evonas.benchmarks.cached_runs import CachedRuns, Outcome, code_digest
from evonas.benchmarks.predictor_trials import PredictorTrials
from evonas.benchmarks.table_target import TableTarget
from evonas.campaign.planning.inline import inline_component, inline_components
from evonas.campaign.planning.making import at, make_component
from evonas.campaign.reading.rooms import ROOMS
from evonas.core.randomness import generator
from evonas.tables.table import Table
from spaces.discovery import find
from spaces.space import Space

FEWEST = 4


@dataclass(frozen=True, slots=True)
class PredictorComparison:
    """What is compared, as the command line's options say it.

    Attributes:
        space: Name or mapping of the space.
        table: File of the measurements.
        target: Column and direction.
        predictors: Names with commas between them, or a mapping, each.
        train_sizes: Training rows, ascending.
        seeds: How many draws of the training rows.
        encodings: As ``predictors``; with none and no features each predictor has its own default.
        features: Columns of the table as further inputs.
        population: Rows drawn at random from the usable ones; None takes all.
        top: The k of precision at k and N@k.
        workers: Processes.
        cache: Folder of finished runs, or None.
    """

    space: str
    table: Path
    target: str
    predictors: Sequence[str]
    train_sizes: Sequence[int]
    seeds: int = 10
    encodings: Sequence[str] = ()
    features: Sequence[str] = ()
    population: int | None = None
    top: int = 10
    workers: int = 1
    cache: Path | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """What a comparison found.

    Attributes:
        rows: A row for each predictor and training size: means over seeds, and beside each its standard deviation
            under the same name with ``_std``; None where nothing is known. ``failed`` counts runs without a result.
        notes: Sentences on what was compared, what was left out and what failed.
    """

    rows: list[dict[str, Any]]
    notes: list[str] = field(default_factory=list)


def measure_predictors(asked: PredictorComparison) -> Compared:
    """Fits every predictor on the same rows of a table, and judges each on all other rows.

    Raises:
        CampaignError: An option is wrong; says which, the rule, the value and the remedy.
    """
    trials, notes = _trials(asked)
    _check_sizes(asked, len(trials.targets))
    for label in trials.predictors:
        trials.predictor(label)  # what cannot be made is said before anything is measured
    runs = [
        {"predictor": label, "train_size": size, "seed": seed}
        for seed in range(asked.seeds)
        for size in asked.train_sizes
        for label in trials.predictors
    ]
    outcomes = CachedRuns(trials.measure, _context(asked, trials), asked.cache).outcomes(runs, asked.workers)
    rows = []
    for label in trials.predictors:
        for size in asked.train_sizes:
            chosen = [
                outcome
                for run, outcome in zip(runs, outcomes, strict=True)
                if (run["predictor"], run["train_size"]) == (label, size)
            ]
            rows.append({"predictor": label, "trained": size, **summarised(chosen)})
            notes += [f"{label} on {size:,} rows: {text}" for text in failures(chosen)]
    return Compared(_aligned(rows), notes)


def summarised(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Number of results and of failures, then each figure's mean and sample standard deviation over the results.

    The deviation of a single result, and what no result knows, is None.
    """
    results = [outcome for outcome in outcomes if "failure" not in outcome]
    row: dict[str, Any] = {"seeds": len(results), "failed": len(outcomes) - len(results)}
    for name in results[0] if results else ():
        values = [result[name] for result in results if result[name] is not None]
        row[name] = float(np.mean(values)) if values else None
        row[f"{name}_std"] = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return row


def failures(outcomes: Sequence[Outcome]) -> list[str]:
    """A sentence where runs failed, with the first one's reason."""
    reasons = [str(outcome["failure"]) for outcome in outcomes if "failure" in outcome]
    return [f"{len(reasons)} of {len(outcomes)} runs failed: {reasons[0]}"] if reasons else []


def _aligned(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of the same columns: one without any result has only its counts."""
    names = dict.fromkeys(name for row in rows for name in row)
    return [{name: row.get(name) for name in names} for row in rows]


def _trials(asked: PredictorComparison) -> tuple[PredictorTrials, list[str]]:
    """What the predictors are given, and sentences about it."""
    space = cast(Space, make_component("space", inline_component(asked.space, "--space"), path=("--space",)))
    predictors = inline_components(asked.predictors, "--predictors")
    encodings = inline_components(asked.encodings, "--encodings")
    with at(("--table",)):
        table = Table.read(asked.table, space)
        architectures = table.architectures
    with at(("--target",)):
        target = TableTarget.parse(asked.target)
        measured = target.values(table)
    with at(("--features",)):
        columns = {name: table.column(name) for name in asked.features}
    usable = np.flatnonzero(np.isfinite([measured, *columns.values()]).all(axis=0))
    chosen = usable
    if asked.population is not None:
        with at(("--population",)):
            if asked.population > len(usable):
                raise ValueError(f"it must be at most the {len(usable):,} usable rows; got {asked.population:,}")
        chosen = np.sort(generator(0, 0, "population").choice(usable, asked.population, replace=False))
    rows = [architectures[row] for row in chosen]
    trials = PredictorTrials(
        space,
        tuple(rows),
        tuple(space.simplify(row).key for row in rows),
        measured[chosen],
        predictors,
        encodings,
        {name: values[chosen] for name, values in columns.items()},
        asked.top,
    )
    better = "more is better, so it is negated" if target.goal == "max" else "less is better"
    notes = [
        f"{target.column}: {better}. {len(chosen):,} of {len(table):,} rows; {len(table) - len(usable):,} left out "
        "for want of a finite target or feature. Scored: every row but the trained; twins: rows whose simplified "
        "form was trained. Means ± standard deviations over seeds, seconds of the processor on one thread."
    ]
    return trials, notes


def _check_sizes(asked: PredictorComparison, rows: int) -> None:
    with at(("--train-sizes",)):
        for size in asked.train_sizes:
            if size < FEWEST:
                raise ValueError(f"a predictor needs at least {FEWEST} trained architectures; got {size}")
            if size + asked.top > rows:
                raise ValueError(
                    f"at least {asked.top} of the {rows:,} usable rows must be left to be scored, so that at most "
                    f"{rows - asked.top:,} can be trained on; got {size:,}"
                )
        if len(set(asked.train_sizes)) < len(asked.train_sizes):
            raise ValueError(f"name each size once; got {', '.join(map(str, asked.train_sizes))}")


def _context(asked: PredictorComparison, trials: PredictorTrials) -> Mapping[str, Any]:
    """Everything but a run's own arguments that its figures depend on."""
    own = [
        find(ROOMS[section], name)
        for section, parts in (("predictor", trials.predictors), ("encoding", trials.encodings))
        for part in parts.values()
        if "." in (name := str(part["name"]) if isinstance(part, Mapping) else str(part))
    ]
    return {
        "comparison": "predictors",
        "code": code_digest(own),
        "table": hashlib.sha256(asked.table.read_bytes()).hexdigest(),
        "space": asked.space,
        "target": asked.target,
        "encodings": list(trials.encodings),
        "features": list(asked.features),
        "population": asked.population,
        "top": asked.top,
    }
