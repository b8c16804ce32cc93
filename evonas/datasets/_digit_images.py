"""The digits that scikit-learn bundles, and how datasets made of them are split."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING

from evonas.datasets.dataset import Split, Splits

if TYPE_CHECKING:
    from torch import Tensor

EXAMPLES = 1797


def checked(name: str, train: int, seed: int) -> tuple[int, int]:
    """Training examples and seed as whole numbers, numpy's too.

    Raises:
        ValueError: One breaks its rule; the message begins with the dataset's name.
    """
    if not _is_whole(train) or not 100 <= train <= EXAMPLES - 200:
        raise ValueError(
            f"{name}: train must be a whole number from 100 to {EXAMPLES - 200}, to leave 200 for the others; "
            f"got {train!r}"
        )
    if not _is_whole(seed) or not 0 <= seed < 2**32:
        raise ValueError(f"{name}: seed must be a whole number from 0 to 2**32 - 1; got {seed!r}")
    return int(train), int(seed)


def digit_images() -> tuple[Tensor, Tensor]:
    """Images ``(1797, 1, 8, 8)``, float32 from 0 to 16, and labels ``(1797,)``, int64."""
    import torch
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    return torch.tensor(images, dtype=torch.float32).reshape(-1, 1, 8, 8), torch.tensor(labels, dtype=torch.int64)


def stratified(inputs: Tensor, targets: Tensor, train: int, seed: int) -> Splits:
    """Splits stratified by class, half of what is not trained on each to validate and to test.

    Inputs are standardised by the training split's mean and deviation.
    """
    from sklearn.model_selection import train_test_split

    labels = targets.numpy()
    first, rest = train_test_split(range(EXAMPLES), train_size=train, stratify=labels, random_state=seed)
    validation, test = train_test_split(rest, train_size=0.5, stratify=labels[rest], random_state=seed)
    inputs = (inputs - inputs[first].mean()) / inputs[first].std()
    return Splits(*(Split(inputs[rows], targets[rows]) for rows in (first, validation, test)))


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral)  # numpy's integers, too
