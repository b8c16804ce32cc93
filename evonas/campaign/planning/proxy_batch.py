"""The batch that a campaign's proxies see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from evonas.core.example_inputs import example_inputs
from evonas.datasets.dataset import Dataset
from evonas.datasets.loading import loaded
from spaces.space import Space

if TYPE_CHECKING:
    from torch import Tensor

PROXY_BATCH = 32


def proxy_batch(space: Space, dataset: Dataset | None, reports: bool = False) -> tuple[Tensor, Tensor]:
    """Training examples, or noise (random tokens) where there are none or the space takes other inputs.

    What is loaded for it is checked, the test split too where the campaign ``reports`` on it: a broken one would give
    the front a test error that means nothing.
    """
    if dataset is not None and tuple(space.input_shape) == tuple(dataset.input_shape):
        batch = loaded(dataset, test=reports).train.first(PROXY_BATCH)
        return batch.ready(batch.inputs), batch.targets
    rng = np.random.default_rng(0)
    inputs = example_inputs(space, PROXY_BATCH, rng)
    return inputs, torch.from_numpy(rng.integers(space.classes, size=PROXY_BATCH))
