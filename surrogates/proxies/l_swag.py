"""Steady gradients times different patterns."""

from __future__ import annotations

import torch

from surrogates.proxies.activation_patterns import activation_patterns
from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy import Proxy
from surrogates.proxies.proxy_failure import ProxyFailure


class LSwag(Proxy):
    """Layer-sample-wise activations with gradients (Casarin et al., "L-SWAG", CVPR 2025): more is better.

    ``(Σ_layers log Σ_weights 1 / sqrt(Var |∂L/∂w|)) · Ψ`` with the variance over two batches, here the halves of the
    given one, and Ψ the number of sample-wise activation patterns of ReLUs. All layers count; the paper takes, for each
    benchmark, those between two percentiles of depth. Weights without variance are left out.
    """

    needs = frozenset({"split_gradients", "activation_signs"})

    def score(self, probe: Probe) -> float:
        """The product.

        Raises:
            ProxyFailure: No ReLU ran, or gradients vary in no layer.
        """
        logarithms = []
        for gradients in probe.split_gradients.values():
            first, second = gradients.double().abs()
            deviation = (first - second).abs() / 2  # of two numbers
            varying = deviation[deviation > 0]
            if len(varying):
                logarithms.append(torch.log(varying.reciprocal().sum()))
        if not logarithms:
            raise ProxyFailure("l_swag needs gradients that differ between the halves of the batch; none do")
        return float(torch.stack(logarithms).sum()) * activation_patterns(probe.activation_signs)
