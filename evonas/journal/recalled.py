"""An objective as a journal tells of it."""

from __future__ import annotations

from evonas.core.objective import Goal, Missing, Needs, Objective, Subject


class Recalled(Objective):
    """An objective's name, goal and unit as they were written down; it measures nothing any more."""

    def __init__(self, name: str, needs: Needs, goal: Goal, unit: str) -> None:
        self.name = name
        self.needs = needs
        self.goal = goal
        self.unit = unit

    def measure(self, subject: Subject) -> float:
        raise Missing(f"objective {self.name!r} was read back from a journal and measures nothing any more")
