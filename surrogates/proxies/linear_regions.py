"""Into how many linear pieces a network cuts its input space."""

from __future__ import annotations

from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy import Proxy


class LinearRegions(Proxy):
    """Number of linear regions (Chen et al., "TE-NAS", ICLR 2021, and the authors' code): more is better.

    It is estimated by how many different activation patterns a sample of the input space shows; a pattern says of every
    unit of every ReLU whether it is on. The authors sample 3,000 crops of 3x3 pixels and run copies of the networks
    with one channel; here it is 1,000 of noise and the network itself. Where there are many channels every sample has a
    pattern of its own, so that the number tells only narrow networks apart; ``nwot`` and ``swap`` tell more.
    """

    needs = frozenset({"sample_patterns"})

    def score(self, probe: Probe) -> float:
        """Patterns, a whole number from 1 to 1,000."""
        return float(probe.sample_patterns)
