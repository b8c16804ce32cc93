"""How alike the gradients of different inputs are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from surrogates.proxies.proxy_failure import ProxyFailure


def input_correlation(gradients: Tensor) -> NDArray[np.float64]:
    """Pearson correlation between the rows of ``gradients``.

    Args:
        gradients: Shape ``(batch, features)``.

    Returns:
        Shape ``(batch, batch)``.

    Raises:
        ProxyFailure: Fewer than 2 inputs, or a row that does not vary.
    """
    if len(gradients) < 2:
        raise ProxyFailure(f"correlations need a batch of at least 2 inputs; it has {len(gradients)}")
    rows: NDArray[Any] = gradients.double().cpu().numpy()
    rows = rows - rows.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    if not norms.all():
        raise ProxyFailure(f"the outputs must respond to every input; to {int((norms == 0).sum())} they do not")
    rows /= norms
    correlation: NDArray[np.float64] = rows @ rows.T
    return correlation
