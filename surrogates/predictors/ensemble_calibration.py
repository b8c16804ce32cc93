"""What the outputs of an ensemble's members mean in the targets' unit, and how far they can be trusted."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from surrogates.conformal import conformal_factor
from surrogates.predictor import FloatArray, Prediction, constant_prediction, smallest_deviation
from surrogates.predictors.target_warp import TargetWarp

Rows = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class EnsembleCalibration:
    """The mean of members' outputs on the fitted scale, mapped back, with a deviation whose intervals cover.

    The deviation is the members' spread and the root mean square error on targets that members left out, added in
    squares, times the slope of the map, times one factor for all, the ``conformal_factor`` of left-out errors. Fewer
    members have left a target out than there are, and they are a little worse, so intervals err on the wide side.

    Attributes:
        warp: The map between the targets' unit and the fitted scale.
        smallest_std: The least deviation, in the targets' unit.
        noise: Root mean square error of left-out outputs, on the fitted scale.
        stretch: The factor for all deviations.
        left_out: Of the fitted targets, each by the members that had not seen it.
    """

    warp: TargetWarp
    smallest_std: float
    noise: float
    stretch: float
    left_out: Prediction

    @classmethod
    def of(
        cls,
        warp: TargetWarp,
        targets: FloatArray,
        outputs: FloatArray,
        unseen: npt.NDArray[np.bool_],
        coverage: float,
    ) -> EnsembleCalibration:
        """Of ``b`` members' ``outputs`` for ``n`` fitted targets, both ``(b, n)``; ``unseen`` is true where left out.

        A target that all members have seen stands at the scale's middle, as if nothing were known of it.
        """
        smallest_std = smallest_deviation(targets)
        voters = unseen.sum(axis=0)
        left_out = (outputs * unseen).sum(axis=0) / np.maximum(voters, 1)
        noise = math.sqrt(float(np.mean((left_out - warp.forward(targets)) ** 2)))
        mean = warp.backward(left_out)
        apart = np.sqrt((((outputs - left_out) * unseen) ** 2).sum(axis=0) / np.maximum(voters, 1))
        # One member alone has no spread; that of all is a little too small, which the factor makes up for.
        spread = np.where(voters > 1, apart, outputs.std(axis=0))
        deviation = warp.slope(left_out) * np.hypot(spread, noise)
        stretch = conformal_factor(np.abs(targets - mean) / (deviation + smallest_std), coverage)
        return cls(warp, smallest_std, noise, stretch, Prediction(mean, stretch * deviation + smallest_std))

    def prediction(self, outputs: FloatArray) -> Prediction:
        """Of ``b`` members' outputs for ``m`` architectures, ``(b, m)``."""
        mean = outputs.mean(axis=0)
        deviation = self.warp.slope(mean) * np.hypot(outputs.std(axis=0), self.noise)
        return Prediction(self.warp.backward(mean), self.stretch * deviation + self.smallest_std)


@dataclass(frozen=True, slots=True)
class FittedEnsemble:
    """What the fit of an ensemble leaves.

    Attributes:
        level: The targets' mean, which is predicted where they were all the same.
        smallest_std: The least deviation, in the targets' unit.
        count: How many targets there were.
        outputs: What each of ``b`` members says of ``n`` rows on the fitted scale, shape ``(b, n)``; None where the
            targets were all the same.
        calibration: What that means in the targets' unit; None likewise.
    """

    level: float
    smallest_std: float
    count: int
    outputs: Callable[[Rows], FloatArray] | None = None
    calibration: EnsembleCalibration | None = None

    @classmethod
    def of(
        cls,
        targets: FloatArray,
        outputs: Callable[[Rows], FloatArray] | None = None,
        calibration: EnsembleCalibration | None = None,
    ) -> FittedEnsemble:
        """Of ``n`` targets, shape ``(n,)``; without ``outputs`` where they are all the same."""
        return cls(float(targets.mean()), smallest_deviation(targets), len(targets), outputs, calibration)

    def predict(self, count: int, rows: Callable[[], Rows]) -> Prediction:
        """Of ``count`` architectures, whose ``rows`` are only made where there is something to learn from them."""
        if self.outputs is None or self.calibration is None or count == 0:
            return constant_prediction(count, self.level, self.smallest_std)
        return self.calibration.prediction(self.outputs(rows()))

    def left_out(self) -> Prediction:
        """Of the fitted architectures, each by the members that had not seen it."""
        if self.calibration is None:
            return constant_prediction(self.count, self.level, self.smallest_std)
        return self.calibration.left_out
