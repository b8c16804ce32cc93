"""Dominance by comparing the embeddings of graph networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from spaces.architecture import Architecture
from spaces.space import Space
from surrogates.dominance import Dominance, check_values, dominates
from surrogates.encoding import Encoding
from surrogates.message_passing.heads import dominance, new_relation
from surrogates.message_passing.network import Parameters
from surrogates.message_passing.pretrained import Pretrained
from surrogates.predictor import FloatArray
from surrogates.predictors._graph_inputs import InputReader, SideColumns
from surrogates.predictors._graph_members import (
    Design,
    embeddings,
    generator_of,
    kept_rows,
    new_members,
    parts_of,
    trained_members,
)
from surrogates.threads import one_torch_thread

_LEFT, _RIGHT, _NEITHER = range(3)


@dataclass(frozen=True, slots=True)
class _Fitted:
    columns: SideColumns
    parameters: Parameters


class DominanceNetwork(Dominance):
    """An ensemble of twin graph networks that tells of two architectures which dominates.

    After SiamNAS (Zhou, Neri, Ong & Bai, GECCO 2025), whose surrogate is an ensemble of Siamese networks: both
    architectures pass through the same network, and a head reads three outcomes off the two embeddings: left dominates,
    right dominates, neither (``heads.dominance``). Exchanging the two exchanges the first two by construction. Members
    are trained on the cross-entropy over all ordered pairs of a batch, each without one part of the architectures, and
    their probabilities are averaged.

    Args:
        space: Simplifies; its ``ops`` and ``attributes`` describe nodes.
        encoding: Side features; the default is graph features and log cost.
        members: Networks in the ensemble, at least 2.
        hidden: Width of a node's state; a pretrained network has its own.
        layers: Rounds of messages; a pretrained network has its own.
        steps: Steps of the optimiser.
        rate: Its largest learning rate.
        pretrained: A file written by ``runs/pretrain.py``, from which training starts.
        descriptors: Descriptors by operation, for those whose names do not tell what they do.
    """

    def __init__(
        self,
        space: Space,
        encoding: Encoding | None = None,
        members: int = 6,
        hidden: int = 32,
        layers: int = 3,
        steps: int = 150,
        rate: float = 0.005,
        pretrained: str | None = None,
        descriptors: Mapping[str, Mapping[str, float]] | None = None,
    ) -> None:
        self._design = Design(members, hidden, layers, steps, rate)
        self._design.check()
        self._reader = InputReader(space, encoding, descriptors)
        self._pretrained = None if pretrained is None else Pretrained.load(Path(pretrained))
        self._fitted: _Fitted | None = None

    def fit(self, architectures: Sequence[Architecture], values: FloatArray, rng: np.random.Generator) -> None:
        check_values(len(architectures), values)
        self._fitted = None  # a fit that fails leaves no earlier one behind
        first = dominates(values, values)
        outcomes = torch.from_numpy(np.where(first, _LEFT, np.where(first.T, _RIGHT, _NEITHER)))
        with one_torch_thread():
            columns = self._reader.columns(architectures)
            inputs = self._reader.read(architectures, columns)
            generator = generator_of(rng)
            kept = kept_rows(parts_of(len(values), self._design.members, rng))
            side = inputs.side.shape[-1]
            parameters = new_members(self._reader.graphs, self._design, len(kept), side, self._pretrained, generator)
            parameters |= new_relation(len(kept), parameters["gate"].shape[-1], 2, generator)

            def loss(current: Parameters, embedded: Tensor, rows: Tensor, _progress: float) -> Tensor:
                logits = dominance(current, embedded, embedded)
                truth = outcomes[rows[:, :, None], rows[:, None, :]]
                return functional.cross_entropy(logits.permute(0, 3, 1, 2), truth, reduction="none").mean(dim=(1, 2))

            parameters = trained_members(parameters, inputs, kept, loss, self._design, generator)
        self._fitted = _Fitted(columns, parameters)

    def probability(self, left: Sequence[Architecture], right: Sequence[Architecture]) -> FloatArray:
        fitted = self._fitted
        if fitted is None:
            raise RuntimeError("dominance is told from what fit has learned; nothing is fitted, so call fit first")
        if not (len(left) and len(right)):
            return np.zeros((len(left), len(right)))
        with one_torch_thread(), torch.inference_mode():
            first, second = (
                embeddings(fitted.parameters, self._reader.read(some, fitted.columns)) for some in (left, right)
            )
            chances = torch.softmax(dominance(fitted.parameters, first, second), dim=-1)[..., _LEFT]
            return np.asarray(chances.mean(dim=0).double().numpy(), np.float64)
