"""How many different patterns the units show over a batch."""

from __future__ import annotations

from surrogates.proxies.activation_patterns import activation_patterns
from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy import Proxy


class Swap(Proxy):
    """Number of sample-wise activation patterns (Peng et al., "SWAP-NAS", ICLR 2024, definition 3): more is better.

    The pattern of a unit is the sequence of its activations' signs over the batch's inputs; the score is the number of
    different patterns among all units of all ReLUs.
    """

    needs = frozenset({"activation_signs"})

    def score(self, probe: Probe) -> float:
        """Patterns, a whole number from 1 to 2 to the power of the batch."""
        return float(activation_patterns(probe.activation_signs))
