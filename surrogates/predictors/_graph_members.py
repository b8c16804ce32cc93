"""An ensemble of graph networks, fresh or pretrained, each member trained without one part of the rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from surrogates.message_passing.graph_tensors import GraphReader
from surrogates.message_passing.heads import embedded, new_head
from surrogates.message_passing.network import Parameters, new_trunk, node_states, pooled
from surrogates.message_passing.pretrained import Pretrained
from surrogates.message_passing.training import Schedule, trained
from surrogates.predictors._graph_inputs import Inputs

_ROWS_AT_ONCE = 256  # what one pass holds fits a processor's cache

DECAY = 0.3
BATCH = 128


@dataclass(frozen=True, slots=True)
class Design:
    """How an ensemble is made.

    Attributes:
        members: Networks, at least 2; no more than rows are used.
        hidden: Width of states and embeddings; a pretrained network has its own.
        layers: Rounds of message passing; a pretrained network has its own.
        steps: Steps of the optimiser.
        rate: Largest learning rate.
    """

    members: int
    hidden: int
    layers: int
    steps: int
    rate: float

    def check(self) -> None:
        """Refuses what makes no ensemble.

        Raises:
            ValueError: A number is too small; says which.
        """
        for name, value, least in (
            ("members", self.members, 2),
            ("hidden", self.hidden, 1),
            ("layers", self.layers, 1),
            ("steps", self.steps, 1),
        ):
            if value < least:
                raise ValueError(f"{name} must be at least {least}; got {value}")
        if not 0 < self.rate < 1:
            raise ValueError(f"rate must lie between 0 and 1; got {self.rate}. Try 0.005")


def parts_of(n: int, members: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """For each of ``n`` rows the number of the one member that does not see it, shape ``(n,)``."""
    return rng.permutation(n) % min(members, n)


def kept_rows(parts: npt.NDArray[np.int64]) -> list[Tensor]:
    """For each member the rows that it sees."""
    return [torch.from_numpy(np.flatnonzero(parts != part)) for part in range(int(parts.max()) + 1)]


def generator_of(rng: np.random.Generator) -> torch.Generator:
    """A generator of torch, seeded by numpy's."""
    return torch.Generator().manual_seed(int(rng.integers(2**63)))


def new_members(
    reader: GraphReader,
    design: Design,
    members: int,
    side: int,
    pretrained: Pretrained | None,
    generator: torch.Generator,
) -> Parameters:
    """Parameters of ``members`` networks with a score's head: trunks fresh or pretrained, heads fresh.

    Raises:
        ValueError: The pretrained trunk cannot read this space; says what differs.
    """
    if pretrained is None:
        sizes = len(reader.ops), len(reader.features), design.hidden, design.layers
        trunk = new_trunk(members, *sizes, generator)
    else:
        trunk = pretrained.adapted(reader, members)
    width = trunk["gate"].shape[-1]
    return trunk | new_head(members, 2 * width, side, width, generator)


def trained_members(
    parameters: Parameters,
    inputs: Inputs,
    kept: list[Tensor],
    loss: Callable[[Parameters, Tensor, Tensor, float], Tensor],
    design: Design,
    generator: torch.Generator,
) -> Parameters:
    """Trains every member on its kept rows.

    Args:
        parameters: Of ``e`` members.
        inputs: Of ``n`` training architectures.
        kept: For each member the rows that it sees.
        loss: From parameters, embeddings ``(e, b, h)``, their rows ``(e, b)`` and the share of the training that is
            over to one loss a member.
        design: How long and how fast.
        generator: Draws the batches.
    """

    def objective(current: Parameters, rows: Tensor, progress: float) -> Tensor:
        return loss(current, _embedded(current, inputs.at(rows)), rows, progress)

    return trained(parameters, kept, objective, Schedule(design.steps, design.rate, DECAY, BATCH), generator)


def embeddings(parameters: Parameters, inputs: Inputs) -> Tensor:
    """Embeddings of ``n`` architectures by every member, shape ``(e, n, h)``."""
    with torch.inference_mode():
        parts = [
            _embedded(parameters, inputs.at(slice(start, start + _ROWS_AT_ONCE)))
            for start in range(0, max(len(inputs), 1), _ROWS_AT_ONCE)
        ]
        return torch.cat(parts, dim=1)


def _embedded(parameters: Parameters, inputs: Inputs) -> Tensor:
    graphs = inputs.graphs
    vectors = pooled(parameters, node_states(parameters, graphs), graphs.real)
    side = inputs.side if inputs.side.dim() == 3 else inputs.side.expand(len(vectors), *inputs.side.shape)
    return embedded(parameters, vectors, side)
