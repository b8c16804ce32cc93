"""What both views of a running campaign know: counts, the front, hypervolume and the time left."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping, Sequence

from evonas.core.archive import Archive, Trial
from evonas.core.hypervolume import Yardstick

MOST_OBJECTIVES = 5


class Watching:
    """A running campaign as it is watched from outside.

    Args:
        name: Name of the campaign.
        archive: The campaign's archive; it grows.
        budget: Full trainings in all.

    Attributes:
        screened: Candidates drawn and screened so far.
    """

    def __init__(self, name: str, archive: Archive, budget: int) -> None:
        self.name = name
        self.archive = archive
        self.budget = budget
        self.screened = sum(_drawn(funnel.counts) for funnel in archive.rounds)
        self.replayed = self.done
        self._noted: set[str] = set()
        self._since = time.monotonic()
        self._known = -1
        self._front: list[Trial] = []
        self._hypervolume: float | None = None

    def add_round(self, trials: Sequence[Trial]) -> list[str]:
        """Counts what a round screened, and returns its notes that no earlier round had, other numbers aside."""
        if not trials:
            return []
        funnel = trials[0].proposal.funnel
        self.screened += _drawn(funnel.counts)
        fresh = [note for note in funnel.notes if re.sub(r"\d+", "0", note) not in self._noted]
        self._noted.update(re.sub(r"\d+", "0", note) for note in fresh)
        return fresh

    @property
    def done(self) -> int:
        """Full trainings' worth of evaluations that came home, failures included, rounded down."""
        return math.floor(self.archive.spent - sum(trial.proposal.share for trial in self.archive.pending))

    @property
    def front(self) -> list[Trial]:
        """The front, best first by the first objective."""
        self._refresh()
        return self._front

    @property
    def hypervolume(self) -> float | None:
        """Hypervolume of the front in units of the first round's box; None until that is known."""
        self._refresh()
        return self._hypervolume

    @property
    def seconds(self) -> float:
        """Wall time of this session."""
        return time.monotonic() - self._since

    @property
    def seconds_left(self) -> float | None:
        """Estimated from this session's pace; None before its first evaluation."""
        fresh = self.done - self.replayed
        return self.seconds / fresh * (self.budget - self.done) if fresh > 0 else None

    def _refresh(self) -> None:
        evaluated = len(self.archive) - len(self.archive.pending)
        if self._known == evaluated:
            return
        self._known = evaluated
        front = self.archive.front()
        values = self.archive.values(front)
        self._front = [front[int(index)] for index in values[:, 0].argsort(kind="stable")] if front else []
        # The exact hypervolume takes seconds with more objectives than these.
        yardstick = Yardstick.of(self.archive) if len(self.archive.names) <= MOST_OBJECTIVES else None
        self._hypervolume = yardstick.hypervolume(values) if yardstick is not None else None


def duration(seconds: float) -> str:
    """``42 s``, ``3 min 5 s`` or ``2 h 10 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def figure(value: float) -> str:
    """A figure of a table: whole numbers with separators, others to four digits."""
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:.4g}"


def _drawn(counts: Mapping[str, int]) -> int:
    return counts.get("drawn", counts.get("chosen", 0))
