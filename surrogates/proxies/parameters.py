"""The baseline that every proxy must beat."""

from __future__ import annotations

from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy import Proxy


class Parameters(Proxy):
    """Number of trainable parameters: more is better."""

    needs = frozenset({"parameters"})

    def score(self, probe: Probe) -> float:
        """Parameters, a whole number."""
        return float(sum(probe.parameters.values()))
