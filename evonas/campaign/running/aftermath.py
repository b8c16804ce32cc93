"""After a search: one of its architectures trained fully, and what leaves the project."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from concurrent.futures import as_completed
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any, cast

from evonas.campaign.planning.making import make_component, make_space
from evonas.campaign.reading.fault import CampaignError, Fault
from evonas.campaign.reading.importable import importable
from evonas.campaign.running.recall import recall
from evonas.core.archive import Trial
from evonas.core.evaluation import Evaluation
from evonas.core.failure import Failure
from evonas.core.randomness import integer_seed
from evonas.core.record import Record
from evonas.datasets.dataset import Dataset
from evonas.datasets.preparation import Preparation
from evonas.evaluators.training import TrainingEvaluator
from evonas.executors.failures import failure_of
from evonas.executors.processes import Processes
from evonas.exporters.exporter import Exporter
from evonas.trainers.trainer import Trainer
from spaces.architecture import Architecture
from spaces.discovery import Room, find
from spaces.space import Space

EXPORTERS = Room("exporter", "evonas.exporters", "evonas.exporters.exporter.Exporter")
FIGURES = "figures.json"
_COMPARED = 8  # examples whose outputs an export is compared on
_HOW = (
    "the network takes (raw - input_mean) / input_deviation by channel or column, or raw inputs where these are empty; "
    "a regression's number is output * output_deviation + output_mean, a class the place of the largest output"
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A trial of a finished or interrupted campaign with what trains its network.

    Attributes:
        record: The campaign.
        trial: The trial.
        space: Builds the network.
        dataset: What the campaign trained on.
        trainer: How, with the epochs that were asked for.
        folder: Where its files stand: ``DIR/trained/17``.
    """

    record: Record
    trial: Trial
    space: Space
    dataset: Dataset
    trainer: Trainer
    folder: Path

    @property
    def architecture(self) -> Architecture:
        """What is built and trained: dead parts removed."""
        return self.space.simplify(self.trial.proposal.architecture)


def choose_trial(results: Path, number: int, epochs: int | None = None) -> Chosen:
    """A trial of the campaign in ``results``, with its dataset and trainer made anew.

    Args:
        results: Results folder.
        number: The trial's number.
        epochs: Epochs in place of the campaign's own.

    Raises:
        CampaignError: There is no such trial, or the campaign trained nothing that can be made anew here.
        JournalError: There is no journal, or it cannot be read.
    """
    record = recall(results)
    trials = record.archive.trials
    if not 0 <= number < len(trials):
        raise CampaignError([Fault((), f"there is no trial {number}; {results} has trials 0 to {len(trials) - 1}")])
    campaign = record.manifest["campaign"]
    trainer = dict(campaign["trainer"] or {})
    if epochs is not None:
        trainer["epochs"] = epochs
    with importable(results):
        space = make_space(campaign["space"], campaign["dataset"], campaign["evaluator"])
        dataset = cast(Dataset, make_component("dataset", campaign["dataset"]))
        made = cast(Trainer, make_component("trainer", trainer))
    return Chosen(record, trials[number], space, dataset, made, results / "trained" / str(number))


