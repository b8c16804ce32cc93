"""A search space with its objectives and constraints: which architectures are candidates, and what is known of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from evonas.core.constraint import Constraint
from evonas.core.failure import Failure, told
from evonas.core.measurements import Measurements
from evonas.core.objective import Objective, Subject, measured
from spaces.architecture import Architecture
from spaces.space import Space


@dataclass(frozen=True, slots=True)
class Candidate:
    """A feasible architecture with its exact objectives.

    Attributes:
        architecture: As the space notates it.
        simplified: The same function with dead parts removed; what is counted, encoded, built and trained.
        exact: Objectives known without training so far, in their own unit and direction.
        key: Identity, see ``Problem.key``.
        figures: What a table says of it, by column; empty where there is no table.
    """

    architecture: Architecture
    simplified: Architecture
    exact: Mapping[str, float]
    key: str
    figures: Mapping[str, float] = field(default_factory=dict, repr=False)


@dataclass(slots=True)
class Rejections:
    """Why candidates were turned down, for an error that helps.

    Attributes:
        counts: Rejections by constraint or by objective that failed.
        nearest: For each constraint, the rejected value that came nearest to its bound.
        examples: For each objective that failed, the first failure's message.
    """

    counts: Counter[str] = field(default_factory=Counter)
    nearest: dict[str, float] = field(default_factory=dict)
    examples: dict[str, str] = field(default_factory=dict)

    def add(self, constraint: Constraint, value: float) -> None:
        """Counts a value that breaks a constraint."""
        reason = str(constraint)
        self.counts[reason] += 1
        nearest = self.nearest.get(reason, value)
        self.nearest[reason] = value if abs(value - constraint.bound) < abs(nearest - constraint.bound) else nearest

    def describe(self) -> str:
        """One clause a reason, most frequent first."""
        clauses = []
        for reason, count in self.counts.most_common():
            clause = f"{reason} rejected {count:,}"
            if reason in self.nearest:
                clause += f" (nearest value {self.nearest[reason]:g})"
            if reason in self.examples:
                clause += f" ({self.examples[reason]})"
            clauses.append(clause)
        return "; ".join(clauses) if clauses else "nothing was rejected"


class Problem:
    """What is searched for.

    Args:
        space: The search space.
        objectives: At least one; names are unique.
        constraints: Bounds on objectives that need no training.
        measurements: A table that the campaign looks its figures up in; only its architectures are candidates then.

    Raises:
        ValueError: No objectives, a repeated name, or a constraint on what is not known before training.
    """

    def __init__(
        self,
        space: Space,
        objectives: Sequence[Objective],
        constraints: Sequence[Constraint] = (),
        measurements: Measurements | None = None,
    ) -> None:
        self.space = space
        self.measurements = measurements
        self._by_notation = measurements is not None and measurements.by_notation
        self.objectives = tuple(objectives)
        self.constraints = tuple(constraints)
        self._model_values: dict[str, Mapping[str, float]] = {}  # by key: a noisy objective is measured once
        self._dropped: dict[str, dict[str, str]] = {}  # messages by key, by what failed, since the last losses()
        names = [objective.name for objective in self.objectives]
        if not names:
            raise ValueError("a search needs at least one objective, for example 'validation_error'")
        for name, count in Counter(names).items():
            if count > 1:
                raise ValueError(f"objective {name!r} is named {count} times; give each its own name")
        for constraint in self.constraints:
            if constraint.objective not in names:
                raise ValueError(
                    f"constraint '{constraint}' names no objective of this campaign; it has {', '.join(names)}"
                )
            if self.needs(constraint.objective) == "training":
                raise ValueError(
                    f"constraint '{constraint}': {constraint.objective!r} is known only after training; constraints "
                    "hold on objectives that need the architecture or the model. Choose afterwards with result.best()"
                )

    def needs(self, name: str) -> str:
        """What the objective of that name needs."""
        return next(objective.needs for objective in self.objectives if objective.name == name)

    @property
    def predicted_names(self) -> tuple[str, ...]:
        """Objectives that need training, and so are predicted."""
        return tuple(objective.name for objective in self.objectives if objective.needs == "training")

    @property
    def has_model_objectives(self) -> bool:
        """Whether some objective needs the built, untrained model."""
        return any(objective.needs == "model" for objective in self.objectives)

    def sample(self, rng: np.random.Generator) -> Architecture:
        """A random architecture as the space draws it; of a table's, each with equal chance."""
        if self.measurements is None:
            return self.space.sample(rng)
        architectures = self.measurements.architectures
        return architectures[int(rng.integers(len(architectures)))]

    def key(self, architecture: Architecture) -> str:
        """Identity: equal for architectures of one function; or of one notation, where a table tells them apart."""
        return architecture.key if self._by_notation else self.space.simplify(architecture).key

    def handed_out(self, architecture: Architecture) -> Architecture:
        """What an evaluator gets: the simplified architecture, or the one as it is notated where a table is read."""
        return self.space.simplify(architecture) if self.measurements is None else architecture

    def candidate(self, architecture: Architecture, rejections: Rejections) -> Candidate | None:
        """The candidate, or None where a constraint on the architecture rejects it or an objective fails."""
        figures: Mapping[str, float] | None = {}
        if self.measurements is not None:
            figures = self.measurements.of(architecture)
        if figures is None:
            rejections.counts["not being in the table"] += 1
            return None
        simplified = self.space.simplify(architecture)
        exact = self._measure(Subject(simplified, self.space, figures=figures), "architecture", rejections)
        if exact is None or not self._accepts(exact, rejections):
            return None
        key = architecture.key if self._by_notation else simplified.key
        return Candidate(architecture, simplified, exact, key, figures)

    def with_model_objectives(self, candidate: Candidate, rejections: Rejections) -> Candidate | None:
        """The candidate with the objectives that need a built model; None where a constraint rejects it.

        The model is built under a seed of its own and thrown away; the global generator is as before. What was measured
        of a candidate stays: asked again, the answer is the same, though an objective reads a clock.
        """
        if not self.has_model_objectives:
            return candidate
        exact = self._model_values.get(candidate.key)
        if exact is None:
            exact = self._built_and_measured(candidate, rejections)
            if exact is None:
                return None
            self._model_values[candidate.key] = exact
        if not self._accepts(exact, rejections):
            return None
        return replace(candidate, exact={**candidate.exact, **exact})

    def _built_and_measured(self, candidate: Candidate, rejections: Rejections) -> Mapping[str, float] | None:
        import torch

        with torch.random.fork_rng(devices=[]):
            # The processor's generator alone: torch.manual_seed would seed those of GPUs too, which are not put back.
            torch.default_generator.manual_seed(int(candidate.key[:8], 16))
            try:
                model = self.space.build(candidate.simplified)
            except Exception as error:
                self._drop("build", candidate.simplified, told(error), rejections)
                return None
            subject = Subject(candidate.simplified, self.space, built=model, figures=candidate.figures)
            return self._measure(subject, "model", rejections)

    def _measure(self, subject: Subject, needs: str, rejections: Rejections) -> dict[str, float] | None:
        values: dict[str, float] = {}
        for objective in self.objectives:
            if objective.needs == needs:
                value = measured(objective, subject)
                if isinstance(value, Failure):
                    self._drop(f"objective {objective.name}", subject.architecture, value.message, rejections)
                    return None
                values[objective.name] = value
        return values

    def _drop(self, reason: str, simplified: Architecture, message: str, rejections: Rejections) -> None:
        rejections.counts[reason] += 1
        rejections.examples.setdefault(reason, message)
        self._dropped.setdefault(reason, {})[simplified.key] = message

    def losses(self) -> tuple[str, ...]:
        """A sentence for each reason that candidates failed for, and so were dropped, since it was last asked.

        What a constraint turned down did not fail. One function counts once.
        """
        dropped, self._dropped = self._dropped, {}
        return tuple(
            f"{reason} failed for {len(messages):,} of the candidates, dropped for it: {next(iter(messages.values()))}"
            for reason, messages in dropped.items()
        )

    def _accepts(self, values: Mapping[str, float], rejections: Rejections) -> bool:
        """Whether all constraints on these objectives hold; counts the first that does not."""
        for constraint in self.constraints:
            known = values.get(constraint.objective)
            if known is not None and not constraint.holds(known):
                rejections.add(constraint, known)
                return False
        return True
