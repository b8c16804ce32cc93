"""What datasets made of scikit-learn's digits share: the images and who belongs to which split."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

EXAMPLES = 1797


def check_arguments(name: str, train: int, seed: int) -> tuple[int, int]:
    """The arguments as plain integers.

    Raises:
        ValueError: ``train`` leaves too few examples for the other splits, or ``seed`` is out of range.
    """
    if not _is_whole(train) or not 100 <= train <= EXAMPLES - 200:
        raise ValueError(
            f"{name}: train must be a whole number from 100 to {EXAMPLES - 200}, to leave 200 for the others; "
            f"got {train!r}"
        )
    if not _is_whole(seed) or not 0 <= seed < 2**32:
        raise ValueError(f"{name}: seed must be a whole number from 0 to 2**32 - 1; got {seed!r}")
    return int(train), int(seed)


def digits(train: int, seed: int) -> tuple[Tensor, Tensor, tuple[list[int], list[int], list[int]]]:
    """Images ``(1797, 1, 8, 8)`` from 0 to 16, labels, and the rows of each split, stratified by class."""
    import torch
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    images, labels = load_digits(return_X_y=True)
    first, rest = train_test_split(range(EXAMPLES), train_size=train, stratify=labels, random_state=seed)
    second, third = train_test_split(rest, train_size=0.5, stratify=labels[rest], random_state=seed)
    inputs = torch.tensor(images, dtype=torch.float32).reshape(-1, 1, 8, 8)
    return inputs, torch.tensor(labels, dtype=torch.int64), (first, second, third)


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral)  # numpy's integers, too
