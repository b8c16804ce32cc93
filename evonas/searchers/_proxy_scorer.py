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


def column(proxy: str, draw: int) -> str:
    """What a proxy's score by the weights of a draw, from 0, is called: ``nwot``, ``nwot (2)``, ``nwot (3)``, …"""
    return proxy if draw == 0 else f"{proxy} ({draw + 1})"


def proxy_of(column: str) -> str:
    """Which proxy a column holds the scores of."""
    return column.partition(" (")[0]


class NoDevice(Exception):
    """This process does not see the device that networks are scored on; another may."""


@dataclass(frozen=True)
class ProxyScorer:
    """Builds networks and scores them. Picklable as far as its parts are.

    Attributes:
        space: Builds the networks.
        proxies: By name.
        inputs: One batch ``(n, *input_shape)``, in the host's memory, so that every process can be sent it.
        targets: Its labels ``(n,)``, there too.
        device: Where the networks run, as torch names it: ``"cuda"`` is the first that the scoring process sees.
    """

    space: Space
    proxies: Mapping[str, Proxy]
    inputs: Tensor
    targets: Tensor
    device: str = "cpu"

    def score(self, architectures: Sequence[Architecture], draws: int = 1) -> list[Outcomes]:
        """Outcomes of each simplified architecture, by ``column``.

        A network's weights are drawn under a seed made of its key, on the processor whatever device it runs on, so that
        they are a function of the architecture and the number of the draw alone.

        Raises:
            NoDevice: This process does not see the device.
        """
        device = torch.device(self.device)
        if device.type == "cuda" and (
            not torch.cuda.is_available() or (device.index or 0) >= torch.cuda.device_count()
        ):
            raise NoDevice(
                f"this process sees no CUDA device of that number, and proxies are scored on {self.device!r}"
            )
        inputs, targets = self.inputs.to(self.device), self.targets.to(self.device)
        with one_torch_thread(), torch.random.fork_rng(devices=[]):
            return [
                {
                    column(name, draw): outcome
                    for draw in range(draws)
                    for name, outcome in self._outcomes(architecture, inputs, targets, draw).items()
                }
                for architecture in architectures
            ]

    def failed(self, error: BaseException) -> Outcomes:
        """The outcome of a network that no proxy can score."""
        return {name: ProxyFailure(f"{type(error).__name__}: {error}") for name in self.proxies}

    def _outcomes(self, architecture: Architecture, inputs: Tensor, targets: Tensor, draw: int) -> Outcomes:
        # The processor's generator alone: torch.manual_seed would seed those of GPUs too, which are not put back.
        torch.default_generator.manual_seed(int(architecture.key[:8], 16) + draw)
        try:
            model = self.space.build(architecture).to(inputs.device)
            return score_all(self.proxies, model, inputs, targets, draw, architecture)
        except Exception as error:
            return self.failed(error)
