"""A message-passing network on the architecture's graph."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from spaces.architecture import Architecture
from spaces.space import Space
from surrogates.conformal import conformal_factor
from surrogates.cross_validated import CrossValidated
from surrogates.encoding import Encoding
from surrogates.losses import NAMES
from surrogates.message_passing.pretrained import Pretrained
from surrogates.predictor import FloatArray, Prediction, check_targets, constant_prediction, smallest_deviation
from surrogates.predictors._graph_inputs import InputReader, SideColumns
from surrogates.predictors._graph_members import Design, generator_of, kept_rows, new_members, parts_of
from surrogates.predictors._score_ensemble import COMPARISON, ScoreEnsemble
from surrogates.predictors.target_warp import TargetWarp
from surrogates.threads import one_torch_thread

_LEAST_SLOPE = 0.05  # left-out scores that say nothing, or the wrong thing, must not turn the ranking round


@dataclass(frozen=True, slots=True)
class _Learned:
    """What is learned of targets that differ.

    Attributes:
        columns: How side features are read.
        ensemble: Scores architectures.
        warp: The fitted scale.
        level: Intercept of the line from mean scores to the fitted scale.
        slope: Its slope, positive.
        noise: Root mean square error of left-out scores on the fitted scale.
        stretch: The factor that makes intervals cover.
        left_out: Of the fitted targets, each by the member that did not see it.
    """

    columns: SideColumns
    ensemble: ScoreEnsemble
    warp: TargetWarp
    level: float
    slope: float
    noise: float
    stretch: float
    left_out: Prediction


@dataclass(frozen=True, slots=True)
class _Fitted:
    """What a fit leaves: nothing is ``learned`` where the targets were the constant ``level``."""

    count: int
    level: float
    smallest_std: float
    learned: _Learned | None = None


class GraphNetwork(CrossValidated):
    """Messages along the edges of the architecture's graph, forwards and backwards, by an ensemble of small networks.

    A node enters as its operation's learned vector and descriptors (``operation_descriptors.py``) with its attributes;
    after ``layers`` rounds of messages the nodes are pooled by attention, and joined with the network's settings and
    the encoding's columns, standardised on the training rows (NaN stands at the median), before the head.

    Targets are fitted on the scale of ``TargetWarp``. Each of ``members`` networks leaves out one part of the training
    set, so that each target is scored once by a member that never saw it. Members' scores are standardised on their own
    rows and averaged; the least-squares line of the targets on the left-out scores maps them to the fitted scale, so
    that a loss which only ranks gives predictions in the targets' unit too. The deviation is the members' spread and
    the root mean square left-out error, added in squares, times the slope of the map, times one factor for all, the
    ``conformal_factor`` of left-out errors. A member has seen less than the whole ensemble, so intervals err on the
    wide side.

    With ``loss="comparison"`` the network learns which of two is better (``heads.wins``, after BRP-NAS), and a
    candidate's score is the mean probability that it loses against the architectures the member was trained on, as
    log-odds.

    One thread is used.

    Args:
        space: Simplifies; its ``ops`` and ``attributes`` describe nodes.
        encoding: Side features; the default is graph features and log cost. One without columns leaves the graph alone.
        loss: A name of ``surrogates/losses.py``, or ``comparison``. The default is chosen by the top of the ranking on
            NAS-Bench-201, not by tau: of 78 and 156 trained it found the best among its first ten in every draw.
        members: Networks in the ensemble, at least 2.
        hidden: Width of a node's state; a pretrained network has its own.
        layers: Rounds of messages; a pretrained network has its own.
        steps: Steps of the optimiser (AdamW), each on at most 128 rows a member.
        rate: Its largest learning rate.
        pretrained: A file written by ``runs/pretrain.py``, from which training starts; also one of another space, whose
            operations are matched by name and otherwise told by their descriptors.
        descriptors: Descriptors by operation, for those whose names do not tell what they do.
        coverage: Share of unseen values that intervals are calibrated to cover, between 0 and 1.

    Raises:
        ValueError: An argument is out of range, or the pretrained file is missing, corrupt, of another format, or of a
            space whose operations tell nothing about this one's.
    """

    def __init__(
        self,
        space: Space,
        encoding: Encoding | None = None,
        loss: str = "mape",
        members: int = 6,
        hidden: int = 32,
        layers: int = 3,
        steps: int = 150,
        rate: float = 0.005,
        pretrained: str | None = None,
        descriptors: Mapping[str, Mapping[str, float]] | None = None,
        coverage: float = 0.8,
    ) -> None:
        if loss not in (*NAMES, COMPARISON):
            raise ValueError(f"loss must be one of {', '.join(NAMES)}, {COMPARISON}; got {loss!r}")
        if not 0 < coverage < 1:
            raise ValueError(f"coverage must lie between 0 and 1; got {coverage}. Try 0.8")
        self._design = Design(members, hidden, layers, steps, rate)
        self._design.check()
        self._reader = InputReader(space, encoding, descriptors)
        self._loss = loss
        self._coverage = coverage
        self._pretrained = None if pretrained is None else Pretrained.load(Path(pretrained))
        if self._pretrained is not None:
            self._pretrained.adapted(self._reader.graphs, members)  # says at once what does not fit
        self._fitted: _Fitted | None = None

    def fit(self, architectures: Sequence[Architecture], targets: FloatArray, rng: np.random.Generator) -> None:
        check_targets(len(architectures), targets)
        targets = np.asarray(targets, np.float64)
        self._fitted = None  # a fit that fails leaves no earlier one behind
        smallest_std = smallest_deviation(targets)
        warp = TargetWarp.fitted(targets)
        learned = None
        if warp is not None:
            with one_torch_thread():
                learned = self._learn(architectures, targets, warp, smallest_std, rng)
        self._fitted = _Fitted(len(targets), float(targets.mean()), smallest_std, learned)

    def predict(self, architectures: Sequence[Architecture]) -> Prediction:
        fitted = self._result()
        n, learned = len(architectures), fitted.learned
        if learned is None or n == 0:
            return constant_prediction(n, fitted.level, fitted.smallest_std)
        with one_torch_thread():
            each = learned.ensemble.scores(self._reader.read(architectures, learned.columns))
        mean = learned.level + learned.slope * each.mean(axis=0)
        deviation = learned.warp.slope(mean) * np.hypot(learned.slope * each.std(axis=0), learned.noise)
        return Prediction(learned.warp.backward(mean), learned.stretch * deviation + fitted.smallest_std)

    def left_out(self) -> Prediction:
        fitted = self._result()
        if fitted.learned is None:
            return constant_prediction(fitted.count, fitted.level, fitted.smallest_std)
        return fitted.learned.left_out

    def _result(self) -> _Fitted:
        if self._fitted is None:
            raise RuntimeError("a graph network predicts what fit has learned; nothing is fitted, so call fit first")
        return self._fitted

    def _learn(
        self,
        architectures: Sequence[Architecture],
        targets: FloatArray,
        warp: TargetWarp,
        smallest_std: float,
        rng: np.random.Generator,
    ) -> _Learned:
        columns = self._reader.columns(architectures)
        inputs = self._reader.read(architectures, columns)
        generator = generator_of(rng)
        parts = parts_of(len(targets), self._design.members, rng)
        kept = kept_rows(parts)
        side = inputs.side.shape[-1]
        parameters = new_members(self._reader.graphs, self._design, len(kept), side, self._pretrained, generator)
        warped = warp.forward(targets)
        ensemble = ScoreEnsemble.trained(
            parameters, inputs, torch.from_numpy(warped).float(), kept, self._loss, self._design, generator
        )
        each = ensemble.scores(inputs)
        left_out = each[parts, np.arange(len(targets))]
        level, slope = _line(left_out, warped)
        mean = level + slope * left_out
        noise = math.sqrt(float(np.mean((mean - warped) ** 2)))
        deviation = warp.slope(mean) * np.hypot(slope * each.std(axis=0), noise) + smallest_std
        unseen = warp.backward(mean)
        stretch = conformal_factor(np.abs(targets - unseen) / deviation, self._coverage)
        honest = Prediction(unseen, stretch * deviation)
        return _Learned(columns, ensemble, warp, level, slope, noise, stretch, honest)


def _line(scores: FloatArray, targets: FloatArray) -> tuple[float, float]:
    """Intercept and slope of the least-squares line of targets on scores, both ``(n,)``; the slope stays positive."""
    centred = scores - scores.mean()
    power = float(centred @ centred)
    slope = max(float(centred @ targets) / power, _LEAST_SLOPE) if power > 0 else _LEAST_SLOPE
    return float(targets.mean() - slope * scores.mean()), slope
