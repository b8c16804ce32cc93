"""A baseline of cost."""

from __future__ import annotations

from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy import Proxy


class Macs(Proxy):
    """Multiply-accumulates of convolutions and matrix products for one example: more is better.

    A baseline, and the complexity score of AZ-NAS (Lee and Ham, CVPR 2024, section 3.2).
    """

    needs = frozenset({"macs"})

    def score(self, probe: Probe) -> float:
        """Multiply-accumulates, counted while the network runs."""
        return probe.macs
