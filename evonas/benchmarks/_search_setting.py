"""What a benchmark of searchers searches: a space, its table, and the objectives and report columns in it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np

import spaces
from evonas.core.archive import FloatArray
from evonas.core.objective import Goal
from evonas.evaluators.table import TableEvaluator
from evonas.objectives.column import Column
from spaces.discovery import find
from spaces.space import Space

Goals = tuple[tuple[str, Goal], ...]


def goals_of(text: str) -> Goals:
    """Reads ``accuracy:max,flops_m:min``.

    Raises:
        ValueError: It is not so written.
    """
    goals = []
    for part in text.split(","):
        column, colon, goal = part.strip().rpartition(":")
        if not colon or not column or goal not in ("min", "max"):
            raise ValueError(f"expected columns with their goals, as in accuracy:max,flops_m:min. Got {part.strip()!r}")
        goals.append((column, cast(Goal, goal)))
    if len({column for column, _ in goals}) < len(goals):
        raise ValueError(f"expected each column once. Got {text!r}")
    return tuple(goals)


@dataclass(frozen=True)
class Setting:
    """What is searched; plain values that every process makes the same of.

    Attributes:
        space: Name of a space, or JSON as in ``{"name": "transformer", "form": "hwgpt"}``.
        table: The table's file.
        objectives: Columns and goals. The first is what training gives, the others are known of every architecture.
        report: The column that stands in the first objective's place in the final figures, with its goal; None for the
            first objective itself.
        identity: As the table evaluator's.
        replicates: Columns of further trainings of the first objective, which methods with replicates read.
    """

    space: str
    table: str
    objectives: Goals
    report: tuple[str, Goal] | None = None
    identity: Literal["function", "notation"] | None = None
    replicates: tuple[str, ...] = ()

    def fingerprint(self) -> str:
        """Digest of the setting and of what the table holds."""
        content = hashlib.sha256(Path(self.table).read_bytes()).hexdigest()
        told = (self.space, content, self.objectives, self.report, self.identity, self.replicates)
        return hashlib.sha256(repr(told).encode()).hexdigest()


class Field:
    """What stands ready of a setting in one process: the space, the table and its figures.

    Args:
        setting: What is searched.

    Raises:
        ValueError: The space, the table or a column of it is not as it should be.
        OSError: The table cannot be read.
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        arguments: dict[str, Any] = json.loads(setting.space) if "{" in setting.space else {"name": setting.space}
        self.space = cast(Space, find(spaces.ROOM, arguments.pop("name"))(**arguments))
        first, *others = setting.objectives
        self.objectives = [
            Column(*first),
            *(Column(column, goal, needs="architecture") for column, goal in others),
        ]
        self.evaluator = TableEvaluator(
            self.space,
            self.objectives,
            setting.table,
            replicates={first[0]: setting.replicates},
            identity=setting.identity,
            report=self._reported(),
        )
        architectures = self.evaluator.measurements.architectures
        self.row_of = {architecture.key: row for row, architecture in enumerate(architectures)}

    @cached_property
    def values(self) -> FloatArray:
        """Every row's objectives, minimised: shape ``(rows, objectives)``, NaN where the table has nothing."""
        return self._minimised(self.setting.objectives)

    @cached_property
    def reported(self) -> FloatArray:
        """The same with the report column in the first objective's place."""
        first = self.setting.report or self.setting.objectives[0]
        return self._minimised((first, *self.setting.objectives[1:]))

    @cached_property
    def trainings(self) -> FloatArray:
        """The first objective of every row's trainings, minimised: shape ``(rows, 1 + replicates)``."""
        first, goal = self.setting.objectives[0]
        return self._minimised(tuple((column, goal) for column in (first, *self.setting.replicates)))

    def _reported(self) -> list[str]:
        report = self.setting.report
        return [report[0]] if report and report[0] not in dict(self.setting.objectives) else []

    def _minimised(self, goals: Goals) -> FloatArray:
        figures = self.evaluator.measurements.figures.values()
        columns = [[row[column] for row in figures] for column, _ in goals]
        signs = [1.0 if goal == "min" else -1.0 for _, goal in goals]
        return np.array(columns, dtype=np.float64).T * signs


@lru_cache(maxsize=1)
def field_of(setting: Setting) -> Field:
    """The field of a setting, made once in a process."""
    return Field(setting)
