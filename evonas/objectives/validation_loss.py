"""Loss on validation data."""

from __future__ import annotations

from evonas.core.objective import Objective, Subject


class ValidationLoss(Objective):
    """Mean loss on validation data: cross-entropy in nats, or a regression's mean squared error. Minimised.

    Of a language model it is the logarithm of the perplexity.
    """

    name = "validation_loss"
    needs = "training"
    goal = "min"
    unit = ""

    def measure(self, subject: Subject) -> float:
        return subject.training.metrics["validation_loss"]
