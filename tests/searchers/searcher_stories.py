"""A cheap problem, archives in every state, and simulated campaigns, for tests of searchers."""

import inspect
import json
import math
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import torch

from evonas.campaign.reading.rooms import ROOMS
from evonas.core.archive import Archive, Funnel, Proposal
from evonas.core.constraint import Constraint
from evonas.core.evaluation import Evaluation
from evonas.core.failure import FAILURE_KINDS, Failure
from evonas.core.objective import Objective
from evonas.core.problem import Problem
from evonas.core.searcher import Exhausted, Searcher
from evonas.objectives.function import Function
from evonas.searchers.proxy_scores import ProxyScores
from spaces.architecture import Architecture
from spaces.cell201 import Cell201
from spaces.discovery import discover
from spaces.space import Cost, Space
from surrogates.encoding import Encoding
from surrogates.predictors.trees import Trees
from surrogates.proxies.nwot import Nwot

SEARCHERS: dict[str, type[Searcher]] = discover(ROOMS["searcher"])
SPACE = Cell201("compact", channels=(4, 8), input_shape=(1, 8, 8))
SMALL = {"population": 10, "offspring": 120, "shortlist": 40, "proxied": 10}


def true_error(architecture: Architecture, training: Any = None) -> float:
    """In percent, of a simplified graph: falls with convolutions on a path, is helped by depth, by width a little."""
    ops = [node.op for node in architecture.nodes]
    depth: dict[int, int] = {0: 0}
    for start, end in architecture.edges:
        if start in depth:
            works = ops[end].startswith("nor_conv")
            depth[end] = max(depth.get(end, 0), depth[start] + works)
    useful = ops.count("nor_conv_3x3") + 0.6 * ops.count("nor_conv_1x1") - 0.2 * ops.count("avg_pool_3x3")
    useful += 0.5 * math.sqrt(depth.get(len(ops) - 1, 0)) + (0.4 if dict(architecture.settings)["channels"] > 4 else 0)
    ripple = int(architecture.key[:6], 16) % 1000 / 1000
    return 6 + 40 * math.exp(-useful / 1.6) + 0.6 * ripple


def error() -> Function:
    return Function(true_error, "error", needs="training", unit="%")


def accuracy() -> Function:
    return Function(
        lambda training, architecture: 100 - true_error(architecture), "accuracy", needs="training", goal="max"
    )


def second_error() -> Function:
    return Function(lambda training, architecture: true_error(architecture) % 7, "second", needs="training")


def macs() -> Function:
    return Function(_macs, "macs")


def parameters() -> Function:
    return Function(_parameters, "parameters")


def built_layers(built: list[int] | None = None) -> Function:
    """Number of modules of the built network; appends to ``built`` what it saw."""

    def layers(model: torch.nn.Module) -> float:
        count = sum(1 for _ in model.modules())
        if built is not None:
            built.append(count)
        return float(count)

    return Function(layers, "layers")


def _macs(cost: Cost) -> float:
    return cost.macs


def _parameters(cost: Cost) -> float:
    return cost.parameters


GOALS: dict[str, Callable[[], list[Objective]]] = {
    "one objective": lambda: [error()],
    "two objectives": lambda: [error(), macs()],
    "three objectives": lambda: [error(), macs(), parameters()],
    "a goal to maximise": lambda: [accuracy(), macs()],
    "an objective of the built model": lambda: [error(), macs(), built_layers()],
    "two that need training": lambda: [error(), second_error(), macs()],
    "nothing to train": lambda: [macs(), parameters()],
}


def problem_of(goals: str = "two objectives", space: Space = SPACE, **bounds: str) -> Problem:
    return Problem(space, GOALS[goals](), [Constraint.parse(name, bound) for name, bound in bounds.items()])


def quick_trees(encoding: Encoding) -> Trees:
    return Trees(SPACE, encoding, bags=2, trees=15)


def nwot_scores(space: Space = SPACE) -> ProxyScores:
    rng = np.random.default_rng(0)
    inputs = torch.from_numpy(rng.standard_normal((4, 1, 8, 8), dtype=np.float32))
    return ProxyScores(space, {"nwot": Nwot()}, inputs, torch.from_numpy(rng.integers(10, size=4)))


