"""The ``evonas`` command. Everything heavy is imported inside the commands, so that ``--help`` is quick."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from evonas.cli.benchmark_commands import benchmarks
from evonas.cli.options import Json
from evonas.cli.predictor_commands import predictors
from evonas.cli.proxy_commands import proxies
from evonas.cli.table_commands import tables

app = typer.Typer(
    name="evonas",
    help="Finds neural networks that are accurate and small, fast or frugal, while training few of them.",
    epilog="Start with: evonas run digits",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(benchmarks, name="benchmark")
app.add_typer(tables, name="table")
app.add_typer(predictors, name="predictors")
app.add_typer(proxies, name="proxies")

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
    """Checks a campaign before it runs: its faults, the size of its space, the time it will take.

    Every part is made, and a few samples are trained for a moment; nothing is written.

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
    like: Annotated[
        str | None, typer.Option(metavar="FILE|NAME", help="Copy this campaign, e.g. a published method's, instead.")
    ] = None,
) -> None:
    """Writes a commented starter campaign.

    Examples:
        evonas new my_campaign.yaml

        evonas new mine.yaml --like methods/brp_nas
    """
    from evonas.cli.new import write_starter

    write_starter(file, like)


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
def pick(
    folder: Folder,
    where: Annotated[
        list[str] | None, typer.Option(metavar="BOUND", help="A bound such as 'macs <= 2e5'; may be repeated.")
    ] = None,
    minimise: Annotated[str | None, typer.Option(metavar="OBJECTIVE", help="The least of this.")] = None,
    maximise: Annotated[str | None, typer.Option(metavar="OBJECTIVE", help="The most of this.")] = None,
    knee: Annotated[bool, typer.Option("--knee", help="The knee of the front: the default.")] = False,
    json: Json = False,
) -> None:
    """Chooses one trained network, and says how often the noise of training would have chosen another.

    Examples:
        evonas pick results/digits --where "macs <= 2e5" --minimise validation_error

        evonas pick results/digits --knee
    """
    from evonas.cli.pick import pick_trial

    pick_trial(folder, where or [], minimise, maximise, knee, json)


@app.command()
def train(
    folder: Folder,
    trial: Annotated[int, typer.Argument(metavar="TRIAL", help="Number of the trial.")],
    epochs: Annotated[int | None, typer.Option(min=1, help="Epochs, instead of the campaign's.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Trainings with different seeds.")] = 3,
    workers: Annotated[int, typer.Option(min=1, help="Trainings at a time.")] = 2,
    json: Json = False,
) -> None:
    """Trains a chosen network fully, with several seeds, and keeps its weights.

    Seeds that were trained for as many epochs before are kept, and weights of other epochs are put aside.

    Example: evonas train results/digits 17 --epochs 100 --seeds 3
    """
    from evonas.cli.train import train_trial

    raise typer.Exit(train_trial(folder, trial, epochs, seeds, workers, json))


@app.command()
def export(
    folder: Folder,
    trial: Annotated[int, typer.Argument(metavar="TRIAL", help="Number of a trial that evonas train trained.")],
    to: Annotated[
        str, typer.Option(help="torch (plain source), torchscript or onnx; or my.module.MyExporter.")
    ] = "torch",
    output: Annotated[Path | None, typer.Option(help="Folder, instead of DIR/exported/TRIAL.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Whose weights; the best on validation data.")] = None,
) -> None:
    """Writes a trained network for programs that know nothing of evonas, with a model card.

    Example: evonas export results/digits 17 --to onnx
    """
    from evonas.cli.train import export_trial

    export_trial(folder, trial, to, output, seed)


@app.command()
def merge(
    first: Annotated[Path, typer.Argument(metavar="A", help="Results folder.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="Results folder of the same campaign.")],
    target: Annotated[Path, typer.Argument(metavar="TARGET", help="Results folder to write.")],
) -> None:
    """Joins the results of one campaign that ran twice, with different seeds, into a third folder.

    Example: evonas merge results/here results/there results/both
    """
    from evonas.cli.merge import merge_campaigns

    merge_campaigns(first, second, target)


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
    room: Annotated[str | None, typer.Argument(help="Only one room, e.g. space or proxies.")] = None,
    json: Json = False,
) -> None:
    """Lists the components of every room, and the shipped campaigns.

    Example: evonas list proxies
    """
    from evonas.cli.list import list_rooms

    list_rooms(room, json)


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
    from spaces.discovery import UnknownComponent

    if isinstance(error, (CampaignError, SearchError, JournalError, UnknownComponent, OSError)):
        return True
    return type(error).__name__ in ("ChangedCampaign", "ExportError")
