"""Examples with their targets: what datasets give and trainers take."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Split:
    """Examples with their targets.

    Attributes:
        inputs: Shape ``(n, *input_shape)``: float32, standardised; int64 token ids; or uint8 pixels, which ``ready``
            standardises a batch at a time, so that they take a quarter of the room.
        targets: int64 in ``range(classes)``, shape ``(n,)``, or ``(n, tokens)``, the token that follows each position.
            Of a regression float32, shape ``(n, classes)``.
        mean: Of the training split's pixels, shape ``(channels, 1, 1)``; None where inputs are ready as they are.
        deviation: The same, not zero.
    """

    inputs: Tensor
    targets: Tensor
    mean: Tensor | None = None
    deviation: Tensor | None = None

    def __len__(self) -> int:
        return len(self.targets)

    def ready(self, inputs: Tensor) -> Tensor:
        """``inputs`` of this split as a network takes them: pixels standardised, others as they are."""
        if self.mean is None or self.deviation is None:
            return inputs
        return (inputs - self.mean).div_(self.deviation)

    def first(self, count: int) -> Split:
        """The first ``count`` examples, without a copy."""
        return replace(self, inputs=self.inputs[:count], targets=self.targets[:count])

    def on(self, device: torch.device, inputs_too: bool = True) -> Split:
        """The split on ``device``; without ``inputs_too`` the inputs stay where they are."""
        return Split(
            self.inputs.to(device) if inputs_too else self.inputs,
            self.targets.to(device) if inputs_too else self.targets,
            self.mean if self.mean is None else self.mean.to(device),
            self.deviation if self.deviation is None else self.deviation.to(device),
        )
