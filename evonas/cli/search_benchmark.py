"""``evonas benchmark search``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

from evonas.benchmarks._search_plot import curves_figure, write_plot
from evonas.benchmarks._search_run import method_name, methods
from evonas.benchmarks._search_setting import Setting, goals_of
from evonas.benchmarks.search import measure_search
from evonas.campaign.reading.fault import CampaignError, Fault
from evonas.cli.rows import print_rows


def benchmark_methods(
    space: str,
    table: Path,
    objectives: str,
    report: str | None,
    replicates: tuple[str, ...],
    chosen: str,
    budgets: str,
    seeds: int,
    workers: int,
    identity: Literal["function", "notation"] | None,
    shorter: str | None,
    runs: Path,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Runs the benchmark, prints its two tables, and draws its curves where asked to; arguments as users type them.

    Raises:
        CampaignError: An argument, a method or the table is not as it should be.
        OSError: A file cannot be read or written.
    """
    try:
        goals = goals_of(objectives)
        reported = goals_of(report) if report else ()
        if len(reported) > 1:
            raise ValueError(f"--report is one column, which stands for the first objective. Got {report!r}")
        first = reported[0] if reported else None
        setting = Setting(space, str(table), goals, first, identity, shorter, replicates)
        names = methods() if chosen == "all" else [name.strip() for name in chosen.split(",")]
        found = measure_search(
            setting,
            names,
            _whole_numbers(budgets),
            seeds,
            workers,
            runs,
            lambda sentence: print(sentence, file=sys.stderr, flush=True),
        )
    except CampaignError:
        raise
    except ValueError as error:
        raise CampaignError([Fault((), str(error))]) from error
    print_rows(found.rows, as_json)
    if found.reached:
        print_rows(found.reached, as_json)
    if plot is not None:
        title = f"regret of {goals[0][0]}" if len(goals) == 1 else "hypervolume, share of the whole front's"
        curves = {method_name(method): curve for method, curve in found.curves.items()}
        print(f"curves: {write_plot(curves_figure(curves, title), plot)}", file=sys.stderr)


def _whole_numbers(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise ValueError(f"--budgets are whole numbers, as in 50,100,200. Got {text!r}") from None
