"""How much the flow of gradients would change if weights were pruned."""

from __future__ import annotations

from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy import Proxy


class Grasp(Proxy):
    """Gradient signal preservation, ``Σ -w · (H g)`` (Wang et al., ICLR 2020, equation 8), with gradient g and Hessian
    H of the mean cross-entropy, as a score of networks by Abdelfattah et al. (ICLR 2021): more is better, as published.

    It differentiates twice and costs about four times a forward and backward pass, so it is in no default list.
    """

    needs = frozenset({"hessian_gradients"})

    def score(self, probe: Probe) -> float:
        """The sum, of either sign."""
        return -sum(float((weight * product).double().sum()) for weight, product in probe.hessian_gradients.values())
