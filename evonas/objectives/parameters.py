"""Trainable parameters of the network."""

from __future__ import annotations

from evonas.core.objective import Objective, Subject


class Parameters(Objective):
    """Trainable parameters of the network, exact. Minimised; known without training."""

    name = "parameters"
    needs = "architecture"
    goal = "min"
    unit = ""

    def measure(self, subject: Subject) -> float:
        return float(subject.cost.parameters)
