"""The ``evonas`` command. Everything heavy is imported inside the commands, so that ``--help`` is quick."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    name="evonas",
    help="Finds neural networks that are accurate and small, fast or frugal, while training few of them.",
    epilog="Start with: evonas run digits",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    add_completion=False,
)
benchmarks = typer.Typer(help="Measures the engine itself; each prints a table.", no_args_is_help=True)
app.add_typer(benchmarks, name="benchmark")

Json = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Results folder, e.g. results/digits.")]


@app.command()
def run(
    campaign: Annotated[str, typer.Argument(metavar="FILE|NAME", help="A campaign file, or a shipped one's name.")],
    results: Annotated[Path | None, typer.Option(help="Results folder, instead of the campaign's own.")] = None,
    budget: Annotated[int | None, typer.Option(min=1, help="Candidates trained in all, instead of the file's.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Trainings at a time, instead of the file's.")] = None,
) -> None:
    """Runs a campaign, or goes on with one that was interrupted.

    Examples:
        evonas run digits

        evonas run my_campaign.yaml --budget 200
    """
    from evonas.cli.run import run_campaign

    raise typer.Exit(run_campaign(campaign, results, budget, workers))


@app.command()
def check(
    campaign: Annotated[str | None, typer.Argument(metavar="FILE|NAME", help="A campaign file.")] = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON schema of campaign files.")] = False,
    json: Json = False,
) -> None:
    """Checks a campaign without training: its faults, the size of its space, the time it will take.

    Examples:
        evonas check my_campaign.yaml

        evonas check --schema > campaign.schema.json
    """
    from evonas.cli.check import check_campaign, print_schema

    if schema:
        print_schema()
    elif campaign is None:
        raise typer.BadParameter("name a campaign file, or ask for --schema")
    else:
        check_campaign(campaign, json)


@app.command()
def new(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The campaign file to write; it must not exist.")],
) -> None:
    """Writes a commented starter campaign.

    Example: evonas new my_campaign.yaml
    """
    from evonas.cli.new import write_starter

    write_starter(file)


@app.command()
def show(
    folder: Folder,
    trial: Annotated[int | None, typer.Argument(metavar="TRIAL", help="Number of one trial to draw.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print every trial as a line of JSON.")] = False,
) -> None:
    """Shows the front of a campaign, or one architecture drawn as text.

    Examples:
        evonas show results/digits

        evonas show results/digits 17

        evonas show results/digits --json | jq .values
    """
    from evonas.cli.show import show_campaign

    show_campaign(folder, trial, json)


@app.command()
def report(
    folder: Folder,
    output: Annotated[Path | None, typer.Option(help="File to write, instead of DIR/report.html.")] = None,
) -> None:
    """Writes the report of a campaign, finished or not, as one HTML file.

    Example: evonas report results/digits
    """
    from evonas.cli.report import report_campaign

    report_campaign(folder, output)


@app.command("list")
def list_components(
    room: Annotated[str | None, typer.Argument(help="Only one room, e.g. space or proxy.")] = None,
    json: Json = False,
) -> None:
    """Lists the components of every room, and the shipped campaigns.

    Example: evonas list proxy
    """
    from evonas.cli.list import list_rooms

    list_rooms(room, json)


@benchmarks.command("demo")
def benchmark_demo(
    campaign: Annotated[str, typer.Option(help="Campaign file or name.")] = "digits",
    json: Json = False,
) -> None:
    """Runs a campaign as a whole in a fresh folder: its wall time, where it goes, and the peak memory.

    Example: evonas benchmark demo
    """
    from evonas.benchmarks.demo import measure_demo
    from evonas.cli.benchmark import print_rows

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
    from evonas.cli.benchmark import print_rows

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
    from evonas.cli.benchmark import print_rows

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
    from evonas.cli.benchmark import print_rows

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
    from evonas.cli.benchmark import print_rows
    from spaces.discovery import UnknownComponent

    try:
        print_rows(measure_spaces(architectures, offspring, seed, space), json)
    except UnknownComponent as error:
        raise typer.BadParameter(str(error), param_hint="--space") from error


@benchmarks.command("proxies")
def benchmark_proxies(
    cells: Annotated[int, typer.Option(min=1, help="Random networks; ratios are medians over them.")] = 5,
    repeats: Annotated[int, typer.Option(min=1, help="Of each measurement.")] = 5,
    batch: Annotated[int, typer.Option(min=4, help="Examples.")] = 32,
    compact: Annotated[int, typer.Option(min=1, help="Compact candidates built and scored.")] = 1000,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    json: Json = False,
) -> None:
    """Processor time of zero-cost proxies, together and alone, beside one forward and backward pass.

    Example: evonas benchmark proxies --cells 5
    """
    from evonas.benchmarks.proxies import measure_proxies
    from evonas.cli.benchmark import print_rows

    print_rows(measure_proxies(cells, repeats, batch, compact, seed), json)


def main(arguments: list[str] | None = None) -> None:
    """The console script: prints what the user can mend as one clear error, without a traceback."""
    sys.path.append(str(Path.cwd()))
    try:
        app(arguments)
    except Exception as error:
        if not _is_for_users(error):
            raise
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)


def _is_for_users(error: Any) -> bool:
    from evonas.campaign.fault import CampaignError
    from evonas.core.searcher import SearchError
    from evonas.journal.errors import JournalError

    if isinstance(error, (CampaignError, SearchError, JournalError, OSError)):
        return True
    return type(error).__name__ == "ChangedCampaign"
