"""How much the loss would change if weights were pruned."""

from __future__ import annotations

import torch

from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy import Proxy


class Snip(Proxy):
    """Connection sensitivity, ``Σ |w · ∂L/∂w|`` (Lee et al., ICLR 2019, equation 4), summed over all weights as a score
    of networks by Abdelfattah et al. (ICLR 2021): more is better.
    """

    needs = frozenset({"weight_gradients"})

    def score(self, probe: Probe) -> float:
        """The sum of absolute values."""
        return sum(
            float((weight * gradient).abs_().sum(dtype=torch.float64))
            for weight, gradient in probe.weight_gradients.values()
        )
