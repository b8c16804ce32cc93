"""Which example goes to which split, and the splits made of arrays. numpy alone until tensors are made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from evonas.datasets.dataset import Split, Splits
from evonas.datasets.preparation import Preparation

if TYPE_CHECKING:
    from torch import Tensor

Rows = npt.NDArray[np.int64]
LEAST_SAMPLED = 2**20  # numbers whose mean and deviation are computed at a time


@dataclass(frozen=True, slots=True)
class Partition:
    """Row numbers of the three splits, disjoint.

    Attributes:
        train: Rows to train on.
        validation: Rows to search on.
        test: Rows to report on.
    """

    train: Rows
    validation: Rows
    test: Rows


def partition(count: int, validation: float, test: float, seed: int, labels: Rows | None = None) -> Partition:
    """Draws the splits; stratified where there are labels, so that each class has its share in each split.

    Args:
        count: Examples in all.
        validation: Share, in (0, 1).
        test: Share, in [0, 1); 0 where the test split stands in a file of its own.
        seed: Fixes the draw.
        labels: Shape ``(count,)``, or None.

    Raises:
        ValueError: A split would be empty.
    """
    rng = np.random.default_rng(seed)
    if labels is None:
        groups = [rng.permutation(count)]
    else:
        groups = [rng.permutation(np.flatnonzero(labels == label)) for label in np.unique(labels)]
    held, tested, taught = [], [], []
    for rows, jitter in zip(groups, rng.random(len(groups)), strict=True):
        # The jitter rounds up in as many classes as it should: many small classes would else all be rounded one way.
        first = int(len(rows) * test + jitter) if test else 0
        second = min(len(rows), int(len(rows) * (test + validation) + jitter))
        tested.append(rows[:first])
        held.append(rows[first:second])
        taught.append(rows[second:])
    made = Partition(*(rng.permutation(np.concatenate(part)).astype(np.int64) for part in (taught, held, tested)))
    for name, part in (("train", made.train), ("validation", made.validation), ("test", made.test)):
        if not len(part) and (name != "test" or test > 0):
            raise ValueError(f"{count:,} examples are too few: none is left for {name}; add examples or change shares")
    return made


def pixel_splits(
    pixels: npt.NDArray[np.uint8], targets: npt.NDArray[Any], rows: Partition, preparation: Preparation
) -> Splits:
    """Splits of pixels ``(n, channels, height, width)`` that stay uint8, with the training split's mean and deviation.

    A channel that is constant has deviation 1. Targets of two dimensions are a regression's. The preparation gets the
    inputs' figures.
    """
    import torch

    found = _moments(pixels, rows.train)
    mean, deviation = (torch.tensor(figure, dtype=torch.float32).reshape(-1, 1, 1) for figure in found)
    kind = np.float32 if targets.ndim == 2 else np.int64
    splits = Splits(
        *(
            Split(torch.from_numpy(pixels[part]), torch.from_numpy(targets[part].astype(kind)), mean, deviation)
            for part in (rows.train, rows.validation, rows.test)
        )
    )
    said = replace(preparation, input_mean=floats(found[0]), input_deviation=floats(found[1]))
    return replace(splits, preparation=said)


def standardised(values: npt.NDArray[Any], train: Rows) -> tuple[npt.NDArray[np.float32], Any, Any]:
    """Each column (or channel: axis 1) less the training rows' mean, over their deviation; both, too.

    A column that is constant in the training rows has deviation 1.

    Raises:
        ValueError: A number is NaN or infinite.
    """
    bad = np.flatnonzero(~np.isfinite(values).reshape(len(values), -1).all(axis=1))
    if len(bad):
        raise ValueError(
            f"{len(bad):,} of {len(values):,} rows hold NaN or infinite numbers, the first is row {bad[0]:,}; clean "
            "them or leave them out"
        )
    mean, deviation = _moments(values, train)
    shape = (1, -1, *(1 for _ in values.shape[2:]))
    return ((values - mean.reshape(shape)) / deviation.reshape(shape)).astype(np.float32), mean, deviation


def tensors(values: npt.NDArray[Any], targets: npt.NDArray[Any], rows: Partition, preparation: Preparation) -> Splits:
    """Splits of inputs that are ready, and targets."""
    import torch

    def tensor(array: npt.NDArray[Any]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array))

    parts = (rows.train, rows.validation, rows.test)
    splits = Splits(*(Split(tensor(values[part]), tensor(targets[part])) for part in parts))
    return replace(splits, preparation=preparation)


def floats(figures: npt.NDArray[Any]) -> tuple[float, ...]:
    """Numbers of Python, of each channel or column."""
    return tuple(float(figure) for figure in figures)


def _moments(values: npt.NDArray[Any], train: Rows) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Mean and deviation of every channel over the training rows, a portion at a time, exact in two passes."""
    axes = (0, *range(2, values.ndim))
    size = max(1, values[0].size)
    portions = np.array_split(train, max(1, min(len(train), len(train) * size // LEAST_SAMPLED)))
    numbers = len(train) * size // values.shape[1]
    mean = sum(values[rows].sum(axis=axes, dtype=np.float64) for rows in portions) / numbers
    shape = (1, -1, *(1 for _ in values.shape[2:]))
    squares = sum(((values[rows] - np.reshape(mean, shape)) ** 2).sum(axis=axes) for rows in portions)
    deviation = np.sqrt(squares / numbers)
    return np.asarray(mean), np.where(deviation > 0, deviation, 1.0)
