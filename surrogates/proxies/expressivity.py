"""How many directions features use."""

from __future__ import annotations

from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy import Proxy


class Expressivity(Proxy):
    """Expressivity of AZ-NAS (Lee and Ham, CVPR 2024, equation 3): more is better.

    The sum over stages of the entropy of the shares that principal components have in the variance of a stage's
    features, over examples and positions; see ``stages.py``. Inputs are noise.
    """

    needs = frozenset({"stages"})

    def score(self, probe: Probe) -> float:
        """The sum of entropies, natural logarithm."""
        return sum(probe.stages.entropies)
