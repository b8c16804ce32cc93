"""How steady gradients are over batches."""

from __future__ import annotations

import torch

from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy import Proxy
from surrogates.proxies.proxy_failure import ProxyFailure


class Zico(Proxy):
    """Inverse coefficient of variation of gradients (Li et al., "ZiCo", ICLR 2023, equation 6): more is better.

    ``Σ_layers log Σ_weights E|∂L/∂w| / sqrt(Var |∂L/∂w|)`` over two batches, here the halves of the given one. As in
    the paper's code, the deviation is that of the gradients themselves, and weights without any are left out.
    """

    needs = frozenset({"split_gradients"})

    def score(self, probe: Probe) -> float:
        """The sum of logarithms over layers whose gradients vary.

        Raises:
            ProxyFailure: Gradients vary in no layer.
        """
        logarithms = []
        for gradients in probe.split_gradients.values():
            first, second = gradients.double()
            deviation = (first - second).abs() / 2  # of two numbers
            varying = deviation > 0
            if bool(varying.any()):
                ratios = ((first.abs() + second.abs()) / 2)[varying] / deviation[varying]
                logarithms.append(torch.log(ratios.sum()))
        if not logarithms:
            raise ProxyFailure("zico needs gradients that differ between the halves of the batch; none do")
        return float(torch.stack(logarithms).sum())
