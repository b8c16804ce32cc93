"""How differently the outputs respond to different inputs."""

from __future__ import annotations

import numpy as np

from surrogates.proxies.input_correlation import input_correlation
from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy import Proxy


class JacobCov(Proxy):
    """Kullback-Leibler score of the correlation of input gradients (Mellor et al., "Neural architecture search without
    training", first version of 2020, equation 4; Abdelfattah et al., ICLR 2021): more is better.

    ``-Σ_i (log(λ_i + k) + 1 / (λ_i + k))`` with the eigenvalues λ of the correlation matrix of the batch's input
    gradients and k = 1e-5.
    """

    needs = frozenset({"input_gradients"})

    def score(self, probe: Probe) -> float:
        """The score, negative.

        Raises:
            ProxyFailure: Fewer than 2 inputs, or the outputs do not respond to one of them.
        """
        eigenvalues = np.linalg.eigvalsh(input_correlation(probe.input_gradients)).clip(0) + 1e-5
        return float(-(np.log(eigenvalues) + 1 / eigenvalues).sum())
