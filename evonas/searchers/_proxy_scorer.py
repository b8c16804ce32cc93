"""What scores networks by proxies, in this process or in a worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from spaces.architecture import Architecture
from spaces.space import Space
from surrogates.proxies.proxy import Proxy
from surrogates.proxies.proxy_failure import ProxyFailure
from surrogates.proxies.scoring import score_all
from surrogates.threads import one_torch_thread

if TYPE_CHECKING:
    from torch import Tensor

Outcomes = Mapping[str, float | ProxyFailure]
"""Of one network, by proxy."""


@dataclass(frozen=True)
class ProxyScorer:
    """Builds networks and scores them. Picklable as far as its parts are.

    Attributes:
        space: Builds the networks.
        proxies: By name.
        inputs: One batch ``(n, *input_shape)``, on the device that the networks run on.
        targets: Its labels ``(n,)``, there too.
    """

    space: Space
    proxies: Mapping[str, Proxy]
    inputs: Tensor
    targets: Tensor

    def score(self, architectures: Sequence[Architecture]) -> list[Outcomes]:
        """Outcomes of each simplified architecture.

        A network's weights are drawn under a seed made of its key, on the processor whatever device it runs on, so that
        they are a function of the architecture alone.
        """
        with one_torch_thread(), torch.random.fork_rng(devices=[]):
            return [self._outcomes(architecture) for architecture in architectures]

    def failed(self, error: BaseException) -> Outcomes:
        """The outcome of a network that no proxy can score."""
        return {name: ProxyFailure(f"{type(error).__name__}: {error}") for name in self.proxies}

    def _outcomes(self, architecture: Architecture) -> Outcomes:
        # The processor's generator alone: torch.manual_seed would seed those of GPUs too, which are not put back.
        torch.default_generator.manual_seed(int(architecture.key[:8], 16))
        try:
            model = self.space.build(architecture).to(self.inputs.device)
            return score_all(self.proxies, model, self.inputs, self.targets, architecture=architecture)
        except Exception as error:
            return self.failed(error)
