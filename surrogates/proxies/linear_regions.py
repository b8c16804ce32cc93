"""Into how many linear pieces a network cuts its input space."""

from __future__ import annotations

from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy import Proxy


class LinearRegions(Proxy):
    """Number of linear regions (Chen et al., "TE-NAS", ICLR 2021, section 3.1.2): more is better.

    It is estimated, as in the paper, by the number of different activation patterns that a sample of the input space
    shows; a pattern says of every unit of every ReLU whether it is on. The paper counts them on copies with one
    channel. In networks of many channels nearly every sample has a pattern of its own, so that the number tells few of
    them apart; the signs of ``nwot`` and ``swap`` tell more.
    """

    needs = frozenset({"sample_patterns"})

    def score(self, probe: Probe) -> float:
        """Patterns, a whole number from 1 to 1,000."""
        return float(probe.sample_patterns)
