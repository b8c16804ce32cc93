"""The mean of several predictors."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import cast

import numpy as np

from spaces.architecture import Architecture
from spaces.discovery import find
from spaces.space import Space
from surrogates import ENCODINGS, PREDICTORS
from surrogates.encoding import Encoding
from surrogates.predictor import FloatArray, Prediction, Predictor, check_targets, smallest_deviation
from surrogates.predictors.target_warp import TargetWarp

_LEAST_GAP = 0.01  # of a typical gap: what stays between a mean and the end of the warp's scale


class Averaged(Predictor):
    """The unweighted mean of several predictors, whose errors partly cancel.

    Members' means are averaged on the scale of ``TargetWarp``, where errors among the best count as much as errors
    among the bad, and mapped back to the targets' unit; a member's mean below the end of that scale, which no member
    that is fitted on it predicts, stands at the end. The deviation is, on that scale, the mean of the members'
    deviations: an average errs by no more than its members do on average, so intervals whose members are calibrated
    are about as wide as needed where members err together, and too wide where their errors cancel.

    Args:
        space: Passed to the members, and to the default encoding, ``concatenated``.
        encoding: Columns to learn from, shared by the members that take one.
        members: Names of predictors, at least 2; a name given twice counts twice.
    """

    def __init__(
        self,
        space: Space,
        encoding: Encoding | None = None,
        members: Sequence[str] = ("trees", "gaussian_process"),
    ) -> None:
        if len(members) < 2:
            raise ValueError(f"members must name at least 2 predictors; got {list(members)}. Name one alone by itself")
        shared = cast(Encoding, find(ENCODINGS, "concatenated")(space)) if encoding is None else encoding
        self._members = tuple(_member(name, space, shared) for name in members)
        self._warp: TargetWarp | None = None
        self._smallest_std = 0.0
        self._is_fitted = False

    def fit(self, architectures: Sequence[Architecture], targets: FloatArray, rng: np.random.Generator) -> None:
        check_targets(len(architectures), targets)
        targets = np.asarray(targets, np.float64)
        self._is_fitted = False  # a fit that fails leaves no earlier one behind
        for member in self._members:
            member.fit(architectures, targets, rng)
        self._warp = TargetWarp.fitted(targets)
        self._smallest_std = smallest_deviation(targets)
        self._is_fitted = True

    def predict(self, architectures: Sequence[Architecture]) -> Prediction:
        if not self._is_fitted:
            raise RuntimeError(
                "an average predicts what its members have learned; nothing is fitted, so call fit first"
            )
        predictions = [member.predict(architectures) for member in self._members]
        means = np.array([prediction.mean for prediction in predictions])
        deviations = np.array([prediction.std for prediction in predictions])
        warp = self._warp
        if warp is None:
            return Prediction(means.mean(axis=0), deviations.mean(axis=0))
        warped = warp.forward(np.maximum(means, warp.lowest + _LEAST_GAP * warp.typical))
        mean = warped.mean(axis=0)
        deviation = warp.slope(mean) * (deviations / warp.slope(warped)).mean(axis=0)
        return Prediction(warp.backward(mean), np.maximum(deviation, self._smallest_std))


def _member(name: str, space: Space, encoding: Encoding) -> Predictor:
    kind = find(PREDICTORS, name)
    takes_encoding = "encoding" in inspect.signature(kind).parameters
    return cast(Predictor, kind(space, encoding=encoding) if takes_encoding else kind(space))
