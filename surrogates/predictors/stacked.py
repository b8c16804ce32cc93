"""Several predictors, weighed by how well they rank what they have not seen."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from spaces.architecture import Architecture
from spaces.discovery import find
from spaces.space import Space
from surrogates import ENCODINGS, PREDICTORS
from surrogates.conformal import conformal_factor
from surrogates.cross_validated import CrossValidated, left_out
from surrogates.encoding import Encoding
from surrogates.predictor import (
    FloatArray,
    Prediction,
    Predictor,
    check_targets,
    constant_prediction,
    smallest_deviation,
)
from surrogates.predictors.line import Line
from surrogates.predictors.target_warp import TargetWarp
from surrogates.ranking import kendall_tau

COSTS = ("log_parameters", "log_macs")
CONSTANT = "constant"

_LEAST_GAP = 0.01  # of a typical gap: what stays between a mean and the end of the warp's scale
_SHARPNESS = 4  # of the weights in the share of discordant pairs
_LEAST_DISCORD = 0.02  # half of 1 - tau that no member is believed to undercut


@dataclass(frozen=True, slots=True)
class _Opinion:
    """Means and deviations on the fitted scale, both ``(n,)``."""

    mean: FloatArray
    std: FloatArray


@dataclass(frozen=True, slots=True)
class _Fitted:
    """What a fit leaves: ``warp`` is None where the targets were the constant ``level``."""

    level: float
    smallest_std: float
    weights: dict[str, float]
    left_out: Prediction
    warp: TargetWarp | None = None
    lines: Mapping[str, tuple[Line, float]] | None = None
    stretch: float = 1.0


class Stacked(CrossValidated):
    """Several predictors (Wolpert, Neural Networks 1992), weighed by how well they rank what they have not seen.

    Each member predicts every trained architecture as if it had not been trained, by itself where it can
    (``CrossValidated``), otherwise in parts. A member counts where it ranks these better, by Kendall's tau, than the
    cost alone, which is a line through log parameters or log MACs, and than chance; its weight falls with the fourth
    power of the share of pairs that it puts in the wrong order. Where no member does better, the better cost ranks,
    and where that is no better than chance, all are predicted alike. ``weights`` says what was chosen.

    Means are averaged on the scale of ``TargetWarp``, where errors among the best count as much as among the bad, and
    mapped back to the targets' unit; a mean below the end of that scale stands at the end. The deviation is, on
    that scale, the weighted mean of the members' deviations, times one factor for all, the ``conformal_factor`` of the
    combination's left-out errors. The weights have seen the target that is left out, which matters little: they are
    few.

    Args:
        space: Passed to the members, and to the default encoding: graph features and log cost.
        encoding: Columns to learn from, shared by the members that take one.
        members: Names of predictors, each once.
        folds: Parts in which members are judged that cannot leave out by themselves, at least 2.
        coverage: Share of unseen values that intervals are calibrated to cover, between 0 and 1.
    """

    def __init__(
        self,
        space: Space,
        encoding: Encoding | None = None,
        members: Sequence[str] = ("gaussian_process", "trees"),
        folds: int = 5,
        coverage: float = 0.8,
    ) -> None:
        if not members or len(set(members)) < len(members):
            raise ValueError(f"members must name at least 1 predictor, each once; got {list(members)}")
        if folds < 2:
            raise ValueError(f"folds must be at least 2; got {folds}")
        if not 0 < coverage < 1:
            raise ValueError(f"coverage must lie between 0 and 1; got {coverage}. Try 0.8")
        shared = cast(Encoding, find(ENCODINGS, "concatenated")(space)) if encoding is None else encoding
        self._space = space
        self._members = {name: _member(name, space, shared) for name in members}
        self._folds = folds
        self._coverage = coverage
        self._fitted: _Fitted | None = None

    @property
    def weights(self) -> dict[str, float]:
        """What was chosen: weights by name, positive, of sum 1; ``log_parameters``, ``log_macs`` or ``constant`` alone
        where no member ranked better.

        Raises:
            RuntimeError: ``fit`` was not called.
        """
        return dict(self._learned().weights)

    def fit(self, architectures: Sequence[Architecture], targets: FloatArray, rng: np.random.Generator) -> None:
        check_targets(len(architectures), targets)
        targets = np.asarray(targets, np.float64)
        self._fitted = None  # a fit that fails leaves no earlier one behind
        level, smallest_std, n = float(targets.mean()), smallest_deviation(targets), len(targets)
        warp = TargetWarp.fitted(targets)
        if warp is None:
            nothing = constant_prediction(n, level, smallest_std)
            self._fitted = _Fitted(level, smallest_std, {CONSTANT: 1.0}, nothing)
            return
        judged = {
            name: left_out(member, architectures, targets, rng, self._folds) for name, member in self._members.items()
        }
        opinions = {name: _opinion(said, warp) for name, said in judged.items() if said is not None}
        warped = warp.forward(targets)
        lines = {name: Line.through(column, warped) for name, column in self._columns(architectures).items()}
        errors = {name: float(np.sqrt(np.mean((line.left_out - warped) ** 2))) for name, line in lines.items()}
        fallbacks = {name: _Opinion(line.left_out, np.full(n, errors[name])) for name, line in lines.items()}
        weights = _weights(opinions, fallbacks, warped)
        combined = _combined(weights, {**opinions, **fallbacks})
        plain = _unwarped(combined, warp, 1.0, smallest_std)
        stretch = conformal_factor(np.abs(targets - plain.mean) / plain.std, self._coverage)
        self._fitted = _Fitted(
            level,
            smallest_std,
            weights,
            _unwarped(combined, warp, stretch, smallest_std),
            warp,
            {name: (line, errors[name]) for name, line in lines.items()},
            stretch,
        )

    def predict(self, architectures: Sequence[Architecture]) -> Prediction:
        fitted = self._learned()
        if fitted.warp is None or fitted.lines is None or not architectures:
            return constant_prediction(len(architectures), fitted.level, fitted.smallest_std)
        opinions = {}
        for name in fitted.weights:
            if name in fitted.lines:
                line, error = fitted.lines[name]
                column = self._columns(architectures)[name]
                opinions[name] = _Opinion(line.at(column), np.full(len(column), error))
            else:
                opinions[name] = _opinion(self._members[name].predict(architectures), fitted.warp)
        return _unwarped(_combined(fitted.weights, opinions), fitted.warp, fitted.stretch, fitted.smallest_std)

    def left_out(self) -> Prediction:
        return self._learned().left_out

    def _learned(self) -> _Fitted:
        if self._fitted is None:
            raise RuntimeError("a stack predicts what its members have learned; nothing is fitted, so call fit first")
        return self._fitted

    def _columns(self, architectures: Sequence[Architecture]) -> dict[str, FloatArray]:
        """What the lines go through: costs of the simplified networks, and a constant."""
        costs = [self._space.cost(self._space.simplify(architecture)) for architecture in architectures]
        logs = np.log1p(np.array([[cost.parameters, cost.macs] for cost in costs], np.float64))
        return {**dict(zip(COSTS, logs.T, strict=True)), CONSTANT: np.zeros(len(costs))}


def _member(name: str, space: Space, encoding: Encoding) -> Predictor:
    kind = find(PREDICTORS, name)
    takes_encoding = "encoding" in inspect.signature(kind).parameters
    return cast(Predictor, kind(space, encoding=encoding) if takes_encoding else kind(space))


def _weights(
    opinions: Mapping[str, _Opinion], fallbacks: Mapping[str, _Opinion], warped: FloatArray
) -> dict[str, float]:
    """Of what ranks best out of sample: the members that beat every fallback, or else the best fallback."""
    floor = {name: kendall_tau(fallbacks[name].mean, warped) or 0.0 for name in COSTS}
    floor[CONSTANT] = 0.0  # what is left out moves the mean away from it, which is no ranking
    taus = {name: kendall_tau(opinion.mean, warped) or 0.0 for name, opinion in opinions.items()}
    better = {name: tau for name, tau in taus.items() if tau > max(floor.values())}
    if not better:
        return {max(floor, key=floor.__getitem__): 1.0}
    shares = {name: max((1 - tau) / 2, _LEAST_DISCORD) ** -_SHARPNESS for name, tau in better.items()}
    total = sum(shares.values())
    return {name: share / total for name, share in shares.items()}


def _opinion(prediction: Prediction, warp: TargetWarp) -> _Opinion:
    mean = warp.forward(np.maximum(prediction.mean, warp.lowest + _LEAST_GAP * warp.typical))
    return _Opinion(mean, prediction.std / warp.slope(mean))


def _combined(weights: Mapping[str, float], opinions: Mapping[str, _Opinion]) -> _Opinion:
    means = np.array([weight * opinions[name].mean for name, weight in weights.items()])
    deviations = np.array([weight * opinions[name].std for name, weight in weights.items()])
    return _Opinion(means.sum(axis=0), deviations.sum(axis=0))


def _unwarped(opinion: _Opinion, warp: TargetWarp, stretch: float, smallest_std: float) -> Prediction:
    deviation = stretch * warp.slope(opinion.mean) * opinion.std
    return Prediction(warp.backward(opinion.mean), deviation + smallest_std)
