"""Writes a campaign's report as one HTML file."""

from __future__ import annotations

import json
import os
from importlib.resources import files
from pathlib import Path
from typing import Any

from evonas.core.record import Record


class ReportError(OSError):
    """The report's file cannot be written; the message says why and what to do."""


def write_report(record: Record, path: Path) -> Path:
    """Writes one self-contained HTML page that opens without a network.

    The page is complete or not there: it is written beside ``path`` and moved into place. Missing folders are made.

    Args:
        record: A campaign, finished or not, even without a single trained candidate.
        path: The file to write; an older report there is replaced.

    Returns:
        ``path``.

    Raises:
        ReportError: The place cannot be written to or the disk is full; an older report stays as it was.
    """
    path = Path(path)
    page = render(record)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_whole(path, page)
    except OSError as error:
        raise ReportError(
            f"the report cannot be written to {path}: {error.strerror or error}. Nothing else is lost: make the place "
            "writable or choose another file, and write the report again from the same results"
        ) from error
    return path


def render(record: Record) -> str:
    """The page as text. Everything that comes from the campaign is escaped."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup
    from plotly.offline import get_plotlyjs

    from evonas.report.contents import contents

    sections, data = contents(record)
    folder = files("evonas.report")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(folder.joinpath("template.html.j2").read_text(encoding="utf-8"))
    return template.render(
        **sections,
        style=Markup(folder.joinpath("style.css").read_text(encoding="utf-8")),
        script=Markup(folder.joinpath("script.js").read_text(encoding="utf-8")),
        plotly=Markup(get_plotlyjs()),
        data=Markup(_script_json(data)),
    )


def _script_json(data: Any) -> str:
    """JSON that may stand inside a script element: nothing in it can end the element or open a comment."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _write_whole(path: Path, page: str) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        partial.write_text(page, encoding="utf-8", errors="backslashreplace")
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
