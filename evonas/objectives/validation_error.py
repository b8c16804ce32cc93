"""Error on validation data."""

from __future__ import annotations

from evonas.core.objective import Objective, Subject


class ValidationError(Objective):
    """Share of validation examples that the trained network classifies wrongly, in [0, 1]. Minimised.

    Of a language model the share of tokens; of a regression the root of the mean squared error, in the targets' unit.
    """

    name = "validation_error"
    needs = "training"
    goal = "min"
    unit = ""

    def measure(self, subject: Subject) -> float:
        return subject.training.validation_error
