"""How independent the channels of feature maps are."""

from __future__ import annotations

import torch

from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy import Proxy
from surrogates.proxies.proxy_failure import ProxyFailure


class Meco(Proxy):
    """Least eigenvalues of channel correlations (Jiang et al., "MeCo", NeurIPS 2023, equation 9): more is better.

    ``Σ_layers λ_min(P(f))`` with P the Pearson correlation between the channels of a layer's feature map f for one
    input, the batch's first. Layers are convolutions, where the paper's code takes every module's output; entries of
    constant channels count as 0, as there.
    """

    needs = frozenset({"feature_maps"})

    def score(self, probe: Probe) -> float:
        """The sum over layers with several channels and positions.

        Raises:
            ProxyFailure: There is no such layer.
        """
        maps = [feature[0].flatten(1).double() for feature in probe.feature_maps if feature.ndim > 3]
        maps = [channels for channels in maps if min(channels.shape) > 1]
        if not maps:
            raise ProxyFailure(
                "meco needs images' feature maps of several channels and positions; the network has none"
            )
        return sum(_least(channels) for channels in maps)


def _least(channels: torch.Tensor) -> float:
    centred = channels - channels.mean(dim=1, keepdim=True)
    norms = torch.linalg.vector_norm(centred, dim=1, keepdim=True)
    unit = centred / torch.where(norms > 0, norms, torch.ones_like(norms))
    return float(torch.linalg.eigvalsh(unit @ unit.T)[0])