def train_fully(
    chosen: Chosen,
    seeds: int,
    workers: int,
    told: Callable[[int, Evaluation], None],
    note: Callable[[str], None],
) -> dict[int, Evaluation]:
    """Trains one architecture with several seeds, each in a process of its own, and keeps weights and figures.

    ``seed-0.safetensors`` and so on hold the weights, ``figures.json`` what each brought home: validation and test
    figures, epochs and seconds, written as they come. Seeds that were trained for as many epochs before are not trained
    again, so that what was interrupted goes on. Weights of other epochs are never thrown away: their folder is renamed
    after its epochs, ``17-of-100-epochs``.

    Args:
        chosen: What to train.
        seeds: Trainings, at least 1; initial weights and batch order differ.
        workers: Trainings at a time, each on one torch thread.
        told: Is told of every training that came home.
        note: Is told what was there before.

    Returns:
        By seed, figures or a failure.

    Raises:
        KeyboardInterrupt: The user pressed Ctrl-C: what runs is killed, and what had come home is kept.
    """
    outcomes = _trained_before(chosen, note)
    chosen.folder.mkdir(parents=True, exist_ok=True)
    evaluator = TrainingEvaluator(chosen.space, chosen.dataset, chosen.trainer, (), test=True)
    campaign_seed = int(chosen.record.manifest["campaign"]["seed"])
    missing = [seed for seed in range(seeds) if seed not in outcomes]
    with Processes(workers=max(1, min(workers, len(missing)))) as executor:
        futures = {}
        for seed in missing:
            drawn = integer_seed(campaign_seed, chosen.trial.number, f"full {seed}")
            file = chosen.folder / f"seed-{seed}.safetensors"
            futures[executor.submit(train_and_keep, evaluator, chosen.architecture, drawn, file)] = seed
        try:
            for future in as_completed(futures):
                error = future.exception()
                outcome = future.result() if error is None else Evaluation({}, 0.0, failure_of(error))
                outcomes[futures[future]] = outcome
                _write_figures(chosen, dict(sorted(outcomes.items())))
                told(futures[future], outcome)
        except KeyboardInterrupt:
            executor.kill()
            raise
    return {seed: outcomes[seed] for seed in range(seeds)}


def _trained_before(chosen: Chosen, note: Callable[[str], None]) -> dict[int, Evaluation]:
    """Seeds that were trained for as many epochs before; weights of other epochs are moved out of the way."""
    figures: dict[str, Any] = {}  # killed before the first were written, where there are weights without
    if (chosen.folder / FIGURES).exists():
        figures = _read_figures(chosen)
    elif not any(chosen.folder.glob("seed-*.safetensors")):
        return {}
    epochs = figures.get("epochs", "other")
    if epochs != chosen.trainer.epochs:
        kept = f"{chosen.trial.number}-of-{epochs}-epochs"
        names = (kept if again == 1 else f"{kept}-{again}" for again in count(1))
        moved = next(place for place in map(chosen.folder.with_name, names) if not place.exists())
        chosen.folder.rename(moved)
        note(f"weights and figures of {epochs} epochs, trained before, are kept in {moved}")
        return {}
    found = {
        int(seed): Evaluation(told["figures"], told["seconds"], epochs=told["epochs"])
        for seed, told in figures["seeds"].items()
        if told["failure"] is None and (chosen.folder / f"seed-{seed}.safetensors").exists()
    }
    if found:
        note(f"trained before, and not again: seed {', '.join(map(str, found))} in {chosen.folder}")
    return found


def train_and_keep(evaluator: TrainingEvaluator, architecture: Architecture, seed: int, file: Path) -> Evaluation:
    """One full training, in a worker; the weights are written to ``file``."""
    from safetensors.torch import save_model

    training = evaluator.train(architecture, seed)
    if isinstance(training, Failure):
        return Evaluation({}, 0.0, training)
    save_model(training.model, str(file))
    return Evaluation(dict(training.metrics), training.seconds, None, training.epochs, training.curve)


