"""How few trainings every method needs to reach the front of a published table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evonas.benchmarks._search_quality import Front, first_reaching, regrets
from evonas.benchmarks._search_run import Run, described, measured_run, method_name
from evonas.benchmarks._search_setting import Field, Setting, field_of
from evonas.benchmarks.cached_runs import CachedRuns, code_digest
from evonas.core.archive import FloatArray

ALWAYS = "random"
YARDSTICK = "nsga2"


@dataclass(frozen=True)
class Searches:
    """What a benchmark of searchers found.

    Attributes:
        rows: One for each method and budget.
        reached: One for each method: trainings until the yardstick's final hypervolume, or until the best cell.
        curves: For each method, hypervolume ratio (regret where there is one objective) after every training, a row
            for each seed: shape ``(seeds, budget)``.
    """

    rows: list[dict[str, Any]]
    reached: list[dict[str, Any]]
    curves: Mapping[str, FloatArray]


def measure_search(
    setting: Setting,
    methods: Sequence[str],
    budgets: Sequence[int],
    seeds: int,
    workers: int,
    kept: Path,
    progress: Callable[[str], object] = str,
) -> Searches:
    """Runs every method with every seed on a table, and measures how near each came to the front of the whole table.

    Random search is always among them. A run takes the largest budget and is measured after each. Finished runs are
    kept, so that a benchmark that was stopped goes on.

    Args:
        setting: The table and what is searched in it.
        methods: Names of files in ``runs/methods``, searchers, or campaign files.
        budgets: Trainings to measure after.
        seeds: Runs of each method.
        workers: Runs at a time, each on one thread; 1 runs them in this process.
        kept: Folder of finished runs.
        progress: Is told which method is run.

    Returns:
        The rows' columns, each over the seeds: ``hypervolume`` (mean) and its ``_q1``, ``_median`` and ``_q3``, a share
        of the whole front's, see ``Front``; ``igd_plus`` (median) to the front of the report column and the other
        objectives, of the trainings that the search would hand back, its front; ``regret`` (median) of the best of the
        first objective, in the column's unit; ``found``, the share of seeds that evaluated the table's best; and
        ``cpu_seconds`` of choosing, the median of whole runs.

    Raises:
        CampaignError: There is no such method, or its file has faults.
        ValueError: The space or the table is not as it should be; or no table, budget or seed was given.
        OSError: The table or the folder cannot be used.
    """
    if not budgets or min(budgets) < 1 or seeds < 1 or workers < 1:
        raise ValueError("budgets, seeds and workers must be whole numbers of at least 1")
    budgets = sorted(set(budgets))
    methods = list(dict.fromkeys([*methods, ALWAYS]))
    field = field_of(setting)
    runs = _all_runs(setting, methods, seeds, budgets[-1], workers, kept, progress)
    front, tested = Front(field.values), Front(field.reported)
    curves = {}
    regret = {}
    for method in methods:
        regret[method] = np.array([_to(budgets[-1], regrets(field.values, run.rows)) for run in runs[method]])
        volumes = [_to(budgets[-1], front.hypervolumes(run.rows)) for run in runs[method]]
        curves[method] = regret[method] if len(setting.objectives) == 1 else np.array(volumes)
    rows = []
    for method in methods:
        for budget in budgets:
            at = {"method": method_name(method), "budget": budget, "seeds": seeds}
            if len(setting.objectives) > 1:
                at |= _spread("hypervolume", curves[method][:, budget - 1])
                chosen = [front.chosen(run.rows[:budget], _measured(field, run)[:budget]) for run in runs[method]]
                at["igd_plus"] = float(np.median([tested.distance(rows) for rows in chosen]))
            at["regret"] = float(np.median(regret[method][:, budget - 1]))
            at["found"] = float(np.mean(regret[method][:, budget - 1] <= 0))
            at["ended_early"] = sum(len(run.rows) < budget for run in runs[method])
            at["cpu_seconds"] = float(np.median([run.seconds for run in runs[method]]))
            rows.append(at)
    return Searches(rows, _reached(methods, curves, len(setting.objectives) == 1, budgets[-1]), curves)


def _all_runs(
    setting: Setting,
    methods: Sequence[str],
    seeds: int,
    budget: int,
    workers: int,
    kept: Path,
    progress: Callable[[str], object],
) -> dict[str, list[Run]]:
    """Every run; method by method, so that a worker keeps what a method's searcher remembers of the space."""
    contexts = {  # made first, so that a method that does not exist is told before others have run for hours
        method: {"table": setting.fingerprint(), "method": described(method), "code": code_digest([])}
        for method in methods
    }
    runs: dict[str, list[Run]] = {}
    for number, (method, context) in enumerate(contexts.items(), start=1):
        progress(f"{method_name(method)}, {number} of {len(methods)} methods, {seeds} runs of {budget}")
        told = [{"setting": asdict(setting), "method": method, "seed": seed, "budget": budget} for seed in range(seeds)]
        outcomes = CachedRuns(measured_run, context, kept).outcomes(told, workers)
        for seed, outcome in enumerate(outcomes):
            if "failure" in outcome:
                raise ValueError(f"method {method!r} failed with seed {seed}: {outcome['failure']}")
        runs[method] = [
            Run(**{**outcome, "rows": tuple(outcome["rows"]), "replicates": tuple(outcome["replicates"])})
            for outcome in outcomes
        ]
    return runs


def _measured(field: Field, run: Run) -> list[float]:
    """The first objective as each evaluation of a run measured it, minimised."""
    return [float(value) for value in field.trainings[list(run.rows), list(run.replicates) or 0]]


def _reached(
    methods: Sequence[str], curves: Mapping[str, FloatArray], single: bool, budget: int
) -> list[dict[str, Any]]:
    """Trainings to the table's best, or to the median hypervolume that NSGA-II ends at, where it was run."""
    if not single and YARDSTICK not in methods:
        return []
    level = 0.0 if single else float(np.median(curves[YARDSTICK][:, -1]))
    goal = "the table's best" if single else f"{YARDSTICK}'s hypervolume at {budget}"
    rows = []
    for method in methods:
        needed = [first_reaching(-curve if single else curve, level) for curve in curves[method]]
        low, middle, high = np.quantile([np.inf if n is None else n for n in needed], (0.25, 0.5, 0.75), method="lower")
        row = {"method": method_name(method), "goal": goal, "level": level}
        for name, value in (("q1", low), ("median", middle), ("q3", high)):
            row[f"trainings_{name}"] = int(value) if np.isfinite(value) else None
        rows.append(row | {"reached": sum(n is not None for n in needed) / len(needed)})
    return rows


def _to(length: int, curve: FloatArray) -> FloatArray:
    """A curve that ended early goes on as it ended."""
    return np.concatenate([curve, np.full(length - len(curve), curve[-1])])


def _spread(name: str, values: FloatArray) -> dict[str, float]:
    low, middle, high = np.quantile(values, (0.25, 0.5, 0.75)).tolist()
    return {name: float(values.mean()), f"{name}_q1": low, f"{name}_median": middle, f"{name}_q3": high}
