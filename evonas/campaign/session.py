"""A campaign in its results folder: begun, gone on with, or only looked at."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evonas.campaign.contents import changes, digests
from evonas.campaign.plan import Plan
from evonas.campaign.results_folder import JOURNAL
from evonas.campaign.run import Runner
from evonas.core.objective import Objective
from evonas.core.observer import Observer
from evonas.core.record import Record
from evonas.journal.difference import campaign_difference
from evonas.journal.journal import Journal
from evonas.journal.manifest import machine, versions

FREE_TO_CHANGE = ("budget", "executor", "results")
"""What may differ when a campaign goes on: how much is evaluated and where, but never what is searched for or how."""


class ChangedCampaign(ValueError):
    """The results folder holds another campaign; says how they differ."""


def execute(plan: Plan, folder: Path | None, observer: Observer) -> tuple[Record, bool]:
    """Runs a plan in its results folder, or goes on with what the folder holds.

    Args:
        plan: The campaign.
        folder: Results folder, made where it is missing; None keeps the journal in memory.
        observer: Is told what happens.

    Returns:
        The campaign's record, and whether it ran to its end.

    Raises:
        ChangedCampaign: The folder holds another campaign.
        JournalError: The folder cannot be written, or holds what is no journal.
        SearchError: Nothing feasible was found.
    """
    with open_journal(plan, folder) as journal:
        finished = Runner(plan, journal, observer).run()
        return journal.record(plan.name, plan.problem.space, plan.problem.objectives), finished


def open_journal(plan: Plan, folder: Path | None) -> Journal:
    """The plan's journal: made, or opened where the folder holds this campaign; see ``execute``."""
    manifest = {
        "campaign": dict(plan.resolved),
        "objectives": [_written(objective) for objective in plan.problem.objectives],
        "versions": versions(),
        "machine": machine(),
        "seed": plan.seed,
        **({"warm_start": plan.pinned} if plan.pinned is not None else {}),
    }
    if folder is None:
        return Journal.in_memory(manifest)
    held = digests(plan.resolved)
    path = folder / JOURNAL
    if not Journal.exists(path):
        return Journal.create(path, {**manifest, **({"holds": held} if held else {})})
    journal = Journal.open(path)
    try:
        _go_on(journal, plan, folder, held)
    except BaseException:
        journal.close()
        raise
    return journal


def _written(objective: Objective) -> dict[str, str]:
    """What is journalled of an objective, so that results can be looked at without its code."""
    return {"name": objective.name, "needs": objective.needs, "goal": objective.goal, "unit": objective.unit}


def _go_on(journal: Journal, plan: Plan, folder: Path, held: Mapping[str, str]) -> None:
    """Checks that the folder's campaign is the plan's, and takes over a raised budget.

    Raises:
        ChangedCampaign: It is not.
    """
    manifest = journal.manifest
    stored: Mapping[str, Any] = manifest["campaign"]
    # What a warm start took over is pinned: its folder may be spelled in another way, have grown or gone.
    free = (*FREE_TO_CHANGE, "warm_start") if "warm_start" in stored and plan.pinned is not None else FREE_TO_CHANGE
    differences = campaign_difference(_identity(stored, free), _identity(plan.resolved, free))
    if plan.budget < stored["budget"]:
        lowered = f"budget: {stored['budget']} -> {plan.budget}"
        differences.append(f"{lowered} (it may be raised, not lowered; as it was: --budget {stored['budget']})")
    differences += changes(manifest.get("holds", {}), held)
    if differences:
        newer = any(": added" in difference for difference in differences)
        raise ChangedCampaign(
            f"{folder} holds another campaign; it is left as it is. What differs:\n"
            + "\n".join(f"  {difference}" for difference in differences)
            + "\nGive this campaign another name (or results folder), or undo the change; only a larger budget and "
            "another executor may go on with it."
            + (
                " What is added though you did not add it is newer than the campaign: take the evonas that began it."
                if newer
                else ""
            )
        )
    if dict(stored) != dict(plan.resolved):
        journal.update_campaign(dict(plan.resolved))


def _identity(campaign: Mapping[str, Any], free: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in campaign.items() if name not in free}
