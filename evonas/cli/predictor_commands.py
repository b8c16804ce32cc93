"""``evonas predictors …``."""

from __future__ import annotations

from typing import Annotated

import typer

from evonas.cli.options import Cache, Json, Plot, SpaceOption, TableOption, Target, Workers

predictors = typer.Typer(
    help="Predictors, judged on tables of measured architectures.",
    epilog="Examples: evonas predictors compare --help",
    no_args_is_help=True,
)


@predictors.callback()
def _group() -> None:
    """Keeps ``compare`` a command of its own while it is the only one."""


@predictors.command("compare")
def compare_predictors(
    space: SpaceOption,
    table: TableOption,
    target: Target,
    predictors: Annotated[
        list[str],
        typer.Option(
            help="Names with commas between them, or '{name: stacked, …}'; the option may be repeated.",
            show_default=False,
        ),
    ],
    train_sizes: Annotated[str, typer.Option(help="Training rows, with commas between.")] = "20,50,78,156,469",
    seeds: Annotated[int, typer.Option(min=1, help="Draws of the training rows; all predictors get the same.")] = 10,
    encodings: Annotated[
        list[str] | None,
        typer.Option(help="What predictors see, written as predictors are; by default each predictor's own."),
    ] = None,
    features: Annotated[str, typer.Option(help="Columns of the table as further inputs, with commas between.")] = "",
    population: Annotated[int | None, typer.Option(min=5, help="Use only this many rows, drawn at random.")] = None,
    top: Annotated[int, typer.Option(min=1, help="The k of precision at k and of N@k.")] = 10,
    workers: Workers = 1,
    cache: Cache = None,
    plot: Plot = None,
    json: Json = False,
) -> None:
    """How well predictors rank the rows that they were not trained on, by the number of trained rows.

    Each is fitted on the same rows drawn at random and judged on all others: Kendall tau, also without the twins of
    trained rows; Spearman; precision at the top 1 % and at k; N@k, the true rank of the best among the k predicted
    best; coverage of 80 % intervals; processor seconds of fitting and of predicting, encoding included.

    Examples:
        evonas predictors compare --space cell201 --table nasbench201.csv.gz
        --target cifar10_test_acc_200ep_mean:max --predictors trees,gaussian_process

        evonas predictors compare --space macro --table macro.csv --target test_acc_mean:max --train-sizes 50,100
        --predictors trees --predictors '{name: trees, depth: 6}' --workers 2 --cache runs --plot tau.html
    """
    from evonas.benchmarks.comparison_figures import training_size_figure, write_figure
    from evonas.benchmarks.predictors import PredictorComparison, measure_predictors
    from evonas.cli.rows import print_compared

    compared = measure_predictors(
        PredictorComparison(
            space,
            table,
            target,
            predictors,
            _sizes(train_sizes),
            seeds,
            encodings or (),
            tuple(name.strip() for name in features.split(",") if name.strip()),
            population,
            top,
            workers,
            cache,
        )
    )
    if plot is not None:
        write_figure(training_size_figure(compared.rows), plot)
    print_compared(compared.rows, compared.notes, json)


def _sizes(text: str) -> list[int]:
    try:
        return sorted(int(size) for size in text.split(","))
    except ValueError:
        message = f"expected whole numbers with commas between them, as in 50,100,200; got {text!r}"
        raise typer.BadParameter(message, param_hint="--train-sizes") from None
