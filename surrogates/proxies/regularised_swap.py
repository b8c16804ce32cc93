"""SWAP for networks of a chosen size."""

from __future__ import annotations

import math

from surrogates.proxies.activation_patterns import activation_patterns
from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy import Proxy
from surrogates.proxies.proxy_failure import ProxyFailure


class RegularisedSwap(Proxy):
    """Number of sample-wise activation patterns times a Gaussian of the network's size (Peng et al., "SWAP-NAS", ICLR
    2024, definition 4): more is better.

    ``Ψ · exp(-(p - μ)² / σ)`` with p the number of trainable parameters in thousands. The paper's σ is no standard
    deviation: the square of p - μ is divided by σ itself.

    Args:
        mu: The size sought, in thousands of parameters; above 0.
        sigma: How far sizes may lie from it, in thousands squared; above 0.

    Raises:
        ValueError: An argument breaks its rule.
    """

    needs = frozenset({"activation_signs", "parameters"})

    def __init__(self, mu: float = 1000.0, sigma: float = 1_000_000.0) -> None:
        for name, value in (("mu", mu), ("sigma", sigma)):
            if not 0 < value < math.inf:
                raise ValueError(f"regularised_swap: {name} must be a number above 0; got {value!r}")
        self.mu, self.sigma = mu, sigma

    def score(self, probe: Probe) -> float:
        """The product.

        Raises:
            ProxyFailure: No ReLU ran, or the size lies so far from μ that the factor is 0.
        """
        thousands = sum(probe.parameters.values()) / 1000
        factor = math.exp(-((thousands - self.mu) ** 2) / self.sigma)
        if factor == 0:
            raise ProxyFailure(
                f"{thousands} thousand parameters are too far from mu = {self.mu} for sigma = {self.sigma}: the factor "
                "is 0; set mu and sigma to the mean and the variance of the space's sizes in thousands"
            )
        return activation_patterns(probe.activation_signs) * factor
