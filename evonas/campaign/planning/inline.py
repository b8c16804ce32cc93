"""Components as an option of the command line writes them."""

from __future__ import annotations

from collections.abc import Sequence

from evonas.campaign.planning.parts import Part
from evonas.campaign.reading.fault import CampaignError, Fault
from evonas.campaign.reading.source import compose


def inline_component(text: str, option: str) -> Part:
    """One component: a name, or a mapping in YAML as a campaign file writes it, ``{name: cell201, channels: 16}``.

    Args:
        text: What stands behind the option.
        option: Its name, for errors.

    Raises:
        CampaignError: The text is empty, or begins with ``{`` and is no mapping in YAML.
    """
    text = text.strip()
    if not text:
        raise CampaignError([Fault((option,), "expected a name, or '{name: ..., argument: ...}'. Got nothing")])
    if not text.startswith("{"):
        return text
    source = compose(text.encode(), option)
    if source.faults:
        raise CampaignError(source.faults, option)
    return source.values


def inline_components(texts: Sequence[str], option: str) -> dict[str, Part]:
    """The components of an option that may be repeated, by the text that names each.

    Each text is names with commas between them, or one mapping: a comma inside a mapping separates its arguments.

    Raises:
        CampaignError: One is no component, or stands there twice.
    """
    parts: dict[str, Part] = {}
    for text in texts:
        for piece in [text] if text.lstrip().startswith("{") else text.split(","):
            label = " ".join(piece.split())
            if label in parts:
                raise CampaignError([Fault((option,), f"{label!r} stands there twice; name it once")])
            parts[label] = inline_component(label, option)
    return parts
