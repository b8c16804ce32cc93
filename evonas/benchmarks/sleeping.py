"""An evaluator that sleeps instead of training."""

from __future__ import annotations

import time

from evonas.core.evaluation import Evaluation, Evaluator
from spaces.architecture import Architecture


class Sleeping(Evaluator):
    """Sleeps, and gives a smooth function of the graph as the validation error; trains nothing.

    Args:
        seconds: How long one evaluation sleeps.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def evaluate(self, architecture: Architecture, seed: int) -> Evaluation:
        time.sleep(self.seconds)
        wide = sum(node.op == "nor_conv_3x3" for node in architecture.nodes)
        narrow = sum(node.op == "nor_conv_1x1" for node in architecture.nodes)
        wiggle = (int(architecture.key[:6], 16) ^ seed) % 1000 / 1e5
        return Evaluation({"validation_error": 0.9 / (1 + 2 * wide + narrow) + wiggle}, self.seconds)
