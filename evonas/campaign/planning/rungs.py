"""A campaign's rungs: which shorter trainings there are, and the parts that carry them out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import get_args

import numpy as np

from evonas.campaign.planning.parts import Part, Parts, resolved
from evonas.campaign.reading.fault import CampaignError, Fault
from evonas.campaign.reading.sections import PromoteBy
from evonas.campaign.reading.specification import Component
from evonas.core.evaluation import Evaluator
from evonas.core.problem import Problem
from evonas.core.rung import Rung
from evonas.core.searcher import Searcher
from evonas.evaluators.table import TableEvaluator
from evonas.searchers.forecast import PredictorFactory
from evonas.searchers.random import Random
from evonas.searchers.rung_columns import RungColumns
from spaces.space import Space

_PATH = ("rungs",)


def rising(rungs: Sequence[int]) -> Sequence[int]:
    """The rungs as they were given from Python.

    Raises:
        ValueError: They are no rising numbers of epochs.
    """
    known = [epochs for epochs in rungs if isinstance(epochs, int) and epochs >= 1]
    if len(known) < len(rungs) or known != sorted(set(known)):
        raise ValueError(f"search: rungs must be whole numbers of epochs, from 1 and rising. Got {list(rungs)!r}")
    return rungs


def shorter_parts(parts: Parts, trains: bool) -> dict[Rung, Parts]:
    """The campaign's parts for every rung, fewest epochs first.

    They are the same, but for the ``epochs`` of the trainer or, where the evaluator trains with none, of the evaluator.

    Args:
        parts: The campaign's.
        trains: Whether its evaluator takes the trainer.

    Raises:
        CampaignError: What trains cannot be made for fewer epochs, or a rung is no shorter than the full training.
    """
    section = "trainer" if trains else "evaluator"
    part: Part | None = getattr(parts, section)
    full = resolved(parts)[section]
    if not isinstance(part, str | Mapping | Component):
        raise _refusal(f"the {section} must be named, so that it can be made for fewer epochs. Got an object: {part!r}")
    if not isinstance(full.get("epochs"), int):
        raise _refusal(f"the {section} must take 'epochs' and say how many a full training has. Got {full!r}")
    shorter = {}
    for rung in _rungs(parts, full["epochs"], section):
        given = {**full, "epochs": rung.epochs}
        shorter[rung] = replace(parts, trainer=given) if trains else replace(parts, evaluator=given)
    return shorter


def shorter_evaluators(
    parts: Parts, evaluator: Evaluator, trains: bool, make: Callable[[Parts], tuple[Evaluator, Evaluator | None]]
) -> dict[Rung, Evaluator]:
    """What evaluates on every rung, fewest epochs first: a table's other columns, or what ``make`` makes of
    their parts, beside one for test data.

    Raises:
        CampaignError: As ``shorter_parts``; or the table has no figures of so many epochs.
    """
    if not isinstance(evaluator, TableEvaluator):
        return {rung: make(shorter)[0] for rung, shorter in shorter_parts(parts, trains).items()}
    if parts.promote_by not in ("values", "predictor"):
        raise _refusal(f"a table has no training losses to promote by; leave promote_by: {parts.promote_by} out")
    if not evaluator.full_epochs:
        raise _refusal("name the table's columns of shorter trainings: evaluator: {name: table, shorter: {…: …}, …}")
    try:
        return {rung: evaluator.of_epochs(rung.epochs) for rung in _rungs(parts, evaluator.full_epochs, "table")}
    except ValueError as error:
        raise _refusal(str(error)) from error


def rung_columns(parts: Parts, problem: Problem, predictor: PredictorFactory | None) -> RungColumns | None:
    """What tells predictors of the rungs, where they are to be told; it takes the predictor's place.

    Raises:
        CampaignError: There is no such way to promote, or no predictor.
    """
    if parts.promote_by not in get_args(PromoteBy):
        raise _refusal(f"promote_by is one of {', '.join(get_args(PromoteBy))}. Got {parts.promote_by!r}")
    if not parts.rungs or parts.promote_by != "predictor":
        return None
    if predictor is None:
        raise _refusal("promote_by: predictor needs one, and this campaign has none; name a predictor")
    return RungColumns(problem, predictor)


def _rungs(parts: Parts, full_epochs: int, title: str) -> list[Rung]:
    for epochs in parts.rungs:
        if epochs >= full_epochs:
            raise _refusal(
                f"expected fewer epochs than the {title}'s {full_epochs}, the full training, which follows the last "
                f"rung anyway. Got {epochs}; leave it out, or give the {title} more epochs"
            )
    return [Rung(epochs, full_epochs) for epochs in parts.rungs]


def check_climbing(searcher: Searcher, space: Space) -> None:
    """Refuses what rungs would have no effect on.

    Raises:
        CampaignError: All is drawn at random, or architectures say themselves for how many epochs they are trained.
    """
    if isinstance(searcher, Random):
        raise _refusal(
            "what is drawn at random is trained in full, and random search draws everything; "
            "choose another searcher, or leave the rungs out"
        )
    if searches_epochs(space):
        raise _refusal("architectures of this space say themselves how many epochs they are trained; leave one out")


def searches_epochs(space: Space) -> bool:
    """Whether architectures say themselves for how many epochs they are trained."""
    return "epochs" in dict(space.sample(np.random.default_rng(0)).settings)


def _refusal(message: str) -> CampaignError:
    return CampaignError([Fault(_PATH, message)])
