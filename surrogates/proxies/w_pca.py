"""How many directions a Transformer's hidden states use."""

from __future__ import annotations

import torch

from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy import Proxy
from surrogates.proxies.proxy_failure import ProxyFailure


class WPca(Proxy):
    """Weight-weighted PCA (Wang, "W-PCA based gradient-free proxy for efficient search of lightweight language models",
    ICLR 2025), for Transformers: more is better.

    The number of trainable parameters times the number of principal components, summed over feed-forward layers,
    that hold a share η = 0.99 of the variance of the layer's hidden states over all examples and positions. A hidden
    state is what GELU, SiLU or ReLU receives with shape ``(batch, length, width)``.
    """

    needs = frozenset({"hidden_states", "parameters"})

    def score(self, probe: Probe) -> float:
        """The product, a whole number.

        Raises:
            ProxyFailure: There are no feed-forward layers on sequences: the network is no Transformer.
        """
        states = [state.flatten(0, 1).double() for state in probe.hidden_states if state.ndim == 3]
        if not states:
            raise ProxyFailure("w_pca needs feed-forward layers on sequences, as in Transformers; the network has none")
        return float(sum(probe.parameters.values()) * sum(_components(state) for state in states))


def _components(states: torch.Tensor) -> int:
    variances = torch.linalg.svdvals(states - states.mean(dim=0)).square()
    shares = variances.cumsum(dim=0) / variances.sum()
    return int((shares < 0.99).sum()) + 1
