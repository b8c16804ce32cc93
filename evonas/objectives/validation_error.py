"""Error on validation data."""

from __future__ import annotations

from evonas.core.objective import Objective, Subject


class ValidationError(Objective):
    """Share of validation examples classified wrongly, in [0, 1]; of a regression the root of the mean squared error.

    Of a language model the share of tokens. A regression's is in the unit of the dataset's targets, which datasets
    that come with evonas give in standard deviations: 1 is as good as the mean. Minimised.
    """

    name = "validation_error"
    needs = "training"
    goal = "min"
    unit = ""

    def measure(self, subject: Subject) -> float:
        return subject.training.validation_error
