"""A column of a table of measurements."""

from __future__ import annotations

from typing import Literal

from evonas.core.objective import Goal, Missing, Objective, Subject


class Column(Objective):
    """A column of the table that ``evaluator: {name: table, path: …}`` reads, in the table's own unit.

    Args:
        column: The column's name in the table, and the objective's.
        goal: ``min`` or ``max``.
        unit: Shown beside the figure, e.g. ``"%"``.
        needs: ``training`` for what was measured on trained networks: it is known once a candidate was evaluated, and
            predicted before. ``architecture`` for what is known of every architecture at no cost, such as operations.
    """

    def __init__(
        self, column: str, goal: Goal, unit: str = "", needs: Literal["training", "architecture"] = "training"
    ) -> None:
        self.name = self.column = column
        self.goal = goal
        self.unit = unit
        self.needs = needs

    def measure(self, subject: Subject) -> float:
        if self.column not in subject.figures:
            raise Missing(f"column {self.column!r} is read from a table, and there is none here")
        return subject.figures[self.column]