def export(chosen: Chosen, form: str, target: Path | None = None, seed: int | None = None) -> list[Path]:
    """Writes a trained network for programs that know nothing of evonas, with a model card beside it.

    Args:
        chosen: What to export; ``train_fully`` must have trained it.
        form: Name of an exporter.
        target: Folder to write; ``DIR/exported/17`` where none is given.
        seed: Whose weights; by default those of the least validation error, and of equal ones of the least loss; never
            of the least test error.

    Returns:
        The files, the card last.

    Raises:
        UnknownComponent: There is no such exporter.
        CampaignError: It was never trained fully, or not with that seed.
        ExportError: It cannot be written so.
    """
    import torch
    from safetensors.torch import load_model

    exporter = cast(Exporter, find(EXPORTERS, form)())
    figures = _read_figures(chosen)
    seed = _best_seed(figures, chosen) if seed is None else seed
    weights = chosen.folder / f"seed-{seed}.safetensors"
    if not weights.exists():
        known = ", ".join(sorted(file.stem[5:] for file in chosen.folder.glob("seed-*.safetensors"))) or "none"
        raise CampaignError([Fault((), f"there are no weights of seed {seed}; trained seeds: {known}")])
    with torch.random.fork_rng(devices=[]):
        model = chosen.space.build(chosen.architecture)
    load_model(model, str(weights))
    splits = chosen.dataset.load()
    validation = splits.validation
    inputs = validation.ready(validation.inputs[:_COMPARED])
    folder = target if target is not None else chosen.folder.parents[1] / "exported" / str(chosen.trial.number)
    folder.mkdir(parents=True, exist_ok=True)
    files = exporter.write(model.eval(), inputs, folder)
    card = folder / "model_card.json"
    card.write_text(json.dumps(_card(chosen, figures, seed, splits.preparation), indent=1) + "\n", encoding="utf-8")
    return [*files, card]


def _write_figures(chosen: Chosen, outcomes: Mapping[int, Evaluation]) -> None:
    figures = {
        "trial": chosen.trial.number,
        "notation": chosen.trial.proposal.notation,
        "epochs": chosen.trainer.epochs,
        "seeds": {
            str(seed): {
                "figures": dict(outcome.values),
                "epochs": outcome.epochs,
                "seconds": outcome.seconds,
                "failure": None if outcome.failure is None else f"{outcome.failure.kind}: {outcome.failure.message}",
            }
            for seed, outcome in outcomes.items()
        },
    }
    partial = (chosen.folder / FIGURES).with_suffix(".part")
    partial.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    partial.replace(chosen.folder / FIGURES)


def _read_figures(chosen: Chosen) -> dict[str, Any]:
    file = chosen.folder / FIGURES
    if not file.exists():
        results = shlex.quote(str(chosen.folder.parents[1]))
        command = f"evonas train {results} {chosen.trial.number}"
        raise CampaignError([Fault((), f"trial {chosen.trial.number} was not trained fully; first run: {command}")])
    try:
        return cast(dict[str, Any], json.loads(file.read_text(encoding="utf-8")))
    except ValueError as error:
        raise CampaignError([Fault((), f"{file} is damaged ({error}); move it away to train anew")]) from error


def _best_seed(figures: Mapping[str, Any], chosen: Chosen) -> int:
    trained = {int(seed): told["figures"] for seed, told in figures["seeds"].items() if told["failure"] is None}
    if not trained:
        raise CampaignError([Fault((), f"every full training of trial {chosen.trial.number} failed; see {FIGURES}")])
    return min(
        trained, key=lambda seed: [trained[seed].get(name, 0.0) for name in ("validation_error", "validation_loss")]
    )


def _card(chosen: Chosen, figures: Mapping[str, Any], seed: int, preparation: Preparation | None) -> dict[str, Any]:
    cost = chosen.space.cost(chosen.architecture)
    manifest = chosen.record.manifest
    return {
        "campaign": manifest["campaign"]["name"],
        "trial": chosen.trial.number,
        "notation": chosen.trial.proposal.notation,
        "input_shape": list(chosen.space.input_shape),
        "classes": chosen.space.classes,
        "regression": chosen.dataset.regression,
        "preparation": None if preparation is None else {"how": _HOW, **asdict(preparation)},
        "parameters": cost.parameters,
        "macs": cost.macs,
        "during_search": dict(chosen.trial.values),
        "trained_fully": figures["seeds"],
        "weights_of_seed": seed,
        "dataset": manifest["campaign"]["dataset"],
        "trainer": manifest["campaign"]["trainer"],
        "versions": manifest["versions"],
    }
