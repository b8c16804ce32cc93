"""How large the loss's gradients are."""

from __future__ import annotations

import torch

from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy import Proxy


class GradNorm(Proxy):
    """Sum over weights of the Euclidean norm of the loss's gradient (Abdelfattah et al., ICLR 2021, section 3.1):

    ``Σ_layers ‖∂L/∂w‖₂`` of the mean cross-entropy; more is better. Biases and normalisations are left out.
    """

    needs = frozenset({"weight_gradients"})

    def score(self, probe: Probe) -> float:
        """The sum of norms."""
        return sum(
            float(torch.linalg.vector_norm(gradient, dtype=torch.float64))
            for _, gradient in probe.weight_gradients.values()
        )
