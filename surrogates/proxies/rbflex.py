"""How far apart the network keeps three inputs."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy import Proxy
from surrogates.proxies.proxy_failure import ProxyFailure

EXAMPLES = 3


class Rbflex(Proxy):
    """Radial basis function kernels of activations and last features (Yamasaki et al., "RBFleX-NAS", IEEE Transactions
    on Neural Networks and Learning Systems, 2025, and their code): more is better.

    ``N (log|K| + log|Q|)`` for the batch's first N = 3 examples, with ``K_ij = exp(-γ_k ‖a_i - a_j‖²)`` over all ReLUs'
    outputs and Q likewise over the last layer's inputs, each unit scaled to [0, 1] over the examples. The authors find
    the γ by a detection algorithm over networks of a space; the defaults are theirs for NAS-Bench-201. They run each
    image by itself; here the batch runs at once.

    Args:
        gamma_k: Of the kernel of activations; above 0.
        gamma_q: Of the kernel of last features; above 0.

    Raises:
        ValueError: An argument breaks its rule.
    """

    needs = frozenset({"activations", "last_features"})

    def __init__(self, gamma_k: float = 2.68690173088039e-12, gamma_q: float = 1.02460061284506e-11) -> None:
        for name, value in (("gamma_k", gamma_k), ("gamma_q", gamma_q)):
            if not 0 < value < math.inf:
                raise ValueError(f"rbflex: {name} must be a number above 0; got {value!r}")
        self.gamma_k, self.gamma_q = gamma_k, gamma_q

    def score(self, probe: Probe) -> float:
        """The score, a logarithm.

        Raises:
            ProxyFailure: No ReLU ran, fewer than 3 examples, or examples that the network does not tell apart.
        """
        if not probe.activations:
            raise ProxyFailure("rbflex needs ReLU activations; the network ran none")
        features = probe.last_features
        if len(features) < EXAMPLES or any(len(each) < EXAMPLES for each in probe.activations):
            raise ProxyFailure(f"rbflex compares {EXAMPLES} examples; the batch has {len(features)}")
        activations = torch.cat([each.flatten(1) for each in probe.activations], dim=1)
        kernels = ((activations, self.gamma_k), (features[:EXAMPLES].flatten(1), self.gamma_q))
        return EXAMPLES * sum(_log_determinant(rows.double(), gamma) for rows, gamma in kernels)


def _log_determinant(rows: Tensor, gamma: float) -> float:
    low, high = rows.amin(dim=0), rows.amax(dim=0)
    scaled = (rows - low) / torch.where(high > low, high - low, torch.ones_like(low))
    near = gamma * torch.cdist(scaled, scaled).square()
    # With k = 1 - K the determinant of a 3x3 kernel is, without the cancellation of ones that γ near 1e-12 causes:
    a, b, c = (float(-torch.expm1(-near[i, j])) for i, j in ((0, 1), (0, 2), (1, 2)))
    determinant = 2 * (a * b + a * c + b * c) - a * a - b * b - c * c - 2 * a * b * c
    if determinant <= 0:
        raise ProxyFailure("rbflex needs examples that the network tells apart; two of the first three look the same")
    return math.log(determinant)
