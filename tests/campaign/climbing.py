"""An evaluator that takes epochs: fewer make its figures noisier."""

from __future__ import annotations

from evonas.core.evaluation import Evaluation, Evaluator
from evonas.core.failure import Failure
from spaces.architecture import Architecture

EPOCHS = 10


class Climbing(Evaluator):
    """The smooth error of ``Sleeping`` and noise that shrinks with the epochs; no value is reached on two rungs.

    Args:
        epochs: Of a training.
        failing: One in so many fails; 0 for none.
        curves: Whether it brings home a curve of training losses, which rank otherwise than the error.
    """

    def __init__(self, epochs: int = EPOCHS, failing: int = 0, curves: bool = True) -> None:
        self.epochs = epochs
        self.failing = failing
        self.curves = curves

    def evaluate(self, architecture: Architecture, seed: int) -> Evaluation:
        if self.failing and seed % self.failing == 0:
            return Evaluation({}, 0.0, Failure("divergence", "by the seed"))
        wide = sum(node.op == "nor_conv_3x3" for node in architecture.nodes)
        narrow = sum(node.op == "nor_conv_1x1" for node in architecture.nodes)
        noise = (int(architecture.key[:6], 16) ^ seed) % 1000 / 1e3
        short = 100.0 * (EPOCHS - self.epochs)
        curve = tuple({"train_loss": (wide - narrow) ** 2 + noise + 1 / (1 + epoch)} for epoch in range(self.epochs))
        values = {"validation_error": 1 / (1 + 2 * wide + narrow) + noise / self.epochs + short}
        return Evaluation(values, 0.0, epochs=self.epochs, curve=curve if self.curves else ())
