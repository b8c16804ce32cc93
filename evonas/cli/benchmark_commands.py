"""``evonas benchmark …``: how well what searches, screens and stops does so."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from evonas.cli.engine_benchmarks import benchmarks
from evonas.cli.options import Json

__all__ = ["benchmarks"]


@benchmarks.command("spaces")
def benchmark_spaces(
    space: Annotated[str | None, typer.Option(help="Name of one space, to measure it alone.")] = None,
    architectures: Annotated[int, typer.Option(min=1, help="Sampled; times are medians over them.")] = 1000,
    offspring: Annotated[int, typer.Option(min=1, help="Distinct children in a generation.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    json: Json = False,
) -> None:
    """Microseconds of sample, mutate, simplify, key and cost for every search space, and seconds for a generation.

    Example: evonas benchmark spaces --space cell201
    """
    from evonas.benchmarks.spaces import measure_spaces
    from evonas.cli.rows import print_rows
    from spaces.discovery import UnknownComponent

    try:
        print_rows(measure_spaces(architectures, offspring, seed, space), json)
    except UnknownComponent as error:
        raise typer.BadParameter(str(error), param_hint="--space") from error


@benchmarks.command("thinking")
def benchmark_thinking(
    trained: Annotated[str, typer.Option(help="Sizes of the archive.")] = "100,300,1000,3000",
    candidates: Annotated[int, typer.Option(min=200, help="Distinct children screened.")] = 10_000,
    batch: Annotated[int, typer.Option(min=1, help="Chosen.")] = 10,
    space: Annotated[str, typer.Option(help="Name of a space.")] = "cell101",
    predictor: Annotated[str, typer.Option(help="Name of a predictor.")] = "gaussian_process",
    seed: Annotated[int, typer.Option(min=0)] = 0,
    json: Json = False,
) -> None:
    """Seconds that the funnel takes to choose one batch without proxies, by the size of the archive.

    Example: evonas benchmark thinking --trained 100,1000
    """
    from evonas.benchmarks.thinking import measure_thinking
    from evonas.cli.rows import print_rows
    from spaces.discovery import UnknownComponent

    try:
        sizes = [int(part) for part in trained.split(",")]
        print_rows(measure_thinking(sizes, candidates, batch, space, predictor, seed), json)
    except (UnknownComponent, ValueError) as error:
        raise typer.BadParameter(str(error)) from error


@benchmarks.command("search")
def benchmark_search(
    table: Annotated[Path, typer.Option(help="CSV file with a column arch; see evonas table.")],
    objectives: Annotated[str, typer.Option(help="Columns and goals; the first is trained for, others are known.")],
    space: Annotated[str, typer.Option(help="Whose notation the column arch is in.")] = "cell201",
    report: Annotated[str | None, typer.Option(help="Column and goal of figures on test data.")] = None,
    replicates: Annotated[
        str | None, typer.Option(help="Columns of further trainings of the first objective, for methods that repeat.")
    ] = None,
    methods: Annotated[str, typer.Option(help="Method files, searchers or campaign files; all: every method.")] = "all",
    budgets: Annotated[str, typer.Option(help="Trainings to measure after.")] = "50,100,200,500",
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each method.")] = 30,
    workers: Annotated[int, typer.Option(min=1, help="Runs at a time, one thread each.")] = 2,
    identity: Annotated[
        Literal["function", "notation"] | None, typer.Option(help="By the table where it is not given.")
    ] = None,
    shorter: Annotated[
        str | None, typer.Option(help="Column after fewer epochs, for methods with rungs: 'valid_acc_{epochs}ep'.")
    ] = None,
    runs: Annotated[Path, typer.Option(help="Folder of finished runs, to go on from.")] = Path("results/searches"),
    plot: Annotated[Path | None, typer.Option(help="HTML file to draw the curves into.")] = None,
    json: Json = False,
) -> None:
    """How few trainings every method needs to reach the front of a published table.

    Example: evonas benchmark search --table nasbench201.csv.gz --objectives cifar10_valid_acc_200ep:max,flops_m:min
    """
    from evonas.cli.search_benchmark import benchmark_methods

    columns = tuple(replicates.split(",")) if replicates else ()
    benchmark_methods(
        *(
            space,
            table,
            objectives,
            report,
            columns,
            methods,
            budgets,
            seeds,
            workers,
            identity,
            shorter,
            runs,
            plot,
            json,
        )
    )


@benchmarks.command("combinations")
def benchmark_combinations(
    table: Annotated[Path, typer.Option(help="CSV file with a column arch.")],
    target: Annotated[str, typer.Option(help="Measured column, higher is better.")],
    space: Annotated[str, typer.Option(help="Search space of the table.")] = "cell201",
    column: Annotated[list[str] | None, typer.Option(help="A proxy; by default every column proxy_….")] = None,
    trained: Annotated[list[int] | None, typer.Option(min=8, help="Trained architectures to learn from.")] = None,
    repeats: Annotated[int, typer.Option(min=1, help="Draws of the trained.")] = 5,
    scored: Annotated[int, typer.Option(min=2, help="Others that are ranked in each.")] = 4000,
    json: Json = False,
) -> None:
    """Kendall tau of proxies and of their combinations with what a table measured.

    Example: evonas benchmark combinations --table nasbench201.csv.gz --target cifar10_valid_acc_200ep
    """
    from evonas.benchmarks.combinations import measure_combinations
    from evonas.cli.rows import print_rows

    print_rows(
        measure_combinations(space, table, target, column or [], trained or [16, 50, 200], repeats, scored), json
    )


@benchmarks.command("curves")
def benchmark_curves(
    table: Annotated[Path, typer.Option(help="File of learning curves, .npz.")],
    epochs: Annotated[str, typer.Option(help="Looked at after so many.")] = "5,10,25,50",
    error_rate: Annotated[list[float] | None, typer.Option(min=0.0, max=0.5, help="Of early stopping.")] = None,
    budget: Annotated[int, typer.Option(min=1, help="Trainings of a simulated campaign.")] = 100,
    repeats: Annotated[int, typer.Option(min=1, help="Simulated campaigns.")] = 30,
    json: Json = False,
) -> None:
    """Kendall tau of what the beginning of a training tells with how it ends, and what stopping early saves and loses.

    Example: evonas benchmark curves --table learning_curves.npz
    """
    from evonas.benchmarks.curves import Curves, measure_estimates, measure_stopping
    from evonas.cli.rows import print_rows

    try:
        curves = Curves.read(table)
        estimates = measure_estimates(curves, [int(part) for part in epochs.split(",")])
        stopping = measure_stopping(curves, error_rate or [0.05, 0.1, 0.2], repeats, budget)
    except (OSError, ValueError) as error:
        raise typer.BadParameter(str(error)) from error
    print_rows(estimates, json)
    print_rows(stopping, json)


@benchmarks.command("proxies")
def benchmark_proxies(
    cells: Annotated[int, typer.Option(min=1, help="Random networks; ratios are medians over them.")] = 5,
    repeats: Annotated[int, typer.Option(min=1, help="Of each measurement.")] = 5,
    batch: Annotated[int, typer.Option(min=4, help="Examples.")] = 32,
    compact: Annotated[int, typer.Option(min=1, help="Compact candidates built and scored.")] = 1000,
    standard: Annotated[
        int | None, typer.Option(min=0, help="Standard ones, likewise; by default 1,000 on a GPU and none elsewhere.")
    ] = None,
    device: Annotated[str, typer.Option(help="Of the standard ones: auto, cpu, cuda or cuda:N.")] = "auto",
    workers: Annotated[int, typer.Option(min=0, help="Processes that help with the standard ones.")] = 4,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    json: Json = False,
) -> None:
    """Processor time of zero-cost proxies, together and alone, beside one forward and backward pass.

    Examples:
        evonas benchmark proxies --cells 5

        evonas benchmark proxies --cells 1 --repeats 1 --compact 1 --device cuda --workers 8
    """
    from evonas.benchmarks.proxies import measure_proxies
    from evonas.cli.rows import print_rows

    print_rows(measure_proxies(cells, repeats, batch, compact, standard, device, workers, seed), json)
