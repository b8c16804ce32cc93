"""Members that score architectures, trained by any of the losses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from surrogates.losses import loss_at
from surrogates.message_passing.heads import new_relation, scores, wins
from surrogates.message_passing.network import Parameters
from surrogates.predictor import FloatArray
from surrogates.predictors._graph_inputs import Inputs
from surrogates.predictors._graph_members import Design, embeddings, trained_members

COMPARISON = "comparison"
"""Name of the loss that learns which of two is better."""

_LEAST_ODDS = 1e-6
_ROWS_AT_ONCE = 1024


@dataclass(frozen=True, slots=True)
class ScoreEnsemble:
    """Trained members and the scale of each.

    Attributes:
        parameters: Of ``e`` members.
        opponents: For each member, embeddings of the architectures it was trained on; empty where none compares.
        centre: Shape ``(e, 1)``: mean of each member's raw scores on its own rows.
        spread: Shape ``(e, 1)``: their standard deviation.
    """

    parameters: Parameters
    opponents: tuple[Tensor, ...]
    centre: FloatArray
    spread: FloatArray

    @classmethod
    def trained(
        cls,
        parameters: Parameters,
        inputs: Inputs,
        targets: Tensor,
        kept: list[Tensor],
        loss_name: str,
        design: Design,
        generator: torch.Generator,
    ) -> ScoreEnsemble:
        """Trains members on targets ``(n,)``, lower is better, each on its kept rows.

        Args:
            parameters: Of ``e`` members, as ``new_members`` makes them.
            inputs: Of ``n`` architectures.
            targets: Standardised.
            kept: For each member the rows that it sees.
            loss_name: A name that ``loss_at`` takes, or ``comparison``.
            design: How long and how fast.
            generator: Source of all draws.
        """
        compares = loss_name == COMPARISON
        if compares:
            parameters = parameters | new_relation(len(kept), parameters["gate"].shape[-1], 1, generator)

        def loss(current: Parameters, embedded: Tensor, rows: Tensor, progress: float) -> Tensor:
            if compares:
                return _comparison_loss(wins(current, embedded, embedded), targets[rows])
            return loss_at(loss_name, progress)(scores(current, embedded), targets[rows])

        parameters = trained_members(parameters, inputs, kept, loss, design, generator)
        everyone = embeddings(parameters, inputs)
        opponents = tuple(everyone[member, rows] for member, rows in enumerate(kept)) if compares else ()
        raw = _raw(parameters, opponents, everyone)
        own = [raw[member, rows.numpy()] for member, rows in enumerate(kept)]
        centre = np.array([[some.mean()] for some in own])
        spread = np.array([[some.std() or 1.0] for some in own])
        return cls(parameters, opponents, centre, spread)

    def scores(self, inputs: Inputs) -> FloatArray:
        """Standardised scores of ``n`` architectures by each member, lower is better, shape ``(e, n)``."""
        raw = _raw(self.parameters, self.opponents, embeddings(self.parameters, inputs))
        return np.asarray((raw - self.centre) / self.spread, np.float64)


def _comparison_loss(odds: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy of log-odds ``(e, b, b)`` that the first is better, over pairs whose targets ``(e, b)`` differ."""
    better = (targets[:, :, None] < targets[:, None, :]).to(odds.dtype)
    return (functional.softplus(-odds) * better).sum(dim=(1, 2)) / better.sum(dim=(1, 2)).clamp_min(1)


def _raw(parameters: Parameters, opponents: tuple[Tensor, ...], everyone: Tensor) -> FloatArray:
    """Scores of embeddings ``(e, n, h)``, or log-odds of losing against the opponents on average; shape ``(e, n)``."""
    with torch.inference_mode():
        if not opponents:
            return scores(parameters, everyone).double().numpy()
        losing = []
        for member, against in enumerate(opponents):
            own = {name: value[member : member + 1] for name, value in parameters.items()}
            some = torch.split(everyone[member : member + 1], _ROWS_AT_ONCE, dim=1)
            odds = [wins(own, part, against[None])[0].double() for part in some]
            losing.append(torch.cat([torch.sigmoid(-part).mean(dim=1) for part in odds]))
        return torch.logit(torch.stack(losing), _LEAST_ODDS).numpy()
