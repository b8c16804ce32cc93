"""How well the examples' gradients agree."""

from __future__ import annotations

from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy import Proxy


class GradSign(Proxy):
    """Agreement of the signs of single examples' gradients (Zhang and Jia, "GradSign", ICLR 2022, algorithm 1): more is
    better.

    ``Σ_weights |Σ_examples sign(∂l_n/∂w)|``, each example run by itself. In training mode batch normalisation takes its
    statistics from that example's positions, so it fails for networks that normalise one number a channel.
    """

    needs = frozenset({"sample_sign_sums"})

    def score(self, probe: Probe) -> float:
        """The sum, a whole number."""
        return float(probe.sample_sign_sums.double().abs().sum())
