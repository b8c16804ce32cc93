"""The end of a training, told from its loss on the way, with an error that was measured out of sample."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from surrogates.conformal import conformal_quantile
from surrogates.predictor import FloatArray
from surrogates.predictors.line import Line

_LEAST_LOSS = 1e-6  # of a network that knows its training data by heart; smaller ones tell no more of its end


@dataclass(frozen=True, slots=True)
class CurveEnd:
    """The least squares line of finished trainings' ends on the logarithm of their loss after the same epoch.

    The loss of one epoch is the training-speed estimate TSE-E with E = 1 (``training_speed.py``), which ranked early
    trainings best (``evonas benchmark curves``); parametric curves did worse. Ends that are all positive, as errors and
    losses are, are taken as logarithms, too.

    Attributes:
        line: Through the finished.
        margin: What the line promised too much of finished trainings that it was not drawn through, at the error rate;
            infinite where too few finished.
        logarithmic: Whether ends are taken as logarithms.
    """

    line: Line
    margin: float
    logarithmic: bool

    @classmethod
    def fitted(cls, losses: FloatArray, ends: FloatArray, error_rate: float) -> CurveEnd:
        """Learns from ``n`` finished trainings, at least one.

        Args:
            losses: Training loss after the epoch in question: shape ``(n,)``.
            ends: What was measured at the end, lower is better: shape ``(n,)``.
            error_rate: Share of trainings that may end below ``lowest``, in (0, 1): about so, for it is the conformal
                quantile of left-out errors (see ``conformal_quantile``), and fewer than ``1 / error_rate - 1`` finished
                trainings promise nothing.
        """
        logarithmic = bool(ends.min() > 0)
        targets = np.log(ends) if logarithmic else ends
        line = Line.through(_scale(losses), targets)
        return cls(line, conformal_quantile(line.left_out - targets, 1 - error_rate), logarithmic)

    def lowest(self, loss: float) -> float:
        """The end that a training with this loss falls below at most at the error rate."""
        if math.isinf(self.margin):
            return -math.inf
        value = float(self.line.at(_scale(np.array([loss])))[0]) - self.margin
        return math.exp(value) if self.logarithmic else value


def _scale(losses: FloatArray) -> FloatArray:
    return np.log(np.maximum(losses, _LEAST_LOSS))
