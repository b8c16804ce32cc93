"""``evonas proxies …``."""

from __future__ import annotations

from typing import Annotated

import typer

from evonas.cli.options import Cache, Json, Plot, SpaceOption, TableOption, Target, Workers

proxies = typer.Typer(
    help="Zero-cost proxies, judged on tables of measured architectures.",
    epilog="Examples: evonas proxies compare --help",
    no_args_is_help=True,
)


@proxies.callback()
def _group() -> None:
    """Keeps ``compare`` a command of its own while it is the only one."""


@proxies.command("compare")
def compare_proxies(
    space: SpaceOption,
    table: TableOption,
    target: Target,
    sample: Annotated[int, typer.Option(min=2, help="Rows drawn at random, built and scored.")] = 500,
    proxies: Annotated[
        list[str] | None,
        typer.Option(
            help="Names with commas between them, or '{name: …, argument: …}'; the option may be repeated. "
            "By default every one but grasp and plain."
        ),
    ] = None,
    dataset: Annotated[str, typer.Option(help="Whose training examples make the batch.")] = "coloured_digits",
    batch: Annotated[int, typer.Option(min=1, help="Examples in the batch.")] = 32,
    seeds: Annotated[int, typer.Option(min=1, help="Draws of weights and batch, on the same rows.")] = 1,
    published: Annotated[
        str | None, typer.Option(metavar="PREFIX", help="Of columns with published scores; proxy_ where there are.")
    ] = None,
    workers: Workers = 2,
    cache: Cache = None,
    plot: Plot = None,
    json: Json = False,
) -> None:
    """How well zero-cost proxies rank architectures, beside published scores of the very same rows.

    Kendall tau and Spearman of every proxy with the target, of parameters and MACs, of the aggregated ranks of the
    proxies named (by default of AZ-NAS's four and of nwot, jacob_cov, meco and l_swag) and of AZ-NAS's four, with
    several seeds also over all draws together, and of published scores; agreement of ours with the published;
    milliseconds; failures with their reasons.

    Examples:
        evonas proxies compare --space cell201 --table nasbench201.csv.gz --target cifar10_valid_acc_200ep:max

        evonas proxies compare --space cell201 --table nasbench201.csv.gz --target cifar10_valid_acc_200ep:max
        --proxies synflow,nwot --sample 100 --cache runs --plot proxies.html
    """
    from evonas.benchmarks.comparison_figures import proxy_figure, write_figure
    from evonas.benchmarks.proxy_ranks import ProxyComparison, measure_proxies
    from evonas.cli.rows import print_compared

    compared = measure_proxies(
        ProxyComparison(space, table, target, sample, proxies or (), dataset, batch, seeds, published, workers, cache)
    )
    if plot is not None:
        write_figure(proxy_figure(compared.rows), plot)
    print_compared(compared.rows, compared.notes, json)
