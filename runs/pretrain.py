"""Pretrains the graph network of the predictor graph_network, as a YAML file says.

Examples:
  python runs/pretrain.py runs/pretraining/cell201.yaml
      free targets and hidden operations of 4,000 cells; about a minute on one core
  python runs/pretrain.py runs/pretraining/cell201.yaml --set samples=500 --set proxies=[synflow,nwot]
      proxy scores of 500 cells as well
  python runs/pretrain.py runs/pretraining/cell201.yaml --set journals=[results/digits] --set output=digits.safetensors
      what an earlier campaign has trained
  python runs/pretrain.py runs/pretraining/cell201.yaml --set "tables=[{path: cells.csv.gz, columns: [valid_accuracy]}]"
      a published table

Use the file in a campaign:  predictor: {name: graph_network, pretrained: results/pretrained_cell201.safetensors}
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.progress import Progress
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

import spaces
from evonas.campaign.running.recall import recall
from evonas.core.problem import Candidate
from evonas.journal.errors import JournalError
from evonas.searchers.proxy_scores import ProxyScores
from evonas.tables.table import Table
from spaces import Architecture, Space
from spaces.discovery import find
from surrogates import PROXIES
from surrogates.pretraining.corpus import Corpus, distinct_samples, free_targets
from surrogates.pretraining.pretraining import Recipe, pretrain

DEFAULTS: Mapping[str, Any] = {
    "space": None,
    "samples": 4000,
    "free_targets": True,
    "proxies": [],
    "journals": [],
    "tables": [],
    "recipe": {},
    "seed": 0,
    "output": None,
}
PROXY_BATCH = 32
Known = Iterable[tuple[Architecture, Mapping[str, float]]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; 0 where a file was written, 2 where something that was given is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="YAML; runs/pretraining/cell201.yaml explains every key")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="takes the file's value's place"
    )
    given = parser.parse_args(arguments)
    console = Console(stderr=True)
    try:
        with Progress(console=console) as progress:
            run(settings_of(given.file, given.set), progress, console)
    except (ValueError, OSError, JournalError, YAMLError) as error:
        print(f"{given.file}: {error}", file=sys.stderr)
        return 2
    return 0


def settings_of(path: Path, changes: Sequence[str]) -> dict[str, Any]:
    """The file's keys over the defaults, and what ``--set`` says over both."""
    yaml = YAML(typ="safe")
    document = yaml.load(path) or {}
    for change in changes:
        key, equals, text = change.partition("=")
        if not equals:
            raise ValueError(f"--set takes key=value; got {change!r}")
        document[key] = yaml.load(text)
    unknown = sorted(document.keys() - DEFAULTS.keys())
    if unknown:
        raise ValueError(f"keys must be among {', '.join(DEFAULTS)}; got {', '.join(unknown)}")
    missing = [key for key in ("space", "output") if not document.get(key)]
    if missing:
        raise ValueError(f"{' and '.join(missing)} must be given; see runs/pretraining/cell201.yaml")
    return {**DEFAULTS, **document}


def run(settings: Mapping[str, Any], progress: Progress, console: Console) -> None:
    """Gathers, learns, writes and shows the scores."""
    written = settings["space"]
    parts = {"name": written} if isinstance(written, str) else dict(written)
    space = spaces.load(**parts)
    rng = np.random.default_rng(settings["seed"])
    output = Path(settings["output"])
    output.parent.mkdir(parents=True, exist_ok=True)
    try:
        recipe = Recipe(**settings["recipe"])
    except TypeError as error:
        raise ValueError(f"recipe must have keys among {', '.join(Recipe.__slots__)}; {error}") from error
    corpus = Corpus.of(space, gathered(space, settings, rng, progress))
    bar = progress.add_task(f"pretraining on {len(corpus.graphs):,} architectures", total=1.0)
    name = parts["name"] if len(parts) == 1 else str(parts)
    found = pretrain(space, name, corpus, recipe, rng, lambda share: progress.update(bar, completed=share))
    progress.update(bar, completed=1.0)
    found.save(output)
    console.print(f"{output} and {output.with_suffix('.json')}; scores on architectures never trained on:")
    for target, score in found.card.scores.items():
        console.print(f"  {target}: {'no order' if score is None else f'{score:.3f}'}")


def gathered(space: Space, settings: Mapping[str, Any], rng: np.random.Generator, progress: Progress) -> Known:
    """What every source knows, one source after the other."""
    drawn = distinct_samples(space, settings["samples"], rng)
    yield from ((architecture, {}) for architecture in drawn)
    if settings["proxies"]:
        yield from proxies_of(space, drawn, settings["proxies"], progress)
    results = [*journals_of(space, settings["journals"]), *tables_of(space, settings["tables"])]
    yield from results
    if settings["free_targets"]:
        everyone = [*drawn, *(architecture for architecture, _ in results)]
        yield from zip(everyone, free_targets(space, everyone), strict=True)


def proxies_of(space: Space, drawn: Sequence[Architecture], names: Sequence[str], progress: Progress) -> Known:
    """Scores of built, untrained networks on a batch of noise."""
    rng = np.random.default_rng(0)
    shape = (PROXY_BATCH, *space.input_shape)
    noise = rng.standard_normal(shape) if space.vocabulary is None else rng.integers(space.vocabulary, size=shape)
    inputs = torch.from_numpy(noise.astype(np.float32) if space.vocabulary is None else noise)
    labels = torch.from_numpy(rng.integers(space.classes, size=PROXY_BATCH))
    scorer = ProxyScores(space, {name: find(PROXIES, name)() for name in names}, inputs, labels)
    for architecture in progress.track(drawn, description=f"scoring {', '.join(names)}"):
        simplified = space.simplify(architecture)
        yield architecture, scorer.of([Candidate(architecture, simplified, {}, simplified.key)])[0]


def journals_of(space: Space, folders: Sequence[str]) -> Iterator[tuple[Architecture, Mapping[str, float]]]:
    """Objectives and proxy scores of what campaigns have trained, named after the campaign and the objective."""
    for folder in folders:
        record = recall(Path(folder))
        for trial in record.archive.trained():
            try:
                space.check(trial.proposal.architecture)
            except ValueError as error:
                raise ValueError(f"journal {folder} holds architectures of another space: {error}") from error
            named = {f"{record.name}.{name}": value for name, value in trial.values.items()}
            yield trial.proposal.architecture, named | dict(trial.proposal.proxies)


def tables_of(space: Space, tables: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Architecture, Mapping[str, float]]]:
    """Columns of published tables, named after them."""
    for entry in tables:
        if set(entry) != {"path", "columns"}:
            raise ValueError(f"a table has a path and columns; got {entry}")
        table = Table.read(entry["path"], space)
        columns = {name: table.column(name) for name in entry["columns"]}
        for row, architecture in enumerate(table.architectures):
            yield architecture, {name: float(values[row]) for name, values in columns.items()}


if __name__ == "__main__":
    sys.exit(main())
