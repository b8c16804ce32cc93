"""What a campaign is made of, before anything is made."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evonas.campaign.reading.arguments import own_parameters
from evonas.campaign.reading.describe import described, file_contents, is_plain
from evonas.campaign.reading.rooms import ROOMS, SUPPLIES
from evonas.campaign.reading.sections import PromoteBy
from evonas.campaign.reading.specification import Component, Specification
from evonas.core.constraint import Constraint
from spaces.discovery import UnknownComponent, find

Part = str | Mapping[str, Any] | Component | object
"""A component by name, by ``{name: ..., argument: ...}``, or an object of the user's own."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a campaign is made of, before anything is made. Fields are those of ``Specification``."""

    name: str
    space: Part
    budget: int
    dataset: Part = "digits"
    trainer: Part = "classifier"
    evaluator: Part | None = None
    objectives: Sequence[Part] = ("validation_error", "macs", "parameters")
    constraints: Sequence[Constraint] = ()
    searcher: Part = "screened_nsga2"
    predictor: Part | None = "gaussian_process"
    proxies: Sequence[Part] = ("synflow", "nwot", "parameters")
    executor: Part = field(default_factory=lambda: {"name": "processes", "workers": 2})
    initial: int = 16
    batch: int = 8
    seed: int = 0
    retrain_seeds: int = 3
    rungs: Sequence[int] = ()
    reduction_factor: int = 3
    warm_start: str | None = None
    promote_by: PromoteBy = "values"
    early_stopping: float | None = None
    replicates: int = 1
    replicate_share: float = 0.1


def parts_of(specification: Specification) -> Parts:
    """The parts of a campaign file."""
    return Parts(
        name=specification.name,
        space=specification.space,
        budget=specification.budget,
        dataset=specification.dataset,
        trainer=specification.trainer,
        evaluator=specification.evaluator,
        objectives=specification.objectives,
        constraints=specification.constraints,
        searcher=specification.searcher,
        predictor=specification.predictor,
        proxies=specification.proxies,
        executor=specification.executor,
        initial=specification.initial,
        batch=specification.batch,
        seed=specification.seed,
        retrain_seeds=specification.retrain_front.seeds,
        rungs=specification.rungs.epochs,
        reduction_factor=specification.rungs.reduction_factor,
        warm_start=specification.warm_start,
        promote_by=specification.rungs.promote_by,
        early_stopping=specification.early_stopping,
        replicates=specification.replicates.trainings,
        replicate_share=specification.replicates.share,
    )


def resolved(parts: Parts) -> dict[str, Any]:
    """The campaign as plain values with every default written out, those of constructors too, as it is journalled.

    A default that another version changes is thus seen as a change, and one that the user writes out is not. Of a file
    that is annotated as a ``Path`` it is what stands in it, so that a changed file is a changed campaign.
    """
    return {
        "name": parts.name,
        **{
            section: _component(section, getattr(parts, section))
            for section in ("space", "dataset", "trainer", "evaluator", "searcher", "predictor", "executor")
        },
        "objectives": [_component("objectives", part) for part in parts.objectives],
        "proxies": [_component("proxies", part) for part in parts.proxies],
        "constraints": {bound.objective: f"{bound.comparison} {bound.bound!r}" for bound in parts.constraints},
        "budget": parts.budget,
        "initial": parts.initial,
        "batch": parts.batch,
        "seed": parts.seed,
        "retrain_front": {"seeds": parts.retrain_seeds},
        # What is as it was before there was a choice is not said: campaigns that began before go on.
        **({"rungs": _rungs(parts)} if parts.rungs else {}),
        **({"early_stopping": parts.early_stopping} if parts.early_stopping is not None else {}),
        **({"warm_start": parts.warm_start} if parts.warm_start is not None else {}),
        **(
            {"replicates": {"trainings": parts.replicates, "share": parts.replicate_share}}
            if parts.replicates > 1
            else {}
        ),
    }


def _rungs(parts: Parts) -> dict[str, Any]:
    said = {"epochs": list(parts.rungs), "reduction_factor": parts.reduction_factor}
    return said if parts.promote_by == "values" else {**said, "promote_by": parts.promote_by}


def _component(section: str, part: Part | None) -> Any:
    if part is None:
        return None
    if isinstance(part, str):
        part = {"name": part}
    given = part.resolved() if isinstance(part, Component) else part
    if not isinstance(given, Mapping):
        return described(given)
    try:
        parameters = own_parameters(find(ROOMS[section], str(given.get("name"))), SUPPLIES[section])
    except UnknownComponent:  # an objective that is a function
        return described(given)
    # What the engine supplies where the campaign is silent is no default of the campaign's.
    defaults = {
        name: default
        for name, (_, default) in parameters.items()
        if default is not inspect.Parameter.empty and is_plain(default) and name not in SUPPLIES[section].unless_given
    }
    files = {
        f"{name} holds": file_contents(Path(given[name]))
        for name, (annotation, _) in parameters.items()
        if annotation is Path and name in given
    }
    return described({**defaults, **given, **files})
