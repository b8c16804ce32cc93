"""How evenly gradient descent would learn the examples."""

from __future__ import annotations

import numpy as np

from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy import Proxy
from surrogates.proxies.proxy_failure import ProxyFailure


class NtkCondition(Proxy):
    """Condition number of the neural tangent kernel (Chen et al., "TE-NAS", ICLR 2021, equation 2), as its negative
    logarithm: more is better.

    ``-log(λ_max / λ_min)`` of the kernel of the batch's first 8 examples (the paper takes larger batches), through the
    summed outputs of one run in training mode, as in the paper's code.
    """

    needs = frozenset({"tangent_kernel"})

    def score(self, probe: Probe) -> float:
        """The logarithm, at most 0.

        Raises:
            ProxyFailure: The kernel is singular.
        """
        eigenvalues = np.linalg.eigvalsh(probe.tangent_kernel.cpu().numpy())
        if eigenvalues[0] <= eigenvalues[-1] * len(eigenvalues) * np.finfo(np.float32).eps:  # gradients are float32
            raise ProxyFailure(f"the tangent kernel of {len(eigenvalues)} examples is singular: some have one gradient")
        return float(np.log(eigenvalues[0] / eigenvalues[-1]))
