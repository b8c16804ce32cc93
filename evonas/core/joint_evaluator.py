"""The contract of an evaluator that evaluates several architectures in one go."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from evonas.core.evaluation import Evaluation, Evaluator
from evonas.core.stopping import StoppingRule
from spaces.architecture import Architecture


class JointEvaluator(Evaluator):
    """An evaluator that can also evaluate several architectures in one go, each as if it were alone, up to rounding."""

    @abstractmethod
    def evaluate_together(
        self, architectures: Sequence[Architecture], seeds: Sequence[int], rules: Sequence[StoppingRule | None] = ()
    ) -> list[Evaluation]:
        """Evaluates architectures; what is wrong with one of them is that one's failure and no other's.

        Args:
            architectures: See ``evaluate``.
            seeds: Each architecture's own.
            rules: Each architecture's own, as ``StoppableEvaluator.evaluate_until`` takes it; empty without early
                stopping, which an evaluator that cannot be stopped is never asked for.

        Returns:
            What each brought home, in their order; their ``seconds`` add up to the time that all took.
        """
