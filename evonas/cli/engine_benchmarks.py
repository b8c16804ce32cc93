"""``evonas benchmark …``: what the engine itself costs, from whole campaigns to one training and one inference."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evonas.cli.options import Json

benchmarks = typer.Typer(
    help="Measures the engine itself; each prints a table.",
    epilog="Example: evonas benchmark demo",
    no_args_is_help=True,
)


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
    cells: Annotated[list[int] | None, typer.Option(min=1, help="Cells a stage; by default 1 and 5.")] = None,
    json: Json = False,
) -> None:
    """Operations of a training step of candidates packed and one at a time, and candidates an hour of campaigns.

    Examples:
        evonas benchmark packing --candidates 32

        evonas benchmark packing --candidates 32 --cells 5
    """
    from evonas.benchmarks.packing import measure_packing
    from evonas.benchmarks.training import DEPTHS
    from evonas.cli.rows import print_rows

    print_rows(measure_packing(candidates, epochs, cells or DEPTHS), json)


@benchmarks.command("gpu")
def benchmark_gpu(
    networks: Annotated[int, typer.Option(min=1, help="Scored by nine zero-cost proxies.")] = 1000,
    repeats: Annotated[int, typer.Option(min=2, help="Measurements of energy.")] = 15,
    json: Json = False,
) -> None:
    """What only a GPU tells: seconds of zero-cost proxies, copies in a step of training, how well energy repeats.

    Example: evonas benchmark gpu --networks 1000
    """
    import torch

    from evonas.benchmarks.gpu_figures import measure_gpu_work
    from evonas.cli.rows import print_rows

    if not torch.cuda.is_available():
        raise typer.BadParameter("torch sees no CUDA device here; run it where there is one")
    print_rows(measure_gpu_work(networks, repeats), json)


@benchmarks.command("latency")
def benchmark_latency(
    space: Annotated[str, typer.Option(help="Name of the space, or '{name: cell201, channels: 16}'.")] = "cell201",
    dataset: Annotated[str | None, typer.Option(help="Whose shape and classes the space is made for.")] = None,
    networks: Annotated[int, typer.Option(min=2, help="Sampled, and measured in turn.")] = 8,
    repeats: Annotated[int, typer.Option(min=2, help="Measurements of each.")] = 15,
    calls: Annotated[int, typer.Option(min=5, help="Timed inferences in a measurement.")] = 50,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    save: Annotated[Path | None, typer.Option(help="Write the table; the GPU's where there is one.")] = None,
    device: Annotated[str | None, typer.Option(help="cpu or cuda alone; by default both, as far as there are.")] = None,
    json: Json = False,
) -> None:
    """How well measured latencies repeat, and the error of a table of operations on networks that it never saw.

    Examples:
        evonas benchmark latency

        evonas benchmark latency --space '{name: cell201, skeleton: compact}' --dataset digits --save latency.json
    """
    from evonas.benchmarks.latency import measure_latency, space_for
    from evonas.cli.rows import print_rows
    from evonas.core.objective import Unavailable

    made = space_for(space, dataset)
    try:
        print_rows(measure_latency(made, networks, repeats, calls, seed, save, device), json)
    except (Unavailable, ValueError) as error:
        raise typer.BadParameter(str(error)) from error