def made(
    name: str,
    problem: Problem,
    predictor: Callable[[Encoding], Any] | None = quick_trees,
    proxies: bool = False,
    **settings: Any,
) -> Searcher:
    """A discovered searcher, small, with a predictor and proxies where it takes them."""
    offered = {**SMALL, "predictor": predictor, "proxies": nwot_scores(problem.space) if proxies else None, **settings}
    accepted = inspect.signature(SEARCHERS[name]).parameters
    return SEARCHERS[name](problem, **{key: value for key, value in offered.items() if key in accepted})  # type: ignore[call-arg]


def proposal_of(
    problem: Problem, architecture: Architecture, round_number: int = 0, predicted: Mapping[str, Any] | None = None
) -> Proposal:
    simplified = problem.space.simplify(architecture)
    cost = problem.space.cost(simplified)
    known = {"macs": float(cost.macs), "parameters": float(cost.parameters), "layers": 20.0 + len(simplified.nodes)}
    exact = {name.name: known[name.name] for name in problem.objectives if name.needs != "training"}
    notation = problem.space.format(architecture)
    return Proposal(
        architecture, simplified.key, notation, "random", exact, predicted or {}, {}, Funnel(round_number, {})
    )


def evaluation_of(problem: Problem, architecture: Architecture) -> Evaluation:
    """What training would bring home: the objectives that need it."""
    simplified = problem.space.simplify(architecture)
    value = true_error(simplified)
    known = {"error": value, "accuracy": 100 - value, "second": value % 7}
    return Evaluation({name: known[name] for name in problem.predicted_names}, 1.0)


def distinct(space: Space, count: int, seed: int) -> list[Architecture]:
    rng = np.random.default_rng(seed)
    found: dict[str, Architecture] = {}
    while len(found) < count:
        architecture = space.sample(rng)
        found.setdefault(space.simplify(architecture).key, architecture)
    return list(found.values())


def archive_of(problem: Problem, trained: int = 24, failed: bool = False, pending: int = 0, seed: int = 0) -> Archive:
    """Trials in a mixed order: some trained, with ``failed`` two of each kind, some pending."""
    states = ["trained"] * trained + ([*FAILURE_KINDS] * 2 if failed else []) + ["pending"] * pending
    states = [states[index] for index in np.random.default_rng(seed).permutation(len(states))]
    archive = Archive(problem.objectives)
    for number, architecture in enumerate(distinct(problem.space, len(states), seed)):
        archive.propose(proposal_of(problem, architecture))
        if states[number] == "trained":
            archive.record(number, evaluation_of(problem, architecture))
        elif states[number] != "pending":
            archive.record(number, Evaluation({}, 1.0, Failure(states[number], "injected")))  # type: ignore[arg-type]
    return archive


def campaign(
    searcher: Searcher,
    problem: Problem,
    budget: int,
    initial: int = 16,
    batch: int = 4,
    seed: int = 0,
    watch: Callable[[Archive, int, list[Proposal]], None] = lambda archive, count, proposals: None,
    fails: Callable[[int], bool] = lambda number: False,
) -> Archive:
    """A whole campaign without training; ``watch`` sees each round before it enters the archive."""
    archive = Archive(problem.objectives)
    while len(archive) < budget:
        count = min(batch if len(archive) else initial, budget - len(archive))
        try:
            proposals = searcher.propose(archive, count, np.random.default_rng([seed, len(archive)]))
        except Exhausted:
            break
        watch(archive, count, proposals)
        for proposal in proposals:
            number = archive.propose(proposal).number
            bad = Evaluation({}, 1.0, Failure("crash", "injected"))
            archive.record(number, bad if fails(number) else evaluation_of(problem, proposal.architecture))
    return archive


def told(proposals: Iterable[Proposal]) -> list[Any]:
    """Everything of proposals but their wall times, as plain values."""
    return [
        [
            *(one.architecture.to_json(), one.key, one.notation, one.origin, dict(one.exact)),
            {name: [estimate.mean, estimate.std] for name, estimate in one.predicted.items()},
            *(dict(one.proxies), one.funnel.round, dict(one.funnel.counts), list(one.funnel.notes)),
        ]
        for one in proposals
    ]


def proposed_by_all() -> dict[str, Any]:
    """What each searcher proposes for one archive; another process must say the same."""
    problem = problem_of("an objective of the built model")
    archive = archive_of(problem, failed=True, pending=2)
    return {
        name: told(made(name, problem, proxies=True).propose(archive, 5, np.random.default_rng(7)))
        for name in SEARCHERS
    }


if __name__ == "__main__":
    json.dump(proposed_by_all(), sys.stdout)
