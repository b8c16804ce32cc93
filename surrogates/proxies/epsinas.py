"""How much outputs differ between two constant weights."""

from __future__ import annotations

from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy import Proxy
from surrogates.proxies.proxy_failure import ProxyFailure


class Epsinas(Proxy):
    """Dispersion of outputs under two constant shared weights (Gracheva, "Neural architecture search: two constant
    shared weights initialisations", 2023, as in the paper's code): more is better.

    Outputs of the whole batch under weights 1e-7 and 1 are scaled to [0, 1] each; the score is their mean absolute
    difference over their mean. Scaled outputs that are exactly zero are left out.

    In the code's single precision a third of NAS-Bench-201's cells, the better ones, put out zeros and have no score.
    In double precision all have one, but one that ranks those too low: on 36 cells Kendall tau is .64 among the cells
    that single precision can score (there .70), and .08 over all.
    """

    needs = frozenset({"constant_outputs"})

    def score(self, probe: Probe) -> float:
        """The ratio, at least 0.

        Raises:
            ProxyFailure: All outputs are the same under one of the weights.
        """
        outputs = probe.constant_outputs
        low, high = outputs.amin(dim=1, keepdim=True), outputs.amax(dim=1, keepdim=True)
        if bool((low == high).any()):
            raise ProxyFailure(
                "epsinas needs outputs that differ within the batch; under constant weights they do not: all inputs "
                "have one sum, or very many layers of weights 1e-7 without skip connections put out zeros"
            )
        scaled = (outputs - low) / (high - low)
        kept = scaled > 0
        both = kept.all(dim=0)
        if not bool(both.any()):
            raise ProxyFailure("epsinas needs outputs above the least under both weights; there are none")
        return float((scaled[0] - scaled[1]).abs()[both].mean() / scaled[kept].mean())
