"""Multiply-accumulate operations of one example through the network."""

from __future__ import annotations

from evonas.core.objective import Objective, Subject


class Macs(Objective):
    """Multiply-accumulate operations of one example through the network, exact. Minimised; known without training."""

    name = "macs"
    needs = "architecture"
    goal = "min"
    unit = ""

    def measure(self, subject: Subject) -> float:
        return float(subject.cost.macs)
