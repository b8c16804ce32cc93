"""``evonas check``."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

import numpy as np

from evonas.benchmarks.progress_line import tracked
from evonas.campaign.planning.plan import Plan
from evonas.campaign.reading.document import read
from evonas.campaign.reading.fault import CampaignError, Fault
from evonas.campaign.reading.importable import importable
from evonas.campaign.reading.schema import json_schema
from evonas.campaign.reading.specification import Specification
from evonas.cli.run import located, plan_of
from evonas.core.example_inputs import example_inputs
from evonas.core.problem import Candidate, Rejections
from evonas.core.searcher import SearchError
from evonas.datasets.loading import description, loaded
from evonas.evaluators.table import TableEvaluator
from evonas.evaluators.training import TrainingEvaluator
from evonas.report.watching import duration
from spaces.architecture import Architecture
from spaces.space import Space

SAMPLES = 200
TIMED = 5
TRIES_FEASIBLE = 10_000


def print_schema() -> None:
    """Prints the JSON schema of campaign files."""
    print(json.dumps(json_schema(), indent=2))


def check_campaign(campaign: str, as_json: bool) -> None:
    """Checks a campaign without training any candidate, and prints what it found.

    Raises:
        CampaignError: The campaign has faults; its space counting other parameters than it builds is one.
        SearchError: No feasible architecture was found, or none that can be measured or trained.
    """
    document = read(campaign)
    with importable(document.folder):
        plan = plan_of(document, Path(document.specification.results))
        with located(document):
            plan.executor().shutdown(cancel_futures=True)
            feasible, sampled = _feasible(plan)
            unmeasured = _unmeasured(plan)
            data = _data(plan)
            uncounted = _miscounted(plan)
            seconds, failing = _rehearsed(plan)
    unrepeated = _unrepeated(document.specification)
    size = plan.problem.space.size
    total = seconds * (plan.budget / plan.workers) if seconds is not None else None
    found = {
        "campaign": plan.name,
        "space_size": size,
        "feasible_share": feasible / sampled,
        "budget": plan.budget,
        "workers": plan.workers,
        "data": data,
        "seconds_per_training": seconds,
        "estimated_seconds": total,
        "unrepeated": unrepeated,
        "miscounted": uncounted,
        "unmeasured": unmeasured,
        "failing": failing,
    }
    if as_json:
        print(json.dumps(found))
        return
    print(f"{document.path}: no faults")
    print(
        f"space: {f'{size:,}' if size is not None else 'unbounded'} architectures, "
        f"{feasible / sampled:.1%} of {sampled:,} samples meet the constraints"
    )
    if data is not None:
        print(f"data: {data}")
    packed = "" if plan.pack == 1 else ", in packs" + (f" of up to {plan.pack}" if plan.pack else "")
    print(f"budget: {plan.budget} trainings, {plan.workers} at a time{packed}")
    if unrepeated:
        print(f"replicates: {unrepeated}")
    if uncounted:
        print(f"macs: {uncounted}")
    if unmeasured:
        print(f"objectives: some sampled networks cannot be measured, and would never be trained: {unmeasured}")
    if failing:
        print(f"trainings: of {TIMED} short ones {failing}")
    if seconds is not None and total is not None:
        print(
            f"time: about {duration(total)} of training, at {seconds:.2g} s each; "
            "scaled up from short trainings of sampled architectures; without choosing and retraining"
        )
    elif not isinstance(plan.evaluator, TableEvaluator):
        print("time: not known; the evaluator is the campaign's own")


def _feasible(plan: Plan) -> tuple[int, int]:
    """How many of how many samples meet the constraints."""
    rng = np.random.default_rng(0)
    rejections = Rejections()
    met = 0
    for tried in range(1, TRIES_FEASIBLE + 1):
        candidate = plan.problem.candidate(plan.problem.sample(rng), rejections)
        met += candidate is not None
        if tried >= SAMPLES and met:
            return met, tried
    raise SearchError(f"no feasible architecture in {TRIES_FEASIBLE:,} samples: {rejections.describe()}")


def _unmeasured(plan: Plan) -> str:
    """Why objectives of built models failed on sampled candidates; empty where none did.

    Raises:
        SearchError: They failed on every one.
    """
    if not plan.problem.has_model_objectives:
        return ""
    rng = np.random.default_rng(2)
    rejections = Rejections()
    for candidate in _candidates(plan, rng):
        plan.problem.with_model_objectives(candidate, rejections)
    if sum(rejections.counts[reason] for reason in rejections.examples) == TIMED:
        raise SearchError(f"not one of {TIMED} sampled networks can be measured: {rejections.describe()}")
    return rejections.describe() if rejections.examples else ""


def _unrepeated(specification: Specification) -> str:
    """Why the front's members would not be trained again although that is asked for; empty where they may be."""
    asked, later = specification.replicates, max(0, specification.budget - specification.initial)
    if asked.trainings == 1 or asked.share * later >= 1:
        return ""
    return (
        f"none, for a share of {asked.share:g} of the {later} trainings after the first round is less than one; raise "
        "share or budget"
    )


