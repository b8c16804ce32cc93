"""What one training brings home."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field

from evonas.core.failure import Failure
from evonas.core.stop import Stop
from evonas.core.stopping import StoppingRule
from spaces.architecture import Architecture


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What one training brought home.

    Attributes:
        values: The objectives that need training, by name, in their own unit and direction; empty on failure, and
            where the training was stopped.
        seconds: Wall time in the worker.
        failure: Why there are no values, or None.
        epochs: Epochs trained.
        curve: One mapping an epoch, e.g. ``{"train_loss": 1.9, "validation_error": 0.4}``.
        stop: Why the training was given up early, or None.
    """

    values: Mapping[str, float]
    seconds: float
    failure: Failure | None = None
    epochs: int = 0
    curve: tuple[Mapping[str, float], ...] = field(default=(), repr=False)
    stop: Stop | None = None

    @property
    def complete(self) -> bool:
        """Whether it has values: it neither failed nor was stopped."""
        return self.failure is None and self.stop is None


class Evaluator(ABC):
    """Gives an architecture its values: trains it, or looks it up in a table. Picklable; runs in a worker."""

    @abstractmethod
    def evaluate(self, architecture: Architecture, seed: int) -> Evaluation:
        """Evaluates one architecture; never raises for what is wrong with one architecture, but returns a failure.

        Args:
            architecture: Simplified, as ``Space.simplify`` gives it; as it is notated where a table is read.
            seed: Fixes initial weights and batch order.
        """


class StoppableEvaluator(Evaluator):
    """An evaluator whose trainings can be given up on the way."""

    @abstractmethod
    def evaluate_until(self, architecture: Architecture, seed: int, rule: StoppingRule | None) -> Evaluation:
        """As ``evaluate``, but the training is given up where the rule says so; with None it never is."""
