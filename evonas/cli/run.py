"""``evonas run``."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evonas.campaign.planning.assemble import assemble
from evonas.campaign.planning.parts import parts_of
from evonas.campaign.planning.plan import Plan
from evonas.campaign.reading.document import Document, read
from evonas.campaign.reading.fault import CampaignError, Fault
from evonas.campaign.reading.importable import importable
from evonas.campaign.running.result import Result
from evonas.campaign.running.session import execute
from evonas.journal.results_folder import REPORT
from evonas.report.live import front_table
from evonas.report.statistics import failure_groups, retrained_front
from evonas.report.views import output_console, terminal_view

INTERRUPTED = 130


def run_campaign(campaign: str, results: Path | None, budget: int | None, workers: int | None) -> int:
    """Runs a campaign, prints its front and writes its report.

    Args:
        campaign: File or name.
        results: Results folder, instead of the campaign's own.
        budget: Instead of the campaign's own.
        workers: Instead of the campaign's own.

    Returns:
        Exit status: 0; 1 where every candidate failed; 130 where the campaign was interrupted.
    """
    console = output_console()
    document = read(campaign)
    specification = document.specification
    changes: dict[str, object] = {}
    if budget is not None:
        changes["budget"] = budget
    if workers is not None:
        changes["executor"] = {**specification.executor.resolved(), "workers": workers}
    if changes:
        specification = type(specification).from_mapping({**specification.resolved(), **changes})
    folder = results if results is not None else Path(specification.results)
    given = {"--results": results, "--budget": budget, "--workers": workers}
    options = (f"{name} {shlex.quote(str(value))}" for name, value in given.items() if value is not None)
    again = " ".join(["evonas run", shlex.quote(campaign), *options])
    with importable(document.folder):
        plan = plan_of(Document(specification, document.path, document.source), folder)
        try:
            with located(document):
                record, finished = execute(plan, folder, terminal_view(console))
        except KeyboardInterrupt:
            print(f"killed; what had come home is recorded. To go on: {again}", file=sys.stderr)
            return INTERRUPTED
    result = Result(record)
    if finished and not result.archive.trained:
        most = max(failure_groups(result.archive), key=lambda group: len(group.numbers))
        console.print(f"report: {result.report(folder / REPORT)}", soft_wrap=True)
        print(
            f"error: nothing was trained: all {len(result.archive):,} candidates failed, {len(most.numbers):,} of them "
            f"({most.kind}): {most.message}",
            file=sys.stderr,
        )
        return 1
    anew = retrained_front(record)
    console.print(front_table(result.front, result.archive.names, console.width, anew=anew))
    console.print(f"report: {result.report(folder / REPORT)}", soft_wrap=True)
    if finished:
        return 0
    console.print(f"interrupted; to go on: {again}", soft_wrap=True)
    return INTERRUPTED


def plan_of(document: Document, folder: Path) -> Plan:
    """Makes the parts of a campaign file with its results folder; an error that only this shows has its line, too."""
    with located(document):
        return assemble(parts_of(document.specification), folder)


@contextmanager
def located(document: Document) -> Iterator[None]:
    """Gives the faults of its block their lines in the campaign file."""
    try:
        yield
    except CampaignError as error:
        raise CampaignError(
            [Fault(fault.path, fault.message, document.line(fault.path)) for fault in error.faults], str(document.path)
        ) from error
