"""Reads campaign files: every fault of a file at once, each with its line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evonas.campaign.reading.fault import CampaignError, Fault, YamlPath, did_you_mean
from evonas.campaign.reading.importable import importable
from evonas.campaign.reading.source import Source, compose
from evonas.campaign.reading.specification import Specification

_ENDINGS = (".yaml", ".yml")
_CAMPAIGNS = ("*", "methods/*")  # below runs/; its other folders hold no campaigns
_PACKAGE = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Document:
    """A campaign file that was read and found right.

    Attributes:
        specification: What it says, with the defaults filled in.
        path: The file.
        source: Its plain values and their lines.
    """

    specification: Specification
    path: Path
    source: Source = field(repr=False)

    @property
    def folder(self) -> Path:
        """Where the file lies; ``importable(document.folder)`` makes the user's modules there importable."""
        return self.path.resolve().parent

    def line(self, yaml_path: str | YamlPath) -> int:
        """Line, from 1, of a place such as ``"predictor.loss"``, ``"objectives[1]"`` or ``("objectives", 1, "goal")``.

        What the file does not hold has the line of the nearest thing around it that it does.
        """
        return self.source.line(_parts(yaml_path) if isinstance(yaml_path, str) else yaml_path)

    def error(self, yaml_path: str | YamlPath, error: Exception) -> CampaignError:
        """An error that a component's constructor raised later, with its place in this file.

        Args:
            yaml_path: The component's place, e.g. ``"searcher"``; or the one argument that the message names.
            error: What was raised.
        """
        from evonas.campaign.reading.checks import construction_fault

        path = _parts(yaml_path) if isinstance(yaml_path, str) else yaml_path
        value: Any = self.source.values
        for part in path:
            value = value[part] if isinstance(value, Mapping) and part in value else {}
        fault = construction_fault(path, value if isinstance(value, Mapping) else {}, error)
        return CampaignError([Fault(fault.path, fault.message, self.source.line(fault.path))], str(self.path))


def read(campaign: str | Path) -> Document:
    """Reads and checks a campaign file; nothing is run, but modules that it names are imported.

    Args:
        campaign: A file, or the name of a shipped campaign, such as ``digits``.

    Raises:
        CampaignError: There is no such file, or it has faults; the text has one line for each of them.
    """
    path = locate(campaign)
    file = str(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CampaignError([Fault((), f"the file cannot be read: {error.strerror}")], file) from error
    source = compose(content, file)
    from evonas.campaign.reading.checks import component_faults

    faults = list(source.faults)
    specification = None
    try:
        specification = Specification.from_mapping(source.values)
    except CampaignError as error:
        faults += error.faults
    with importable(path.resolve().parent):
        faults += component_faults(source.values)
    if specification is None or faults:
        raise CampaignError(_placed(faults, source), file)
    return Document(specification, path, source)


def locate(campaign: str | Path) -> Path:
    """The file that ``evonas run CAMPAIGN`` means: a file of that path, else a shipped campaign of that name.

    Raises:
        CampaignError: There is neither; the message lists the shipped campaigns.
    """
    path = Path(campaign)
    if path.is_file():
        return path
    shipped = _shipped()
    name = str(campaign)
    for ending in ("", *_ENDINGS):
        if ending == "" or name.endswith(ending):
            found = shipped.get(name.removesuffix(ending))
            if found is not None:
                return found
    choices = ", ".join(shipped) or "none"
    kind = "it is a folder" if path.is_dir() else "there is no such file"
    message = f"expected a campaign file, or the name of a shipped campaign ({choices}). Got {name!r}; {kind}."
    raise CampaignError([Fault((), message + did_you_mean(name, tuple(shipped)))])


def shipped_campaigns() -> list[str]:
    """Names of the campaigns that come with evonas, sorted: ``evonas run NAME`` runs one."""
    return list(_shipped())


def _shipped() -> dict[str, Path]:
    """Shipped campaigns by name: in the installed package's ``runs``, or in that of the checkout around it."""
    folder = _PACKAGE / "runs"
    if not folder.is_dir() and (_PACKAGE.parent / "pyproject.toml").is_file():
        folder = _PACKAGE.parent / "runs"
    files = sorted(file for place in _CAMPAIGNS for file in folder.glob(place) if file.suffix in _ENDINGS)
    return {file.relative_to(folder).with_suffix("").as_posix(): file for file in files}


def _placed(faults: list[Fault], source: Source) -> list[Fault]:
    """The faults with their lines, the first one found of each place."""
    placed: dict[tuple[YamlPath, int], Fault] = {}
    for fault in faults:
        line = fault.line if fault.line is not None else source.line(fault.path)
        placed.setdefault((fault.path, line), Fault(fault.path, fault.message, line))
    return list(placed.values())


def _parts(yaml_path: str) -> YamlPath:
    """``objectives[1].goal`` as ``("objectives", 1, "goal")``."""
    return tuple(int(index) if index else key for key, index in re.findall(r"([^.\[\]]+)(?!\])|\[(\d+)\]", yaml_path))
