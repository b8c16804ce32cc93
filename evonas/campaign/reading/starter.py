"""The campaign that ``evonas new`` writes: every section, its choices and its default, with a line of explanation."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from evonas.campaign.reading.document import locate
from evonas.campaign.reading.rooms import ROOMS, SECTIONS
from evonas.campaign.reading.specification import Specification
from spaces.discovery import discover, summary

_SPACE = {"name": "cell201", "skeleton": "compact", "channels": [4, 8, 16]}
_BUDGET = 64
_REMARKS: Mapping[str, tuple[str, ...]] = {
    "objectives": ('Your own: {name: my.module.my_function, goal: min, needs: architecture, unit: ""}.',),
    "constraints": ('For example {macs: "<= 2e6"}; a candidate that breaks one is never trained.',),
    "budget": ("It may be raised later: 'evonas run' goes on from what is there.",),
}


def starter_campaign(name: str) -> str:
    """The text of a campaign file that runs as it is, every default written out and every choice named.

    Args:
        name: The campaign's name.

    Raises:
        CampaignError: No folder of results can have that name.
    """
    specification = _named(name)
    lines = [
        "# A campaign of evonas. 'evonas check FILE' looks it over, 'evonas run FILE' runs it.",
        "# A component is a name, or a mapping of its name and its arguments: {name: classifier, epochs: 15}.",
    ]
    for key, value in specification.resolved().items():
        lines += ["", *_comments(key), f"{key}: {_flow(_bare(key, value))}"]
    return "\n".join(lines) + "\n"


def copied_campaign(name: str, like: str) -> str:
    """The text of another campaign file under a new name, comments and all.

    Args:
        name: The new campaign's name.
        like: A campaign file, or a shipped one's name.

    Raises:
        CampaignError: No folder of results can have that name, or there is no campaign to copy.
    """
    _named(name)
    return re.sub(r"^name:.*$", f"name: {name}", locate(like).read_text(encoding="utf-8"), count=1, flags=re.M)


def _named(name: str) -> Specification:
    return Specification.from_mapping({"name": name, "space": _SPACE, "budget": _BUDGET})


def _comments(key: str) -> list[str]:
    description = Specification.model_fields[key].description or ""
    comments = [f"# {description[0].upper()}{description[1:]}.", *(f"# {remark}" for remark in _REMARKS.get(key, ()))]
    if key in SECTIONS:
        for name, component in discover(ROOMS[key]).items():
            comments.append(f"#   {name}: {summary(component)}")
    return [comment if len(comment) <= 120 else comment[:117] + "..." for comment in comments]


def _bare(key: str, value: Any) -> Any:
    """A component without arguments as its bare name, as people write it."""
    if isinstance(value, list):
        return [_bare(key, item) for item in value]
    return value["name"] if isinstance(value, dict) and set(value) == {"name"} and key in SECTIONS else value


def _flow(value: Any) -> str:
    """A plain value in YAML's flow style."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    if isinstance(value, str) and value.replace("_", "a").replace("/", "a").isalnum() and value[0].isalpha():
        return value if value not in ("true", "false", "null") else json.dumps(value)
    return json.dumps(value)
