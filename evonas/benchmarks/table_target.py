"""The column of a table that is to be predicted."""

from __future__ import annotations

from dataclasses import dataclass

from evonas.tables.table import FloatArray, Table


@dataclass(frozen=True, slots=True)
class TableTarget:
    """A column and whether less or more of it is better.

    Attributes:
        column: Name of the column.
        goal: ``"min"`` or ``"max"``.
    """

    column: str
    goal: str

    @classmethod
    def parse(cls, text: str) -> TableTarget:
        """Reads ``COLUMN:min``, ``COLUMN:max`` or ``COLUMN``, which is minimised.

        Raises:
            ValueError: The name says that it is an accuracy, and no direction is given, or another than min and max.
        """
        column, _, goal = text.rpartition(":")
        if column and goal in ("min", "max"):
            return cls(column, goal)
        if column and "acc" in column.lower():
            raise ValueError(f"after the colon stands min or max, as in {column + ':max'!r}; got {text!r}")
        if "acc" in text.lower():
            raise ValueError(
                f"{text!r} seems to be an accuracy, and without a direction less is better; write {text + ':max'!r}, "
                f"or {text + ':min'!r} where that is meant"
            )
        return cls(text, "min")

    def values(self, table: Table) -> FloatArray:
        """The column with lower as better, shape ``(n,)``: negated where more is better. NaN where nothing is known.

        Raises:
            ValueError: There is no such column (lists those there are), or one of its values is no number.
        """
        measured = table.column(self.column)
        return -measured if self.goal == "max" else measured
