"""``evonas list``."""

from __future__ import annotations

import json

from rich.table import Table

from evonas.campaign.document import shipped_campaigns
from evonas.campaign.fault import CampaignError, Fault
from evonas.campaign.rooms import ROOMS
from evonas.report.views import output_console
from spaces.discovery import discover, summary


def list_rooms(room: str | None, as_json: bool) -> None:
    """Prints every component with the first line of its docstring.

    Raises:
        CampaignError: There is no such room.
    """
    if room is not None and room not in ROOMS:
        raise CampaignError([Fault((), f"expected a room: one of {', '.join(ROOMS)}. Got {room!r}")])
    rows = [
        (title, name, summary(component))
        for title, found in ROOMS.items()
        if room in (None, title)
        for name, component in discover(found).items()
    ]
    if room is None:
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
