"""Weights times gradients, with their signs."""

from __future__ import annotations

import torch

from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy import Proxy


class Plain(Proxy):
    """Sum of weight times gradient, ``Σ w · ∂L/∂w`` (Abdelfattah et al., ICLR 2021, as "plain" in their code).

    Where batch normalisation follows a layer, the loss does not depend on the scale of its weights and the sum over
    them is zero but for rounding (Euler's theorem): no signal is left. It is kept for comparison, in no default list.
    """

    needs = frozenset({"weight_gradients"})

    def score(self, probe: Probe) -> float:
        """The sum, of either sign."""
        return sum(
            float((weight * gradient).sum(dtype=torch.float64)) for weight, gradient in probe.weight_gradients.values()
        )
