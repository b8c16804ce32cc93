"""``evonas list``."""

from __future__ import annotations

import json

from rich.table import Table

from evonas.campaign.reading.document import shipped_campaigns
from evonas.campaign.reading.fault import CampaignError, Fault, did_you_mean
from evonas.campaign.reading.rooms import ROOMS
from evonas.campaign.running.aftermath import EXPORTERS
from evonas.report.views import output_console
from evonas.tables.importing import FORMATS
from spaces.discovery import discover, summary
from surrogates import COMBINATIONS

_ALL = {**ROOMS, "combination": COMBINATIONS, "exporter": EXPORTERS, "format": FORMATS}


def list_rooms(room: str | None, as_json: bool) -> None:
    """Prints every component with the first paragraph of its docstring.

    Raises:
        CampaignError: There is no such room.
    """
    titles = [*_ALL, "campaign"]
    if room not in (None, *titles, *(found.title for found in _ALL.values())):
        message = f"expected a room: one of {', '.join(titles)}. Got {room!r}"
        raise CampaignError([Fault((), message + did_you_mean(str(room), titles))])
    rows = [
        (title, name, summary(component))
        for title, found in _ALL.items()
        if room in (None, title, found.title)
        for name, component in discover(found).items()
    ]
    if room in (None, "campaign"):
        rows += [("campaign", name, f"evonas run {name}") for name in shipped_campaigns()]
    if as_json:
        for title, name, line in rows:
            print(json.dumps({"room": title, "name": name, "summary": line}))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in ("room", "name", "what it is"):
        table.add_column(header)
    for row in rows:
        table.add_row(*row)
    output_console().print(table)
