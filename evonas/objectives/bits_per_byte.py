"""Bits that a language model takes for a byte."""

from __future__ import annotations

import math

from evonas.core.objective import Objective, Subject


class BitsPerByte(Objective):
    """Bits that coding a validation byte by the network's predictions takes; 8 where it knows nothing. Minimised.

    The cross-entropy of a byte-level language model over ln 2; the perplexity of a byte is two to its power.
    """

    name = "bits_per_byte"
    needs = "training"
    goal = "min"
    unit = "bits"

    def measure(self, subject: Subject) -> float:
        return subject.training.metrics["validation_loss"] / math.log(2)
