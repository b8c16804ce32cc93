"""The contract of a trainer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from evonas.core.failure import Failure
from evonas.core.objective import Training

if TYPE_CHECKING:
    from torch import Tensor, nn


class Trainer(ABC):
    """Trains one network from its initial weights, with a full schedule for its own number of epochs. Picklable.

    Attributes:
        epochs: Epochs of a training.
    """

    epochs: int

    @abstractmethod
    def train(
        self,
        model: nn.Module,
        train: tuple[Tensor, Tensor],
        validation: tuple[Tensor, Tensor],
        seed: int,
    ) -> Training | Failure:
        """Trains ``model`` in place and measures it.

        Args:
            model: Freshly built.
            train: Inputs ``(n, *input_shape)`` and targets ``(n,)``.
            validation: The same, to measure on; never trained on.
            seed: Fixes the order of batches.

        Returns:
            The trained network with its record, or a ``divergence`` failure.
        """
