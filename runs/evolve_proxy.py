"""Evolves a formula that ranks measured architectures, for ``proxies: [{name: evolved, formula: PATH}]``.

    python runs/evolve_proxy.py table cell201 nasbench201.csv.gz cifar10_valid_acc_200ep formula.json \
        --input jacob_cov=proxy_jacov --input parameters=proxy_params
    python runs/evolve_proxy.py campaign results/digits validation_error formula.json

Its inputs are proxies and statistics of the simplified graph (``surrogates/graph_statistics.py``), which ``--no-graph``
leaves out. A formula holds for networks whose scores are on the scale of those it was evolved on: the same space,
skeleton, input shape and implementation of the proxies. Published scores show what is possible; evolve for a campaign
on a campaign.
Half of the architectures' functions are held out: they neither train nor select, and the figures printed are theirs.
Isomorphic architectures fall into the same half.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

import spaces
from evonas.campaign.running.recall import Written, recall
from evonas.tables.table import Table
from spaces.architecture import Architecture
from spaces.discovery import find
from surrogates.evolution import Evolution, evolve
from surrogates.formula import Formula
from surrogates.graph_statistics import statistic_columns
from surrogates.predictor import FloatArray
from surrogates.ranking import kendall_tau

app = typer.Typer(help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)

Output = Annotated[Path, typer.Argument(help="Formula file to write.")]
Seed = Annotated[int, typer.Option(min=0, help="Of the split and of the evolution.")]
Population = Annotated[int, typer.Option(min=2, help="Formulas of a generation.")]
Generations = Annotated[int, typer.Option(min=1)]
Graph = Annotated[bool, typer.Option(help="Statistics of the graph are inputs too.")]


@app.command()
def table(
    space: Annotated[str, typer.Argument(help="Search space of the table, e.g. cell201.")],
    path: Annotated[Path, typer.Argument(help="CSV file with a column arch.")],
    target: Annotated[str, typer.Argument(help="Column to rank by, higher is better.")],
    output: Output,
    input: Annotated[
        list[str] | None,
        typer.Option(help="PROXY=COLUMN, once for each; by default every column proxy_NAME as NAME."),
    ] = None,
    seed: Seed = 0,
    population: Population = Evolution.population,
    generations: Generations = Evolution.generations,
    graph: Graph = True,
) -> None:
    """Evolves on a table of measured architectures."""
    read = Table.read(path, find(spaces.ROOM, space)())
    named = dict(one.split("=", 1) for one in input or ())
    if not named:
        named = {name.removeprefix("proxy_"): name for name in read.names if name.startswith("proxy_")}
    scores = {proxy: read.column(column) for proxy, column in named.items()}
    graphs = [read.space.simplify(architecture) for architecture in read.architectures]
    data = {"file": path.name, "target": target, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    _evolve(scores, read.column(target), graphs, graph, data, output, seed, Evolution(population, generations))


@app.command()
def campaign(
    folder: Annotated[Path, typer.Argument(help="Results folder of a campaign with proxies.")],
    target: Annotated[str, typer.Argument(help="Objective to rank by.")],
    output: Output,
    seed: Seed = 0,
    population: Population = Evolution.population,
    generations: Generations = Evolution.generations,
    graph: Graph = True,
) -> None:
    """Evolves on a campaign's trained candidates and the proxy scores that were recorded with them."""
    record = recall(folder)
    archive = record.archive
    if graph and isinstance(record.space, Written):
        raise typer.BadParameter(f"graphs are simplified by their space, which {folder} cannot give; use --no-graph")
    if target not in archive.names:
        raise typer.BadParameter(f"{target!r} is no objective of the campaign; it has {', '.join(archive.names)}")
    trained = archive.trained
    names = sorted({name for trial in trained for name in trial.proposal.proxies})
    scores = {
        name: np.array([trial.proposal.proxies.get(name, np.nan) for trial in trained], np.float64) for name in names
    }
    values = -archive.values(trained)[:, archive.names.index(target)]
    told = json.dumps([[trial.proposal.key, dict(trial.proposal.proxies), dict(trial.values)] for trial in trained])
    data = {"file": str(folder), "target": target, "sha256": hashlib.sha256(told.encode()).hexdigest()}
    graphs = [record.space.simplify(trial.proposal.architecture) for trial in trained]
    _evolve(scores, values, graphs, graph, data, output, seed, Evolution(population, generations))


def _evolve(
    scores: dict[str, FloatArray],
    values: FloatArray,
    graphs: Sequence[Architecture],
    with_statistics: bool,
    data: dict[str, Any],
    output: Path,
    seed: int,
    settings: Evolution,
) -> None:
    if with_statistics:
        scores = scores | statistic_columns(graphs)
    known = np.isfinite(values) & np.all([np.isfinite(column) for column in scores.values()], axis=0)
    rng = np.random.default_rng(seed)
    functions = np.array([graph.key for graph in graphs])
    chosen = rng.permutation(np.unique(functions[known]))
    learned = known & np.isin(functions, chosen[: len(chosen) // 2])
    held_out = known & ~learned
    typer.echo(
        f"{learned.sum():,} architectures to learn from, {held_out.sum():,} held out, {(~known).sum():,} unknown"
    )
    started = time.perf_counter()

    def progress(generation: int, tau: float, text: str) -> None:
        typer.echo(f"{generation:>4}/{settings.generations} learned tau {tau:.4f} {text}")

    inside = {name: column[learned] for name, column in scores.items()}
    formula = evolve(inside, values[learned], rng, settings, progress)
    seconds = time.perf_counter() - started
    figures = _figures(formula, scores, values, learned, held_out)
    document = {**formula.to_json(), "figures": figures, "data": data, "seed": seed, "evolution_seconds": seconds}
    output.write_text(json.dumps(document, indent=1) + "\n")
    typer.echo(f"formula: {formula.text}")
    typer.echo(
        f"held-out Kendall tau {figures['held_out_tau']:.4f} over {figures['held_out']:,}; best single input there, "
        f"{figures['best_single']}: {figures['best_single_held_out_tau']:.4f}; {seconds:.0f} s; written to {output}"
    )


def _figures(
    formula: Formula, scores: dict[str, FloatArray], values: FloatArray, learned: Any, held_out: Any
) -> dict[str, Any]:
    """Kendall tau on both halves; the best single input is the best on the half held out, which favours it."""
    ranked = formula.apply(scores)
    single = {name: kendall_tau(column[held_out], values[held_out]) or 0.0 for name, column in scores.items()}
    best = max(single, key=single.__getitem__)
    return {
        "learned": int(learned.sum()),
        "learned_tau": kendall_tau(ranked[learned], values[learned]),
        "held_out": int(held_out.sum()),
        "held_out_tau": kendall_tau(ranked[held_out], values[held_out]),
        "best_single": best,
        "best_single_held_out_tau": single[best],
    }


if __name__ == "__main__":
    app()
