"""What the network takes in storage."""

from __future__ import annotations

from torch import nn

from evonas.core.objective import Objective, Subject
from spaces.mixed_precision import stored_bits


class ModelSizeMb(Objective):
    """Megabytes (10^6 bytes) of the network's parameters and stored buffers. Minimised; exact.

    Each tensor counts once, in its own type; weights that ``mixed_precision`` quantised in their bits, with 32 for each
    scale. Buffers that ``state_dict`` leaves out are not stored and do not count.
    """

    name = "model_size_mb"
    needs = "model"
    goal = "min"
    unit = "MB"

    def measure(self, subject: Subject) -> float:
        held = subject.model.state_dict(keep_vars=True).values()
        buffers = {id(tensor): tensor.nbytes for tensor in held if not isinstance(tensor, nn.Parameter)}
        size: float = stored_bits(subject.model) / 8 + sum(buffers.values())
        return size / 1e6
