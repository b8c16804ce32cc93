"""An evaluator whose trainings have losses that foretell their end, and can be given up."""

from __future__ import annotations

from evonas.core.evaluation import Evaluation, StoppableEvaluator
from evonas.core.stop import Stop
from evonas.core.stopping import StoppingRule
from spaces.architecture import Architecture

EPOCHS = 8


class Descending(StoppableEvaluator):
    """The smooth error of ``Sleeping``; losses fall towards it, with a little noise by the seed.

    Args:
        epochs: Of a training.
    """

    def __init__(self, epochs: int = EPOCHS) -> None:
        self.epochs = epochs

    def evaluate(self, architecture: Architecture, seed: int) -> Evaluation:
        return self.evaluate_until(architecture, seed, None)

    def evaluate_until(self, architecture: Architecture, seed: int, rule: StoppingRule | None) -> Evaluation:
        wide = sum(node.op == "nor_conv_3x3" for node in architecture.nodes)
        narrow = sum(node.op == "nor_conv_1x1" for node in architecture.nodes)
        error = 1 / (2 + 2 * wide + narrow) + seed % 100 / 1e4
        losses: list[float] = []
        for epoch in range(1, self.epochs + 1):
            losses.append(error + 1 / epoch)
            if rule is not None and (reason := rule.verdict(losses)):
                curve = tuple({"train_loss": loss} for loss in losses)
                return Evaluation({}, 0.0, None, epoch, curve, Stop(self.epochs, reason, tuple(losses)))
        curve = tuple({"train_loss": loss} for loss in losses)
        return Evaluation({"validation_error": error}, 0.0, None, self.epochs, curve)
