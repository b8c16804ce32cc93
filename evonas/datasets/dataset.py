"""The contract of a dataset."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from evonas.core.split import Split as Split
from evonas.datasets.preparation import Preparation


@dataclass(frozen=True, slots=True)
class Splits:
    """Three disjoint splits: train on the first, search on the second, report on the third.

    Attributes:
        train: What networks are trained on.
        validation: What objectives are measured on during the search.
        test: What only the final retraining of the front looks at.
        preparation: How raw examples became these, for who uses a trained network; None where it is not said.
    """

    train: Split
    validation: Split
    test: Split
    preparation: Preparation | None = field(default=None, kw_only=True)


class Dataset(ABC):
    """Labelled examples in three disjoint splits, fixed by a seed. Picklable without its data: workers load it anew.

    Shape and classes are known once it is constructed, which reads no more of the data than that takes.

    Attributes:
        input_shape: Shape of one example, ``(channels, height, width)`` for images.
        classes: Number of classes; of a regression, of its targets.
        regression: Whether targets are numbers to be met, not classes.
        vocabulary: Where an example is a sequence of token ids, their number, as ``Space.vocabulary``; else None.
    """

    input_shape: tuple[int, ...]
    classes: int
    regression: bool = False
    vocabulary: int | None = None

    @abstractmethod
    def load(self) -> Splits:
        """Loads the three splits; equal at every call.

        Raises:
            ValueError: The data break a rule; says which, what was found and the remedy.
        """