def _miscounted(plan: Plan) -> str:
    """Where the space counts other multiply-accumulates than PyTorch does of what it builds; empty where it does not.

    What cannot be built or run is left for the short trainings to tell.

    Raises:
        CampaignError: It counts other parameters than it builds.
    """
    if not isinstance(plan.evaluator, TrainingEvaluator):
        return ""
    space = plan.problem.space
    for candidate in _candidates(plan, np.random.default_rng(3)):
        try:
            parameters, macs = _counted(space, candidate.simplified)
        except Exception:
            continue
        cost, notation = space.cost(candidate.simplified), space.format(candidate.architecture)
        if parameters != cost.parameters:
            message = (
                f"cost counts {cost.parameters:,} parameters of {notation}, but what build makes of it has "
                f"{parameters:,} to train; correct one of them"
            )
            raise CampaignError([Fault(("space",), message)])
        if macs != cost.macs:
            return (
                f"cost counts {cost.macs:,} multiply-accumulates of {notation}, PyTorch {macs:,} of what build makes: "
                "convolutions and products of matrices"
            )
    return ""


def _counted(space: Space, architecture: Architecture) -> tuple[int, int]:
    """Parameters to train and multiply-accumulates for one example of the built network."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    counter = FlopCounterMode(display=False)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        model = space.build(architecture).eval()
        with counter:
            model(example_inputs(space, 1, np.random.default_rng(0)))
    trained = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    return trained, counter.get_total_flops() // 2


def _data(plan: Plan) -> str | None:
    """What was found in the dataset, or the table; None where the evaluator is the user's own."""
    if isinstance(plan.evaluator, TableEvaluator):
        count = len(plan.evaluator.measurements.architectures)
        few = f"; the budget of {plan.budget:,} is more, and the search ends with them" if plan.budget > count else ""
        return f"{count:,} architectures of {plan.evaluator.path}, looked up and not trained{few}"
    if not isinstance(plan.evaluator, TrainingEvaluator):
        return None
    return description(plan.evaluator.dataset, loaded(plan.evaluator.dataset, test=True))


def _rehearsed(plan: Plan) -> tuple[float | None, str]:
    """Seconds of a training, from short ones of sampled candidates, and why some of these failed, empty for none.

    None for an evaluator of the user's own.

    Raises:
        SearchError: Every one failed.
    """
    if not isinstance(plan.evaluator, TrainingEvaluator):
        return None, ""
    candidates = _candidates(plan, np.random.default_rng(1))
    outcomes = [plan.evaluator.rehearse(candidate.simplified) for candidate in tracked(candidates)]
    failures = [outcome.failure for outcome in outcomes if outcome.failure is not None]
    failing = f"{len(failures)} failed ({failures[0].kind}): {failures[0].message}" if failures else ""
    if len(failures) == len(outcomes):
        raise SearchError(f"not one of {TIMED} short trainings succeeded: {failing}")
    return statistics.median(outcome.seconds for outcome in outcomes), failing


def _candidates(plan: Plan, rng: np.random.Generator) -> list[Candidate]:
    """``TIMED`` sampled candidates; one there is, as ``_feasible`` found."""
    found: list[Candidate] = []
    while len(found) < TIMED:
        candidate = plan.problem.candidate(plan.problem.sample(rng), Rejections())
        if candidate is not None:
            found.append(candidate)
    return found
