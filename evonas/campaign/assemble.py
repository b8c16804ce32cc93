"""From names and objects to a plan: every part is made here, once."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from evonas.campaign.earlier import earlier_campaign
from evonas.campaign.early_stopping import early_stopping
from evonas.campaign.fault import CampaignError, Fault, YamlPath
from evonas.campaign.fitting import check_trainer, refuse_columns
from evonas.campaign.making import at, make_component, make_space, named, reads_dataset
from evonas.campaign.objective import build_objective
from evonas.campaign.parts import Part, Parts, resolved
from evonas.campaign.plan import Plan
from evonas.campaign.proxy_batch import proxy_batch
from evonas.campaign.replication import Replication, evaluators_of_replicates
from evonas.campaign.rooms import ROOMS
from evonas.campaign.rungs import check_climbing, rung_columns, shorter_evaluators
from evonas.campaign.successive_halving import SuccessiveHalving
from evonas.campaign.warm_start import EarlierPredictions, WarmStart, warmed
from evonas.campaign.workers import Workers
from evonas.core.evaluation import Evaluator
from evonas.core.objective import Objective
from evonas.core.problem import Problem
from evonas.core.rung import Rung
from evonas.core.searcher import Searcher
from evonas.datasets.dataset import Dataset
from evonas.evaluators.table import TableEvaluator
from evonas.objectives.function import Function
from evonas.searchers.proxy_scores import ProxyScores
from evonas.trainers.trainer import Trainer
from spaces.discovery import find
from spaces.space import Space
from surrogates.encoding import Encoding
from surrogates.encodings.concatenated import Concatenated
from surrogates.predictor import Predictor
from surrogates.proxies.proxy import Proxy

if TYPE_CHECKING:
    from pathlib import Path


def assemble(parts: Parts, folder: Path | None = None) -> Plan:
    """Makes every part and checks that they fit together.

    Args:
        parts: What the campaign is made of.
        folder: Its results folder, whose journal pins what a warm start took over once the campaign has begun.

    Raises:
        CampaignError: A part cannot be made, or two do not fit; says which and what to do.
        JournalError: The journal there is cannot be read.
    """
    dataset = cast(Dataset, make_component("dataset", parts.dataset))
    space = make_space(parts.space, dataset, parts.evaluator)
    objectives = _objectives(parts.objectives)
    evaluator, final_evaluator = _evaluators(parts, space, dataset, objectives)
    with at(("evaluator",)):
        measurements = evaluator.measurements if isinstance(evaluator, TableEvaluator) else None
    if measurements is None:
        refuse_columns(objectives, reads_dataset(parts.evaluator))
    with at(("constraints",) if parts.constraints else ("objectives",)):
        problem = Problem(space, objectives, parts.constraints, measurements)
    with at(("dataset",)):
        inputs, targets = proxy_batch(space, dataset if measurements is None else None, parts.retrain_seeds > 0)
    device = cast(Trainer, make_component("trainer", parts.trainer)).device
    proxies = ProxyScores(space, make_proxies(parts.proxies), inputs, targets, device)
    predictor = None if parts.predictor is None else _predictor(parts.predictor, space)
    earlier = earlier_campaign(parts.warm_start, space, folder, parts.seed)
    predictions = None
    if earlier is not None and predictor is not None:
        predictions = EarlierPredictions(space, earlier.archive, predictor, parts.seed)
        predictor = warmed(predictor, space, predictions)
    columns = rung_columns(parts, problem, predictor)
    supplied = {"problem": problem, "predictor": predictor if columns is None else columns, "proxies": proxies}
    searcher = cast(Searcher, make_component("searcher", parts.searcher, supplied))
    executor, workers = _executor(parts.executor)
    workers.check(evaluator, objectives)
    stopping = early_stopping(parts, evaluator, searcher, space, workers)
    rung_evaluators = _rung_evaluators(parts, searcher, evaluator, space, dataset, objectives)
    if rung_evaluators:
        searcher = SuccessiveHalving(
            searcher, tuple(rung_evaluators), parts.reduction_factor, parts.promote_by, columns
        )
    if earlier is not None:
        searcher = WarmStart(searcher, problem, earlier.archive, predictions, proxies, parts.initial)
    replicate_evaluators = _replicate_evaluators(parts, evaluator, problem)
    if replicate_evaluators:
        searcher = Replication(searcher, parts.replicates, parts.replicate_share)
    return Plan(
        name=parts.name,
        problem=problem,
        searcher=searcher,
        proxies=proxies,
        evaluator=evaluator,
        final_evaluator=final_evaluator,
        executor=executor,
        workers=workers.count,
        pack=workers.pack,
        budget=parts.budget,
        initial=parts.initial,
        batch=parts.batch,
        seed=parts.seed,
        # A table's row is the same for every seed: read once, so that no deviation of 0 is told.
        retrain_seeds=parts.retrain_seeds if measurements is None else min(parts.retrain_seeds, 1),
        resolved=resolved(parts),
        rung_evaluators=rung_evaluators,
        pinned=earlier.pinned() if earlier is not None else None,
        stopping=stopping,
        replicate_evaluators=replicate_evaluators,
    )


def _rung_evaluators(
    parts: Parts,
    searcher: Searcher,
    evaluator: Evaluator,
    space: Space,
    dataset: Dataset,
    objectives: Sequence[Objective],
) -> dict[Rung, Evaluator]:
    if not parts.rungs:
        return {}
    check_climbing(searcher, space)
    make = partial(_evaluators, space=space, dataset=dataset, objectives=objectives)
    return shorter_evaluators(parts, evaluator, reads_dataset(parts.evaluator), make)


def _replicate_evaluators(parts: Parts, evaluator: Evaluator, problem: Problem) -> list[Evaluator]:
    if parts.replicates == 1:
        return []
    with at(("replicates",)):
        return evaluators_of_replicates(evaluator, problem, parts.replicates - 1)


def _evaluators(
    parts: Parts, space: Space, dataset: Dataset, objectives: Sequence[Objective]
) -> tuple[Evaluator, Evaluator | None]:
    """The search's evaluator, and one that looks at test data where the evaluator can."""
    part = parts.evaluator if parts.evaluator is not None else "training"
    supplied: dict[str, Any] = {"space": space, "dataset": dataset, "objectives": objectives, "test": False}
    if reads_dataset(part):
        supplied["trainer"] = trainer = cast(Trainer, make_component("trainer", parts.trainer))
        check_trainer(trainer, dataset)
    evaluator = cast(Evaluator, make_component("evaluator", part, supplied))
    component = named(part, ("evaluator",))
    if component is None or "test" not in inspect.signature(type(evaluator)).parameters:
        return evaluator, None
    if isinstance(evaluator, TableEvaluator) and not evaluator.report:
        return evaluator, None  # the same figures, looked up again, would pass for figures on test data
    return evaluator, cast(Evaluator, make_component("evaluator", part, {**supplied, "test": True}))


