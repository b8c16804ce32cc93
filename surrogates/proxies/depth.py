"""A baseline of shape."""

from __future__ import annotations

from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy import Proxy
from surrogates.proxies.proxy_failure import ProxyFailure


class Depth(Proxy):
    """Number of convolutions and linear layers on the longest path to the output: more is better. A baseline."""

    needs = frozenset({"depth"})

    def score(self, probe: Probe) -> float:
        """Layers, a whole number.

        Raises:
            ProxyFailure: No layer lies on a path to the output.
        """
        if probe.depth == 0:
            raise ProxyFailure("depth needs a convolution or linear layer on a path to the output; there is none")
        return float(probe.depth)
