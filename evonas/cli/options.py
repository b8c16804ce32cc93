"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]
SpaceOption = Annotated[
    str, typer.Option("--space", help="Name of the space, or '{name: cell201, channels: 16}'.", show_default=False)
]
TableOption = Annotated[
    Path, typer.Option("--table", help="CSV file with a column 'arch', plain or .gz.", show_default=False)
]
Target = Annotated[str, typer.Option(metavar="COLUMN[:min|max]", help="Column to rank by; less is better, or ':max'.")]
Workers = Annotated[int, typer.Option(min=1, help="Processes, one thread each.")]
Cache = Annotated[
    Path | None,
    typer.Option(help="Folder of finished runs: an interrupted comparison goes on, with the seconds measured then."),
]
Plot = Annotated[Path | None, typer.Option(help="Write a figure, as one HTML page.")]
