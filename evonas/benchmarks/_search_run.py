"""One run of one method: the real searcher, its evaluations looked up."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from evonas.benchmarks._search_setting import Setting, field_of
from evonas.campaign.planning.assemble import assemble
from evonas.campaign.planning.parts import Parts, parts_of
from evonas.campaign.planning.plan import Plan
from evonas.campaign.reading.document import locate, read, shipped_campaigns
from evonas.campaign.reading.fault import CampaignError, Fault, did_you_mean
from evonas.campaign.reading.rooms import ROOMS
from evonas.core.archive import Archive
from evonas.core.randomness import generator, integer_seed
from evonas.core.searcher import Exhausted
from evonas.journal.results_folder import JOURNAL
from spaces.discovery import names


@dataclass(frozen=True)
class Run:
    """What one run of a method tried, in order.

    Attributes:
        rows: For each unit of the budget, a full training, the table's row that was evaluated in it; -1 where shorter
            trainings took it.
        seconds: Processor time of choosing.
        ended: Why it ended before its budget; empty where it did not.
        replicates: Which training of its row each evaluation was, from 0; empty where each was the first.
    """

    rows: tuple[int, ...]
    seconds: float
    ended: str = ""
    replicates: tuple[int, ...] = ()


def measured_run(setting: Mapping[str, Any], method: str, seed: int, budget: int) -> dict[str, Any]:
    """``run_method`` of plain values, to plain values."""
    return asdict(run_method(Setting(**setting), method, seed, budget))


def run_method(setting: Setting, method: str, seed: int, budget: int) -> Run:
    """Runs a method as a campaign with one worker would, without its journal: the same rounds and the same generators.

    The searcher, the problem and the evaluator are those that ``assemble`` makes of the method's campaign.
    """
    plan = _plan(setting, method)
    row_of = field_of(setting).row_of
    archive = Archive(plan.problem.objectives)
    ended = ""
    started = time.process_time()
    rows: list[int] = []
    replicates: list[int] = []
    while math.ceil(archive.spent) < budget and not ended:
        number = len(archive)
        count = min(budget - math.ceil(archive.spent), plan.batch if number else plan.initial)
        try:
            proposals = plan.searcher.propose(archive, count, generator(seed, number, "propose"))
        except Exhausted as reason:
            ended = str(reason)
            continue
        for proposal in proposals:
            trial = archive.propose(proposal)
            handed_out = plan.problem.handed_out(proposal.architecture)
            evaluation = plan.evaluator_of(proposal).evaluate(handed_out, integer_seed(seed, trial.number, "train"))
            archive.record(trial.number, evaluation)
            rows += [-1] * (math.ceil(archive.spent) - len(rows))
            replicates += [0] * (len(rows) - len(replicates))
            if proposal.rung is None:
                rows[-1], replicates[-1] = row_of[proposal.architecture.key], proposal.replicate
    seconds = time.process_time() - started
    return Run(tuple(rows), seconds, ended, tuple(replicates) if any(replicates) else ())


def described(method: str) -> str:
    """Everything that a method's campaign says, and a digest of the campaign that it starts from, if it does.

    Raises:
        CampaignError: There is no such method, or its file has faults.
        OSError: The campaign that it starts from cannot be read.
    """
    parts = _parts(method)
    earlier = (Path(parts.warm_start) / JOURNAL).read_bytes() if parts.warm_start is not None else b""
    return repr(parts) + hashlib.sha256(earlier).hexdigest()


def method_name(method: str) -> str:
    """A method's name in the tables."""
    return Path(method).stem


@lru_cache(maxsize=1)
def _plan(setting: Setting, method: str) -> Plan:
    """The method's campaign on the setting; kept for all seeds, with what its searcher remembers of the space."""
    field = field_of(setting)
    searched: dict[str, Any] = {
        "space": field.space,
        "objectives": field.objectives,
        "evaluator": field.evaluator,
        "constraints": (),
    }
    return assemble(replace(_parts(method), **searched, executor={"name": "serial"}, retrain_seeds=0))


@lru_cache
def _parts(method: str) -> Parts:
    """The parts of a method: a searcher with the defaults of campaigns, or a file, shipped in ``methods`` or not.

    Raises:
        CampaignError: There is none of that name, or the file has faults.
    """
    searchers = names(ROOMS["searcher"])
    if method in searchers:
        return Parts(name=method, space="cell201", budget=1, searcher=method)
    if Path(method).is_file():
        return parts_of(read(method).specification)
    try:
        file = locate(f"methods/{method}")
    except CampaignError:
        choices = (*methods(), *searchers)
        message = f"expected a method: one of {', '.join(choices)}, or a campaign file. Got {method!r}."
        raise CampaignError([Fault((), message + did_you_mean(method, choices))]) from None
    return parts_of(read(file).specification)


def methods() -> list[str]:
    """Names of the shipped method files, sorted."""
    return [name.removeprefix("methods/") for name in shipped_campaigns() if name.startswith("methods/")]
