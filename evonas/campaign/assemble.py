"""From names and objects to a plan: every part is made here, once."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch

from evonas.campaign.arguments import converted_arguments
from evonas.campaign.describe import describe
from evonas.campaign.fault import CampaignError, Fault, YamlPath
from evonas.campaign.objective import build_objective
from evonas.campaign.plan import Plan
from evonas.campaign.rooms import ROOMS
from evonas.campaign.specification import Component, Specification
from evonas.core.constraint import Constraint
from evonas.core.evaluation import Evaluator
from evonas.core.objective import Objective
from evonas.core.problem import Problem
from evonas.core.searcher import Searcher
from evonas.datasets.dataset import Dataset
from evonas.evaluators.training import TrainingEvaluator
from evonas.objectives.function import Function
from evonas.searchers.proxy_scores import ProxyScores
from evonas.trainers.trainer import Trainer
from spaces.discovery import find
from spaces.space import Space
from surrogates.encoding import Encoding
from surrogates.predictor import Predictor
from surrogates.proxies.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

Part = str | Mapping[str, Any] | Component | object
"""A component by name, by ``{name: ..., argument: ...}``, or an object of the user's own."""

PROXY_BATCH = 32


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
    predictor: Part | None = "trees"
    proxies: Sequence[Part] = ("synflow", "nwot", "parameters")
    executor: Part = field(default_factory=lambda: {"name": "processes", "workers": 2})
    initial: int = 16
    batch: int = 8
    seed: int = 0
    retrain_seeds: int = 3


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
    )


def assemble(parts: Parts) -> Plan:
    """Makes every part and checks that they fit together.

    Raises:
        CampaignError: A part cannot be made, or two do not fit; says which and what to do.
    """
    dataset = cast(Dataset, _make("dataset", parts.dataset))
    own_evaluator = parts.evaluator is not None
    space = make_space(parts.space, dataset, own_evaluator)
    objectives = _objectives(parts.objectives)
    with _at(("constraints",) if parts.constraints else ("objectives",)):
        problem = Problem(space, objectives, parts.constraints)
    evaluator: Evaluator
    final_evaluator: Evaluator | None = None
    if own_evaluator:
        supplied = {"space": space, "dataset": dataset, "objectives": objectives}
        evaluator = cast(Evaluator, _make("evaluator", parts.evaluator, supplied))
    else:
        trainer = cast(Trainer, _make("trainer", parts.trainer))
        evaluator = TrainingEvaluator(space, dataset, trainer, objectives)
        final_evaluator = TrainingEvaluator(space, dataset, trainer, objectives, test=True)
    with _at(("dataset",)):
        inputs, targets = _proxy_batch(space, dataset)
    proxies = _proxies(parts.proxies)
    supplied = {
        "problem": problem,
        "predictor": None if parts.predictor is None else _predictor(parts.predictor, space),
        "proxies": ProxyScores(space, proxies, inputs, targets),
    }
    searcher = cast(Searcher, _make("searcher", parts.searcher, supplied))
    executor, workers = _executor(parts.executor)
    return Plan(
        name=parts.name,
        problem=problem,
        searcher=searcher,
        evaluator=evaluator,
        final_evaluator=final_evaluator,
        executor=executor,
        workers=workers,
        budget=parts.budget,
        initial=parts.initial,
        batch=parts.batch,
        seed=parts.seed,
        retrain_seeds=parts.retrain_seeds,
        resolved=_resolved(parts),
    )


def make_space(space: Part, dataset: Part, own_evaluator: bool) -> Space:
    """The space, made for the dataset's shape where it is named and networks are trained on that dataset.

    Raises:
        CampaignError: It cannot be made, or builds networks for other data.
    """
    if own_evaluator:
        return cast(Space, _make("space", space))
    data = cast(Dataset, _make("dataset", dataset))
    made = cast(Space, _make("space", space, {"input_shape": data.input_shape, "classes": data.classes}))
    _check_shapes(made, data)
    return made


def _make(section: str, part: Part, supplied: Mapping[str, Any] | None = None, path: YamlPath | None = None) -> object:
    """The component that ``part`` stands for; ``supplied`` arguments are passed where its constructor takes them."""
    room = ROOMS[section]
    component = _component(part)
    if component is None:
        if not isinstance(part, room.interface_class()):
            raise CampaignError(
                [Fault(path or (section,), f"expected a {room.title}: a name or an object. Got {part!r}")]
            )
        return part
    with _at(path or (section,)):
        made = find(room, component.name)
        accepted = inspect.signature(made).parameters
        passed = {name: value for name, value in (supplied or {}).items() if name in accepted}
        return made(**{**passed, **converted_arguments(made, component.arguments)})


