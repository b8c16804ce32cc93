"""What is wrong with a campaign file, and where."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

YamlPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        path: Where in the file, e.g. ``("objectives", 1, "goal")``; empty for the file as a whole.
        message: The rule, the value and the remedy.
        line: Line in the file, from 1; None where there is no file, as in Python.
    """

    path: YamlPath
    message: str
    line: int | None = None


class CampaignError(ValueError):
    """A campaign that cannot be run. Its text has one line for each fault, in the order of the file's lines.

    Args:
        faults: At least one.
        file: The campaign file as the user named it; empty where there is none.

    Attributes:
        faults: The same, sorted by line.
        file: The same.
    """

    def __init__(self, faults: Iterable[Fault], file: str = "") -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line or 0))
        self.file = file
        super().__init__("\n".join(_line(fault, file) for fault in self.faults))

    def __reduce__(self) -> tuple[type[CampaignError], tuple[tuple[Fault, ...], str]]:
        return type(self), (self.faults, self.file)


def dotted(path: YamlPath) -> str:
    """``("objectives", 1, "goal")`` as ``objectives[1].goal``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def shown(value: Any) -> str:
    """A value as an error shows it: as the file would write it, cut where it is long."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = repr(value)
    if isinstance(value, Mapping):
        text = "{" + ", ".join(f"{key}: {shown(inner)}" for key, inner in value.items()) + "}"
    elif isinstance(value, list | tuple):
        text = "[" + ", ".join(shown(inner) for inner in value) + "]"
    return text if len(text) <= 80 else text[:77] + "..."


def did_you_mean(word: str, choices: Sequence[str]) -> str:
    """A suggestion with a space before it, or nothing."""
    close = difflib.get_close_matches(word, choices, n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def rewritten(value: Any) -> str:
    """How a number of the wrong kind should have been written, as ``; write 200``; or nothing."""
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        return f"; write {int(value)}"
    if isinstance(value, str):
        try:
            float(value)
        except ValueError:
            return ""
        return f"; write {value} without quotes"
    return ""


def _line(fault: Fault, file: str) -> str:
    place = f"{file}:{fault.line}" if file and fault.line is not None else file
    where = " ".join(part for part in (place, dotted(fault.path)) if part)
    return f"{where}: {fault.message}" if where else fault.message
