"""Inputs for networks of a space where no data is at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spaces.space import Space

if TYPE_CHECKING:
    from torch import Tensor


def example_inputs(space: Space, count: int, rng: np.random.Generator) -> Tensor:
    """Standard normal noise ``(count, *input_shape)``, or random tokens where the space takes these."""
    import torch

    shape = (count, *space.input_shape)
    if space.vocabulary is not None:
        return torch.from_numpy(rng.integers(space.vocabulary, size=shape))
    return torch.from_numpy(rng.standard_normal(shape, dtype=np.float32))
