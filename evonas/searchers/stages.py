"""Counts and seconds of one round while it is being proposed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace

from evonas.core.archive import Archive, Funnel, Proposal
from evonas.core.timed import timed
from evonas.searchers.lots import next_round


@dataclass(slots=True)
class Stages:
    """What becomes a round's ``Funnel``.

    Attributes:
        counts: Candidates left after each stage, in order.
        seconds: Wall time by stage.
        notes: Sentences for the report.
    """

    counts: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def timed(self, stage: str) -> AbstractContextManager[None]:
        """Adds its block's wall time to the stage."""
        return timed(self.seconds, stage)

    @property
    def unfinished(self) -> Funnel:
        """Stands in the round's proposals until ``close`` puts the finished funnel there."""
        return Funnel(0, {})

    def close(self, archive: Archive, proposals: Sequence[Proposal]) -> list[Proposal]:
        """The round's proposals, each with the finished funnel."""
        self.counts["chosen"] = len(proposals)
        funnel = Funnel(next_round(archive), dict(self.counts), dict(self.seconds), tuple(dict.fromkeys(self.notes)))
        return [replace(chosen, funnel=funnel) for chosen in proposals]
