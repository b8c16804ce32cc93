"""How large the weights are."""

from __future__ import annotations

import torch

from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy import Proxy


class L2Norm(Proxy):
    """Sum over weights of their Euclidean norm, ``Σ_layers ‖w‖₂`` (Abdelfattah et al., ICLR 2021): more is better.

    No batch is seen. Biases and normalisations are left out.
    """

    needs = frozenset({"weights"})

    def score(self, probe: Probe) -> float:
        """The sum of norms."""
        return sum(float(torch.linalg.vector_norm(weight, dtype=torch.float64)) for weight in probe.weights.values())
