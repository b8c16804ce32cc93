"""What a search hands back."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from evonas.core.archive import Archive, Trial
from evonas.core.constraint import Constraint
from evonas.core.objective import GOALS, Goal
from evonas.core.record import Record
from evonas.report.pick import Wish, choose
from spaces.architecture import Architecture
from spaces.space import Space

if TYPE_CHECKING:
    from torch import nn


class Result:
    """A search's outcome: its front, its archive, its report. Shows itself as a table in a notebook.

    Args:
        record: Everything the journal tells.

    Attributes:
        record: The same.
    """

    def __init__(self, record: Record) -> None:
        self.record = record

    @property
    def archive(self) -> Archive:
        """Every trial, in order."""
        return self.record.archive

    @property
    def space(self) -> Space:
        """The search space."""
        return self.record.space

    @property
    def front(self) -> list[Trial]:
        """The trained trials that no other dominates, best first by the first objective."""
        front = self.archive.front()
        return sorted(front, key=lambda trial: float(self.archive.values([trial])[0, 0]))

    def best(self, **wishes: str) -> Trial:
        """The trained trial that is best by one objective among those that meet all bounds.

            result.best(validation_error="min", macs="<= 2e5")

        Args:
            wishes: For exactly one objective ``"min"`` or ``"max"``; for others a bound such as ``"<= 2e5"``.

        Raises:
            ValueError: An unknown objective, not exactly one wish for the best, or nothing meets the bounds.
        """
        names = self.archive.names
        for name in wishes:
            if name not in names:
                raise ValueError(f"best: no objective is named {name!r}; this search has {', '.join(names)}")
        goals = {name: wish for name, wish in wishes.items() if wish in GOALS}
        if len(goals) != 1:
            raise ValueError(
                "best: say 'min' or 'max' for exactly one objective, as in "
                f'best({names[0]}="min"). Got {len(goals)} of them'
            )
        bounds = tuple(Constraint.parse(name, wish) for name, wish in wishes.items() if name not in goals)
        ((name, goal),) = goals.items()
        try:
            return choose(self.archive, Wish(bounds, name, cast(Goal, goal)))
        except ValueError as error:
            raise ValueError(f"best: {error}") from None

    def knee(self) -> Trial:
        """The trained trial where giving up a little of one objective no longer gains much of another; see ``choose``.

        Raises:
            ValueError: Nothing is trained.
        """
        return choose(self.archive, Wish())

    def build(self, trial: Trial) -> nn.Module:
        """The trial's network, with fresh weights and dead parts removed."""
        return self.space.build(self.space.simplify(trial.proposal.architecture))

    def simplified(self, trial: Trial) -> Architecture:
        """The trial's architecture with dead parts removed."""
        return self.space.simplify(trial.proposal.architecture)

    def report(self, path: str | Path) -> Path:
        """Writes the report, one self-contained HTML file, and returns its path."""
        from evonas.report.page import write_report

        return write_report(self.record, Path(path))

    def __repr__(self) -> str:
        archive = self.archive
        return (
            f"Result({self.record.name!r}: {len(archive.trained)} trained, {len(archive.failed)} failed, "
            f"{len(archive.front())} on the front of {', '.join(archive.names)})"
        )

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{html.escape(text)}</th>" for text in ("trial", *self.archive.names, "architecture"))
        rows = "".join(_html_row(trial, self.archive.names) for trial in self.front)
        return f"<p>{html.escape(repr(self))}</p><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _html_row(trial: Trial, names: Sequence[str]) -> str:
    cells = [str(trial.number), *(f"{trial.values[name]:.6g}" for name in names), trial.proposal.notation]
    return "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>"