def _component(part: Part) -> Component | None:
    if isinstance(part, Component):
        return part
    if isinstance(part, str):
        return Component.of(part)
    if isinstance(part, Mapping):
        return Component.of(**{str(key): value for key, value in part.items()})
    return None


@contextmanager
def _at(path: YamlPath) -> Iterator[None]:
    """Says where in the campaign a part could not be made."""
    try:
        yield
    except CampaignError:
        raise
    except (ValueError, TypeError, OSError) as error:
        raise CampaignError([Fault(path, str(error))]) from error


def _check_shapes(space: Space, dataset: Dataset) -> None:
    if (tuple(space.input_shape), space.classes) != (tuple(dataset.input_shape), dataset.classes):
        raise CampaignError(
            [
                Fault(
                    ("space",),
                    f"the space builds networks for inputs {tuple(space.input_shape)} and {space.classes} classes, but the "
                    f"dataset has {tuple(dataset.input_shape)} and {dataset.classes}. Make the space with "
                    f"input_shape={tuple(dataset.input_shape)}, classes={dataset.classes}, or name it and leave them out",
                )
            ]
        )


def _objectives(parts: Sequence[Part]) -> list[Objective]:
    objectives = [_objective(part, ("objectives", index)) for index, part in enumerate(parts)]
    counts = Counter(objective.name for objective in objectives)
    seen: Counter[str] = Counter()
    for objective in objectives:
        if isinstance(objective, Function) and objective.name == "objective" and counts["objective"] > 1:
            seen["objective"] += 1
            objective.name = f"objective_{seen['objective']}"
    return objectives


def _objective(part: Part, path: YamlPath) -> Objective:
    if isinstance(part, Objective):
        return part
    component = _component(part)
    with _at(path):
        return Function(cast(Callable[..., float], part)) if component is None else build_objective(component)


def _proxies(parts: Sequence[Part]) -> dict[str, Proxy]:
    made: dict[str, Proxy] = {}
    for index, part in enumerate(parts):
        component = _component(part)
        name = component.name.rpartition(".")[2] if component is not None else type(part).__name__
        if name in made:
            raise CampaignError([Fault(("proxies", index), f"proxy {name!r} is named twice; name it once")])
        made[name] = cast(Proxy, _make("proxies", part, path=("proxies", index)))
    return made


def _predictor(part: Part, space: Space) -> Callable[[Encoding], Predictor]:
    if callable(part) and not isinstance(part, (str, Mapping, Component)):
        return cast(Callable[[Encoding], Predictor], part)

    def make(encoding: Encoding) -> Predictor:
        return cast(Predictor, _make("predictor", part, {"space": space, "encoding": encoding}))

    return make


def _executor(part: Part) -> tuple[Callable[[], Executor], int]:
    component = _component(part)
    if component is None:
        raise CampaignError([Fault(("executor",), f"expected an executor's name. Got {part!r}")])
    with _at(("executor",)):
        made = find(ROOMS["executor"], component.name)
        default = inspect.signature(made).parameters.get("workers")
        workers = component.arguments.get("workers", default.default if default is not None else 1)
    return lambda: cast(Executor, _make("executor", component)), int(workers)


def _proxy_batch(space: Space, dataset: Dataset) -> tuple[Tensor, Tensor]:
    """The batch that proxies see: training examples, or noise where the campaign's space takes other inputs."""
    if tuple(space.input_shape) == tuple(dataset.input_shape):
        train = dataset.load().train
        return train.inputs[:PROXY_BATCH], train.targets[:PROXY_BATCH]
    rng = np.random.default_rng(0)
    noise = torch.from_numpy(rng.standard_normal((PROXY_BATCH, *space.input_shape), dtype=np.float32))
    return noise, torch.from_numpy(rng.integers(space.classes, size=PROXY_BATCH))


def _resolved(parts: Parts) -> dict[str, Any]:
    return {
        "name": parts.name,
        "space": describe(parts.space),
        "dataset": describe(parts.dataset),
        "trainer": describe(parts.trainer),
        "evaluator": describe(parts.evaluator),
        "objectives": [describe(part) for part in parts.objectives],
        "constraints": {bound.objective: f"{bound.comparison} {bound.bound!r}" for bound in parts.constraints},
        "searcher": describe(parts.searcher),
        "predictor": describe(parts.predictor),
        "proxies": [describe(part) for part in parts.proxies],
        "executor": describe(parts.executor),
        "budget": parts.budget,
        "initial": parts.initial,
        "batch": parts.batch,
        "seed": parts.seed,
        "retrain_front": {"seeds": parts.retrain_seeds},
    }