def _objectives(parts: Sequence[Part]) -> list[Objective]:
    _check_list("objectives", parts)
    objectives = [_objective(part, ("objectives", index)) for index, part in enumerate(parts)]
    counts = Counter(objective.name for objective in objectives)
    seen: Counter[str] = Counter()
    for objective in objectives:
        if isinstance(objective, Function) and objective.name == "objective" and counts["objective"] > 1:
            seen["objective"] += 1
            objective.name = f"objective_{seen['objective']}"
    return objectives


def _check_list(section: str, parts: Sequence[Part]) -> None:
    """Refuses one name where a list is asked for: a text is a sequence of letters."""
    if isinstance(parts, str):
        raise CampaignError([Fault((section,), f"expected a list, as in [{parts!r}]. Got {parts!r}")])


def _objective(part: Part, path: YamlPath) -> Objective:
    if isinstance(part, Objective):
        return part
    component = named(part, path)
    with at(path):
        return Function(cast(Callable[..., float], part)) if component is None else build_objective(component)


def make_proxies(parts: Sequence[Part]) -> dict[str, Proxy]:
    """Proxies by name: that of their file or class.

    Raises:
        CampaignError: One cannot be made, or two have one name.
    """
    _check_list("proxies", parts)
    made: dict[str, Proxy] = {}
    for index, part in enumerate(parts):
        component = named(part, ("proxies", index))
        name = component.name.rpartition(".")[2] if component is not None else type(part).__name__
        if name in made:
            raise CampaignError([Fault(("proxies", index), f"proxy {name!r} is named twice; name it once")])
        made[name] = cast(Proxy, make_component("proxies", part, path=("proxies", index)))
    return made


def _predictor(part: Part, space: Space) -> Callable[[Encoding], Predictor]:
    if named(part, ("predictor",)) is None:
        return cast(Callable[[Encoding], Predictor], part)

    def make(encoding: Encoding) -> Predictor:
        return cast(Predictor, make_component("predictor", part, {"space": space, "encoding": encoding}))

    # Made once and thrown away: a searcher makes its own when enough is trained, too late to hear of a missing file.
    make(Concatenated(space))
    return make


def _executor(part: Part) -> tuple[Callable[[], Executor], Workers]:
    component = named(part, ("executor",))
    if component is None:
        raise CampaignError([Fault(("executor",), f"expected an executor's name. Got {part!r}")])
    with at(("executor",)):
        workers = Workers.of(find(ROOMS["executor"], component.name), component.arguments)
    return lambda: cast(Executor, make_component("executor", component)), workers
