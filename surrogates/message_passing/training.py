"""Training of several members at once, each on rows of its own."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from surrogates.message_passing.network import Parameters

Objective = Callable[[Parameters, Tensor, float], Tensor]
"""From parameters, rows ``(e, b)`` and the share of the training that is over to one loss a member, shape ``(e,)``."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast to train.

    Attributes:
        steps: Steps of the optimiser.
        rate: Largest learning rate; it rises linearly for a tenth of the steps and falls to 0 by a half cosine.
        decay: Decoupled weight decay (Loshchilov & Hutter, ICLR 2019).
        batch: Most rows of one step.
    """

    steps: int
    rate: float
    decay: float
    batch: int


def trained(
    parameters: Parameters,
    rows: list[Tensor],
    objective: Objective,
    schedule: Schedule,
    generator: torch.Generator,
) -> Parameters:
    """Trains copies of ``parameters`` and gives them back; members do not touch each other.

    Args:
        parameters: By name, members first.
        rows: For each member, numbers of the rows that it may see; their counts may differ by a few.
        objective: What each member's loss is.
        schedule: How long and how fast.
        generator: Draws the batches.
    """
    leaves = {name: value.detach().clone().requires_grad_() for name, value in parameters.items()}
    optimiser = torch.optim.AdamW(leaves.values(), lr=schedule.rate, weight_decay=schedule.decay, fused=True)
    batches = _Batches(rows, schedule.batch, generator)
    warm_up = max(1, schedule.steps // 10)
    for step in range(schedule.steps):
        progress = step / schedule.steps
        share = min((step + 1) / warm_up, 0.5 * (1 + math.cos(math.pi * progress)))
        optimiser.param_groups[0]["lr"] = schedule.rate * share
        optimiser.zero_grad()
        objective(leaves, batches.next(), progress).sum().backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return {name: value.detach() for name, value in leaves.items()}


class _Batches:
    """Random batches of equal size for all members; within an epoch, no row of a member comes twice."""

    def __init__(self, rows: list[Tensor], most: int, generator: torch.Generator) -> None:
        self._rows = rows
        self._generator = generator
        fewest = min(len(some) for some in rows)
        self._size = fewest // math.ceil(fewest / most)
        self._waiting: list[Tensor] = []

    def next(self) -> Tensor:
        """Shape ``(e, b)``."""
        if not self._waiting:
            orders = [some[torch.randperm(len(some), generator=self._generator)] for some in self._rows]
            whole = min(len(order) for order in orders) // self._size * self._size
            self._waiting = list(torch.split(torch.stack([order[:whole] for order in orders]), self._size, dim=1))
        return self._waiting.pop()
