"""Synaptic flow."""

from __future__ import annotations

import math

from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy import Proxy
from surrogates.proxies.proxy_failure import ProxyFailure


class Synflow(Proxy):
    """Natural logarithm of the summed synaptic flow of all weights (Tanaka et al., NeurIPS 2020, as a score of networks
    by Abdelfattah et al., ICLR 2021): more is better.

    The sum is that of ``|w · dR/dw|`` in the positive network without normalisation; see ``synaptic_flow.py``. It is
    taken in double precision, and its logarithm, which ranks alike, keeps deep networks from scores of 1e61.
    """

    needs = frozenset({"synaptic_flow"})

    def score(self, probe: Probe) -> float:
        """Logarithm of the sum.

        Raises:
            ProxyFailure: No flow reaches the output, or the flow is not finite.
        """
        flow = math.fsum(float(saliency.sum()) for saliency in probe.synaptic_flow.values())
        if flow == 0:
            raise ProxyFailure("no synaptic flow: nothing of an all-ones input reaches the output")
        if not math.isfinite(flow):
            raise ProxyFailure(f"the synaptic flow must be finite; it is {flow}: weights are not finite or too large")
        return math.log(flow)
