"""How much the loss would change if channels were pruned."""

from __future__ import annotations

from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy import Proxy
from surrogates.proxies.proxy_failure import ProxyFailure


class Fisher(Proxy):
    """Fisher pruning saliency (Turner et al., ICLR 2020, equation 4), summed over the channels of all convolutions and
    linear layers as a score of networks by Abdelfattah et al. (ICLR 2021): more is better.

    ``Σ_layers Σ_channels ½ mean_n (Σ_positions a · ∂L/∂a)²`` with a the layer's output and L the mean cross-entropy.
    """

    needs = frozenset({"channel_saliency"})

    def score(self, probe: Probe) -> float:
        """The sum.

        Raises:
            ProxyFailure: The loss depends on no convolution and no linear layer.
        """
        if not probe.channel_saliency:
            raise ProxyFailure("fisher needs convolutions or linear layers that the loss depends on; there are none")
        return sum(float(saliency.double().square().mean(dim=0).sum()) / 2 for saliency in probe.channel_saliency)
