"""The digits that scikit-learn bundles, and how datasets made of them are split."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from evonas.datasets._arguments import checked_seed, is_whole
from evonas.datasets.dataset import Split, Splits
from evonas.datasets.partition import Partition
from evonas.datasets.preparation import Preparation

if TYPE_CHECKING:
    from torch import Tensor

EXAMPLES = 1797


def checked(name: str, train: int, seed: int) -> tuple[int, int]:
    """Training examples and seed as whole numbers, numpy's too.

    Raises:
        ValueError: One breaks its rule; the message begins with the dataset's name.
    """
    if not is_whole(train) or not 100 <= train <= EXAMPLES - 200:
        raise ValueError(
            f"{name}: train must be a whole number from 100 to {EXAMPLES - 200}, to leave 200 for the others; "
            f"got {train!r}"
        )
    return int(train), checked_seed(name, seed)


def digit_images() -> tuple[Tensor, Tensor]:
    """Images ``(1797, 1, 8, 8)``, float32 from 0 to 16, and labels ``(1797,)``, int64."""
    import torch
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    return torch.tensor(images, dtype=torch.float32).reshape(-1, 1, 8, 8), torch.tensor(labels, dtype=torch.int64)


def digit_partition(labels: npt.NDArray[np.int64], train: int, seed: int) -> Partition:
    """Rows stratified by class, half of what is not trained on each to validate and to test."""
    from sklearn.model_selection import train_test_split

    first, rest = train_test_split(np.arange(EXAMPLES), train_size=train, stratify=labels, random_state=seed)
    validation, test = train_test_split(rest, train_size=0.5, stratify=labels[rest], random_state=seed)
    return Partition(first, validation, test)


def stratified(inputs: Tensor, targets: Tensor, train: int, seed: int, kind: str) -> Splits:
    """Splits by ``digit_partition``; inputs, of a kind, are standardised by the training split's mean and deviation."""
    rows = digit_partition(targets.numpy(), train, seed)
    mean, deviation = inputs[rows.train].mean(), inputs[rows.train].std()
    inputs = (inputs - mean) / deviation
    splits = Splits(*(Split(inputs[part], targets[part]) for part in (rows.train, rows.validation, rows.test)))
    return replace(splits, preparation=Preparation(kind, (float(mean),), (float(deviation),)))
