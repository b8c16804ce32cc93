"""``evonas benchmark …``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from evonas.cli.options import Json

benchmarks = typer.Typer(help="Measures the engine itself; each prints a table.", no_args_is_help=True)


@benchmarks.command("demo")
def benchmark_demo(
    campaign: Annotated[str, typer.Option(help="Campaign file or name.")] = "digits",
    json: Json = False,
) -> None:
    """Runs a campaign as a whole in a fresh folder: its wall time, where it goes, and the peak memory.

    Example: evonas benchmark demo
    """
    from evonas.benchmarks.demo import measure_demo
    from evonas.cli.rows import print_rows

    print_rows(measure_demo(campaign), json)


@benchmarks.command("workers")
def benchmark_workers(
    candidates: Annotated[int, typer.Option(min=2, help="Candidates trained by each.")] = 32,
    repeats: Annotated[int, typer.Option(min=1, help="Repetitions, alternating.")] = 3,
    json: Json = False,
) -> None:
    """Candidates a second with one worker and with two, side by side.

    Example: evonas benchmark workers --candidates 32
    """
    from evonas.benchmarks.workers import measure_workers
    from evonas.cli.rows import print_rows

    print_rows(measure_workers(candidates, repeats), json)


@benchmarks.command("overhead")
def benchmark_overhead(
    seconds: Annotated[float, typer.Option(min=0.0, help="What one simulated training takes.")] = 60.0,
    budget: Annotated[int, typer.Option(min=1, help="Trainings.")] = 64,
    workers: Annotated[int, typer.Option(min=1)] = 2,
    json: Json = False,
) -> None:
    """The engine's own share of the wall time, with an evaluator that sleeps.

    Example: evonas benchmark overhead --seconds 60 --budget 64
    """
    from evonas.benchmarks.overhead import measure_overhead
    from evonas.cli.rows import print_rows

    print_rows(measure_overhead(seconds, budget, workers), json)


@benchmarks.command("resume")
def benchmark_resume(
    kills: Annotated[int, typer.Option(min=1, help="Campaigns killed at a random instant.")] = 10,
    campaign: Annotated[str, typer.Option(help="Campaign file or name; run with one worker.")] = "digits",
    budget: Annotated[int, typer.Option(min=1)] = 32,
    seed: Annotated[int, typer.Option(min=0, help="Chooses the instants.")] = 0,
    json: Json = False,
) -> None:
    """Kills a campaign with SIGKILL at random instants and compares what it goes on to with an uninterrupted run.

    Example: evonas benchmark resume --kills 10
    """
    from evonas.benchmarks.resume import measure_resume
    from evonas.cli.rows import print_rows

    print_rows(measure_resume(kills, campaign, budget, seed), json)


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


@benchmarks.command("training")
def benchmark_training(
    candidates: Annotated[int, typer.Option(min=2, help="Sampled from the demo's space.")] = 16,
    repeats: Annotated[int, typer.Option(min=1, help="Repetitions in turn; the fastest counts.")] = 3,
    epochs: Annotated[int, typer.Option(min=1, help="Of each training.")] = 5,
    json: Json = False,
) -> None:
    """Candidates an hour of the trainer and of loops written by hand, side by side; on a GPU too where there is one.

    Example: evonas benchmark training --candidates 16
    """
    from evonas.benchmarks.training import measure_training
    from evonas.cli.rows import print_rows

    print_rows(measure_training(candidates, repeats, epochs), json)


@benchmarks.command("packing")
def benchmark_packing(
    candidates: Annotated[int, typer.Option(min=2, help="Candidates of NAS-Bench-201 in the pack.")] = 32,
    epochs: Annotated[int, typer.Option(min=1, help="Of each training of the campaigns on the processor.")] = 5,
    json: Json = False,
) -> None:
    """Operations of a training step of candidates packed and one at a time, and candidates an hour of campaigns.

    Example: evonas benchmark packing --candidates 32
    """
    from evonas.benchmarks.packing import measure_packing
    from evonas.cli.rows import print_rows

    print_rows(measure_packing(candidates, epochs), json)


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
        *(space, table, objectives, report, columns, methods, budgets, seeds, workers, identity, runs, plot, json)
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


@benchmarks.command("latency")
def benchmark_latency(
    space: Annotated[str, typer.Option(help="Name of the space, or '{name: cell201, channels: 16}'.")] = "cell201",
    dataset: Annotated[str | None, typer.Option(help="Whose shape and classes the space is made for.")] = None,
    networks: Annotated[int, typer.Option(min=2, help="Sampled, and measured in turn.")] = 8,
    repeats: Annotated[int, typer.Option(min=2, help="Measurements of each.")] = 15,
    calls: Annotated[int, typer.Option(min=5, help="Timed inferences in a measurement.")] = 50,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    save: Annotated[Path | None, typer.Option(help="Write the table; the GPU's where there is one.")] = None,
    json: Json = False,
) -> None:
    """How well measured latencies repeat, and the error of a table of operations on networks that it never saw.

    Examples:
        evonas benchmark latency

        evonas benchmark latency --space '{name: cell201, skeleton: compact}' --dataset digits --save latency.json
    """
    from evonas.benchmarks.latency import measure_latency, space_for
    from evonas.cli.rows import print_rows

    print_rows(measure_latency(space_for(space, dataset), networks, repeats, calls, seed, save), json)


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
