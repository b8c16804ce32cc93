"""The contract of a trainer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from evonas.core.failure import Failure
from evonas.core.objective import Training
from evonas.core.split import Split

if TYPE_CHECKING:
    from torch import nn

NO_SETTINGS: Mapping[str, float] = MappingProxyType({})


class Trainer(ABC):
    """Trains one network from its initial weights, with a full schedule for its own number of epochs. Picklable.

    Attributes:
        epochs: Epochs of a training whose architecture sets none.
        regression: Whether it trains on numbers to be met, not on classes.
        device: Where it trains, as torch names it; untrained networks are scored there, too.
    """

    epochs: int
    regression: bool = False
    device: str = "cpu"

    @abstractmethod
    def train(
        self,
        model: nn.Module,
        train: Split,
        validation: Split,
        seed: int,
        settings: Mapping[str, float] = NO_SETTINGS,
    ) -> Training | Failure:
        """Trains ``model`` in place and measures it.

        Args:
            model: Freshly built.
            train: To train on; not changed.
            validation: To measure on; never trained on, not changed.
            seed: Fixes the order of batches and what else is drawn.
            settings: The architecture's: those of the training recipe (``learning_rate``, ``weight_decay``, ``epochs``,
                ``augmentation``) stand in place of the trainer's own, others are the space's and not looked at.

        Returns:
            The trained network with its record, or a ``divergence`` failure.
        """
