"""The contract of a dataset."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Split:
    """Examples with their labels.

    Attributes:
        inputs: Shape ``(n, *input_shape)``, float32, standardised.
        targets: Shape ``(n,)``, int64, in ``range(classes)``.
    """

    inputs: Tensor
    targets: Tensor

    def __len__(self) -> int:
        return len(self.targets)


@dataclass(frozen=True, slots=True)
class Splits:
    """Three disjoint splits: train on the first, search on the second, report on the third.

    Attributes:
        train: What networks are trained on.
        validation: What objectives are measured on during the search.
        test: What only the final retraining of the front looks at.
    """

    train: Split
    validation: Split
    test: Split


class Dataset(ABC):
    """Labelled examples in three disjoint splits, fixed by a seed. Picklable without its data: workers load it anew.

    Attributes:
        input_shape: Shape of one example, ``(channels, height, width)`` for images.
        classes: Number of classes.
    """

    input_shape: tuple[int, ...]
    classes: int

    @abstractmethod
    def load(self) -> Splits:
        """Loads the three splits; equal at every call."""
