"""The Python API: a search in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from evonas.campaign.numbers_given import check_numbers
from evonas.campaign.planning.assemble import assemble
from evonas.campaign.planning.parts import Part, Parts
from evonas.campaign.planning.rungs import rising
from evonas.campaign.reading.sections import PromoteBy
from evonas.campaign.running.result import Result
from evonas.campaign.running.session import execute
from evonas.core.constraint import Constraint
from evonas.core.observer import Observer, Silent
from evonas.report.views import output_console, terminal_view


def search(
    space: Part,
    objectives: Sequence[Part] = ("validation_error", "macs", "parameters"),
    dataset: Part = "digits",
    budget: int = 64,
    seed: int = 0,
    workers: int = 2,
    *,
    constraints: Mapping[str, str] | None = None,
    trainer: Part = "classifier",
    evaluator: Part | None = None,
    searcher: Part = "screened_nsga2",
    predictor: Part | None = "gaussian_process",
    proxies: Sequence[Part] = ("synflow", "nwot", "parameters"),
    initial: int = 16,
    batch: int = 8,
    retrain_seeds: int = 0,
    rungs: Sequence[int] = (),
    warm_start: str | Path | None = None,
    promote_by: PromoteBy = "values",
    early_stopping: float | None = None,
    replicates: int = 1,
    timeout_seconds: float | None = None,
    pack: int | Literal["auto"] = 1,
    directory: str | Path | None = None,
    name: str = "search",
    progress: bool | Observer = True,
) -> Result:
    """Searches ``space`` for the architectures that no other dominates.

    Every part is a component by name, ``{"name": ..., argument: ...}``, or an object of your own; every callable is an
    objective (see ``evonas.objectives.function.Function``). Scripts need no ``if __name__ == "__main__"``.

        result = evonas.search({"name": "cell201", "skeleton": "compact"}, ["validation_error", lambda cost: cost.macs])

    Args:
        space: The search space; made for the dataset's shape where it is named.
        objectives: What is minimised or maximised, all at once.
        dataset: What networks are trained on.
        budget: Candidates trained in all, failures included, at least 1.
        seed: Fixes every random choice. With one worker the search is the same bit for bit.
        workers: Trainings at a time, each on one torch thread in a process of its own; 0 trains in this process.
        constraints: Bounds on objectives that are known before training, e.g. ``{"macs": "<= 2e5"}``.
        trainer: How one network is trained.
        evaluator: What evaluates an architecture instead of the trainer on the dataset.
        searcher: What chooses the next candidates.
        predictor: What predicts the objectives that need training.
        proxies: Scores of untrained networks that the predictor is told.
        initial: Candidates of the first round, drawn at random; half of them are a warm start's.
        batch: Candidates of every later round.
        retrain_seeds: Trainings of each member of the final front for figures on test data.
        rungs: Epochs, rising, of shorter trainings; one in three climbs from each to the next and at last to the full
            training. Each counts by its epochs against the budget.
        warm_start: Results folder of an earlier campaign over the same space, perhaps on another dataset: its best are
            trained anew in the first round, and the predictor is told what it would predict.
        promote_by: What ranks candidates on a rung in place of the objectives that need training: ``values`` for
            nothing, ``training_speed`` for the sum of its training losses, ``last_loss`` for the last of them,
            ``predictor`` for what the full training is predicted to measure, the rung's own values considered.
        early_stopping: Rate, in (0, 0.5], at which trainings may be wrongly given up that will surely end dominated;
            None trains all to their end.
        replicates: Most trainings of each member of the front while the search goes on, with other seeds; its values
            are their mean. Each counts against the budget, of which at most a tenth goes to them.
        timeout_seconds: Limit of one training; longer ones are failures. Needs ``workers`` of at least 1.
        pack: Candidates that train as one program in a worker: at most so many, or ``"auto"`` for all that wait, as
            many as its memory holds. For GPUs.
        directory: Results folder; a search that was interrupted there goes on. None keeps everything in memory.
        name: Name of the search.
        progress: Whether to show progress, or an ``Observer`` of your own.

    Returns:
        The front, the archive and a report. After Ctrl-C, what was found until then.

    Raises:
        CampaignError: A part cannot be made, or parts do not fit together.
        ChangedCampaign: The directory holds another search.
        JournalError: The directory cannot be written, or holds what is no journal.
        SearchError: No feasible architecture was found; says which constraint rejected how many.
        ValueError: A number is out of its range.
    """
    check_numbers("search", budget=budget, seed=seed, workers=workers, initial=initial, batch=batch)
    check_numbers("search", retrain_seeds=retrain_seeds, replicates=replicates)
    folder = Path(directory) if directory is not None else None
    plan = assemble(
        Parts(
            name=name,
            space=space,
            budget=budget,
            dataset=dataset,
            trainer=trainer,
            evaluator=evaluator,
            objectives=objectives,
            constraints=[Constraint.parse(bound, text) for bound, text in (constraints or {}).items()],
            searcher=searcher,
            predictor=predictor,
            proxies=proxies,
            executor={**_executor(workers, timeout_seconds), "pack": pack},
            initial=initial,
            batch=batch,
            seed=seed,
            retrain_seeds=retrain_seeds,
            rungs=rising(rungs),
            promote_by=promote_by,
            early_stopping=early_stopping,
            warm_start=str(warm_start) if warm_start is not None else None,
            replicates=replicates,
        ),
        folder,
    )
    return Result(execute(plan, folder, _observer(progress))[0])


def _observer(progress: bool | Observer) -> Observer:
    if progress is True:
        return terminal_view(output_console(stderr=True))  # a script's own output stays its own
    return progress if isinstance(progress, Observer) else Silent()


def _executor(workers: int, timeout_seconds: float | None) -> dict[str, object]:
    if workers > 0:
        return {"name": "processes", "workers": workers, "timeout_seconds": timeout_seconds}
    if timeout_seconds is not None:
        raise ValueError("search: timeout_seconds needs workers of at least 1; this process cannot stop itself")
    return {"name": "serial"}
