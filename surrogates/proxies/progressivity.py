"""How features grow richer from stage to stage."""

from __future__ import annotations

from itertools import pairwise

from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy import Proxy


class Progressivity(Proxy):
    """Progressivity of AZ-NAS (Lee and Ham, CVPR 2024, equation 4): more is better.

    The least difference between the entropies of neighbouring stages; see ``stages.py``.
    """

    needs = frozenset({"stages"})

    def score(self, probe: Probe) -> float:
        """The least difference, of either sign."""
        return min(after - before for before, after in pairwise(probe.stages.entropies))
