"""How much the weights of a Transformer's blocks can hold."""

from __future__ import annotations

import math
from collections.abc import Iterable

from torch import Tensor

from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy import Proxy


class ZeroLm(Proxy):
    """Capacity of attention and feed-forward layers (Chen et al., "ZeroLM", arXiv 2503.18646, 2025), for Transformers:
    more is better.

    ``α S(attention) + (1 - α) S(feed-forward)``, where S sums over weight matrices W, as the network holds them, the
    mean of their squared singular values ``‖W‖² / min(m, n)``. The paper sets α for a search space by measured
    architectures, between -1.5 and 1.5; without any both count alike. No data are seen.

    Args:
        alpha: α, the weight of attention.

    Raises:
        ValueError: α is not finite.
    """

    needs = frozenset({"transformer_blocks"})

    def __init__(self, alpha: float = 0.5) -> None:
        if not math.isfinite(alpha):
            raise ValueError(f"zero_lm: alpha must be finite; got {alpha}")
        self.alpha = alpha

    def score(self, probe: Probe) -> float:
        """The weighted sum."""
        blocks = probe.transformer_blocks
        return self.alpha * _capacity(blocks.attention) + (1 - self.alpha) * _capacity(blocks.feed_forward)


def _capacity(weights: Iterable[Tensor]) -> float:
    return sum(float(weight.double().square().sum()) / min(weight.shape) for weight in weights)
