"""Evaluates by looking up published measurements."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from evonas.core.evaluation import Evaluation, Evaluator
from evonas.core.failure import FAILURE_KINDS, Failure, FailureKind
from evonas.core.measurements import Measurements
from evonas.core.objective import Objective, Subject, measured
from evonas.core.randomness import generator
from evonas.objectives.column import Column
from evonas.tables.table import Table
from spaces.architecture import Architecture
from spaces.space import Space


class TableEvaluator(Evaluator):
    """Looks a candidate's figures up in a table instead of training it; nothing is built and nothing sleeps.

    A candidate has the figures of its own notation's row, dead parts and all, also where other rows are the same
    function. Which of the rows of one function are candidates of their own, says ``identity``: with ``function`` the
    first that is proposed stands for all of them, with ``notation`` each is one. What a predictor learned of one holds
    for its twins in both cases, for it sees the simplified graph.

    An empty or infinite value is a failure of that candidate, as a diverged training would be.

    Args:
        space: Whose notation the table's column ``arch`` is in.
        objectives: Those that need training, and those that are columns, are read; see ``Column``.
        path: A CSV file with a column ``arch``, compressed where its name ends in ``.gz``.
        seconds: What an evaluation is said to take: a column of the table, or a number for all.
        replicates: For a column that is searched for, those of further trainings of the same architectures with other
            seeds, in order: what a campaign's replicates read.
        report: Columns that the search never sees, beside the objectives in the final front's figures; accuracies on
            test data.
        identity: ``function`` or ``notation``; where not given, notation where a column that is known without training
            differs between the cells of most functions that have several, as measured latencies do.
        failure_share: Share of the candidates that fail all the same, to try a campaign out, in [0, 1].
        failure_kinds: Kinds of failures that these have, each as likely; all by default.
        test: Also give the columns of ``report``. Only the final look at a front does.

    Raises:
        ValueError: The table lacks a column (lists those it has), holds an architecture twice or one that is not in
            the space, or no table gives an objective.
        OSError: The file cannot be read.
    """

    def __init__(
        self,
        space: Space,
        objectives: Sequence[Objective],
        path: str,
        seconds: str | float = 0.0,
        replicates: Mapping[str, Sequence[str]] | None = None,
        report: Sequence[str] = (),
        identity: Literal["function", "notation"] | None = None,
        failure_share: float = 0.0,
        failure_kinds: Sequence[FailureKind] | None = None,
        test: bool = False,
    ) -> None:
        kinds = tuple(FAILURE_KINDS if failure_kinds is None else failure_kinds)
        if not 0 <= failure_share <= 1:
            raise ValueError(f"table: failure_share must be in [0, 1]; got {failure_share}")
        if (failure_share and not kinds) or not set(kinds) <= set(FAILURE_KINDS):
            raise ValueError(f"table: failure_kinds must be among {', '.join(FAILURE_KINDS)}; got {list(kinds)}")
        if not isinstance(seconds, str) and not 0 <= seconds < float("inf"):
            raise ValueError(f"table: seconds must be a column's name or a finite number from 0; got {seconds}")
        for objective in objectives:
            if objective.needs != "architecture" and not isinstance(objective, Column):
                raise ValueError(
                    f"no table gives objective {objective.name!r}, which needs the {objective.needs}; write the column "
                    f"that holds it: {{name: column, column: …, goal: {objective.goal}}}"
                )
            if isinstance(objective, Column) and objective.column in report:
                raise ValueError(f"column {objective.column!r} is searched for; the report's columns are others")
        self.space = space
        self.objectives = tuple(objective for objective in objectives if isinstance(objective, Column))
        self.path = path
        self.seconds = seconds
        self.replicates = {column: tuple(others) for column, others in (replicates or {}).items()}
        self.replicate = 0
        self.report = tuple(report)
        self.identity = identity
        self.failure_share = failure_share
        self.failure_kinds: tuple[Any, ...] = kinds
        self.test = test

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "measurements"}

    @cached_property
    def measurements(self) -> Measurements:
        """The table, read when first asked for."""
        columns = [objective.column for objective in self.objectives] + list(self.report)
        columns += [other for others in self.replicates.values() for other in others]
        if isinstance(self.seconds, str):
            columns.append(self.seconds)
        cheap = [objective.column for objective in self.objectives if objective.needs == "architecture"]
        table = Table.read(Path(self.path), self.space)
        by_notation = self.identity == "notation" if self.identity else table.costs_differ_between_twins(cheap)
        return table.measurements(columns, by_notation)

    def replicated(self, number: int) -> TableEvaluator:
        """The same, reading what the further training of that number, from 1, measured.

        Raises:
            ValueError: The table holds no such training of a column that needs training.
        """
        for objective in self.objectives:
            others = self.replicates.get(objective.column, ())
            if objective.needs == "training" and len(others) < number:
                raise ValueError(
                    f"replicate {number} of column {objective.column!r} needs a further training's column, and the "
                    f"evaluator names {len(others)}: write them, replicates: {{{objective.column}: [column, …]}}, or "
                    "ask for fewer"
                )
        other = copy.copy(self)
        other.replicate = number
        return other

    def evaluate(self, architecture: Architecture, seed: int) -> Evaluation:
        figures = self.measurements.of(architecture)
        if figures is None:
            return Evaluation({}, 0.0, Failure("invalid", f"{self.path} has no such architecture"))
        seconds = figures[self.seconds] if isinstance(self.seconds, str) else float(self.seconds)
        if not 0 <= seconds < float("inf"):
            seconds = 0.0
        outcome = (None if self.test else self._injected(seed)) or self._values(architecture, figures)
        return Evaluation({}, seconds, outcome) if isinstance(outcome, Failure) else Evaluation(outcome, seconds)

    def _injected(self, seed: int) -> Failure | None:
        rng = generator(seed, 0, "failure")
        if rng.random() >= self.failure_share:
            return None
        return Failure(self.failure_kinds[int(rng.integers(len(self.failure_kinds)))], "injected into the table")

    def _values(self, architecture: Architecture, figures: Mapping[str, float]) -> dict[str, float] | Failure:
        if self.replicate:
            place = self.replicate - 1
            anew = {name: figures[others[place]] for name, others in self.replicates.items() if place < len(others)}
            figures = {**figures, **anew}
        subject = Subject(architecture, self.space, figures=figures)
        objectives: list[Objective] = [objective for objective in self.objectives if objective.needs == "training"]
        if self.test:
            objectives += [Column(column, "min") for column in self.report]
        values = {}
        for objective in objectives:
            value = measured(objective, subject)
            if isinstance(value, Failure):
                return value
            values[objective.name] = value
        return values
