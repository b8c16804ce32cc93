"""The moving average of a network's weights."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, nn


class RunningAverage:
    """Exponential moving average of weights and running statistics, which begins with what the first step made.

    As ``torch.optim.swa_utils.AveragedModel`` with buffers, but it copies nothing from the host in a step, and follows
    packs whose members leave.

    Args:
        decay: Share of the average that a step keeps, in (0, 1).

    Attributes:
        values: By tensor of the network, its average; empty before the first step.
    """

    def __init__(self, decay: float) -> None:
        from torch.optim.swa_utils import get_ema_multi_avg_fn

        self._average = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
        self.values: dict[Tensor, Tensor] = {}

    def update(self, model: nn.Module) -> None:
        """Takes in what a step made of the network."""
        if self.values:
            self._average([*self.values.values()], [tensor.detach() for tensor in self.values], 0)
        else:
            tensors = chain(model.parameters(), model.buffers())
            self.values = {each: each.detach().clone() for each in tensors if each.is_floating_point()}

    def write(self) -> None:
        """Puts the averages in place of what they are averages of."""
        for tensor, average in self.values.items():
            tensor.detach().copy_(average)
