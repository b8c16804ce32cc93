"""``evonas table …``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

tables = typer.Typer(
    help="Published measurements, for campaigns and benchmarks without training.",
    epilog="Example: evonas table import nats_bench NATS-tss-v1_0-3ffb9-simple nats.csv.gz",
    no_args_is_help=True,
)


@tables.command("import")
def import_published(
    format_name: Annotated[str, typer.Argument(metavar="FORMAT", help="One that `evonas list format` names.")],
    source: Annotated[Path, typer.Argument(metavar="PATH", help="The published file (or folder) on your disk.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="The table to write, e.g. table.csv.gz.")],
) -> None:
    """Writes published measurements as a CSV file with a column arch; pickles are read as data, nothing in them runs.

    Example: evonas table import nats_bench NATS-tss-v1_0-3ffb9-simple nats.csv.gz
    """
    from evonas.campaign.reading.fault import CampaignError, Fault
    from evonas.tables.importing import import_table

    try:
        count, columns = import_table(format_name, source, target)
    except ValueError as error:
        raise CampaignError([Fault((), str(error))]) from error
    print(f"{target}: {count:,} architectures with {', '.join(columns)}")
