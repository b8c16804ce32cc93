"""Neural architecture search without training."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy import Proxy
from surrogates.proxies.proxy_failure import ProxyFailure


class Nwot(Proxy):
    """Log-determinant of the kernel of ReLU patterns (Mellor et al., ICML 2021, equation 2): more is better.

    Entry (i, j) of the kernel is the number of ReLU units that inputs i and j switch alike, over all layers: units
    minus Hamming distance. Inputs that a network tells apart make it large.
    """

    needs = frozenset({"activation_signs"})

    def score(self, probe: Probe) -> float:
        """Natural logarithm of the determinant.

        Raises:
            ProxyFailure: No ReLU ran, fewer than 2 inputs, or a singular kernel: inputs share their whole pattern.
        """
        layers = probe.activation_signs
        if not layers:
            raise ProxyFailure("nwot needs ReLU activations; the network ran none")
        batch = len(layers[0])
        if batch < 2:
            raise ProxyFailure(f"nwot compares inputs, so the batch must have at least 2; it has {batch}")
        alike = torch.zeros(batch, batch, dtype=torch.float64, device=layers[0].device)
        for signs in {id(layer): layer for layer in layers}.values():
            times = sum(layer is signs for layer in layers)  # that ReLUs saw one tensor
            alike += times * _alike(signs)
        eigenvalues = np.linalg.eigvalsh(alike.cpu().numpy())
        if eigenvalues[0] <= eigenvalues[-1] * batch * np.finfo(np.float64).eps:
            raise ProxyFailure(
                f"the kernel of {batch} inputs is singular: some switch all ReLUs alike, so the network cannot tell "
                "them apart; repeated inputs in the batch have the same effect"
            )
        return float(np.log(eigenvalues).sum())


def _alike(signs: Tensor) -> Tensor:
    """Number of units that are equal in both rows, for each pair of rows."""
    units = signs.shape[1]
    # Float32 holds whole numbers up to 2**24 exactly; larger layers need float64.
    on = signs.view(torch.uint8).to(torch.float32 if units < 2**24 else torch.float64)
    count = on.sum(dim=1).double()
    return units + 2 * (on @ on.T).double() - count[:, None] - count[None, :]
