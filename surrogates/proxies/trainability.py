"""Whether gradients keep their size from stage to stage."""

from __future__ import annotations

import statistics

from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy import Proxy
from surrogates.proxies.proxy_failure import ProxyFailure


class Trainability(Proxy):
    """Trainability of AZ-NAS (Lee and Ham, CVPR 2024, equation 7): more is better, and 0 is the best.

    The mean over stages of ``2 - σ - 1/σ`` with σ the spectral norm of a stage's Jacobian; see ``stages.py``.
    """

    needs = frozenset({"stages"})

    def score(self, probe: Probe) -> float:
        """The mean, at most 0.

        Raises:
            ProxyFailure: No gradient passes through a stage.
        """
        norms = probe.stages.norms
        if min(norms) == 0:
            raise ProxyFailure("trainability needs gradients through every stage; one passes none")
        return statistics.fmean(2 - norm - 1 / norm for norm in norms)
