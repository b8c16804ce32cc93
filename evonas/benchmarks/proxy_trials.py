"""One untrained network, scored by every proxy of a comparison."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import torch

from evonas.core.randomness import generator, integer_seed
from evonas.datasets.dataset import Dataset, Split
from spaces.architecture import Architecture
from spaces.space import Space
from surrogates.proxies.proxy import Proxy
from surrogates.proxies.proxy_failure import ProxyFailure
from surrogates.proxies.scoring import score_all
from surrogates.threads import one_torch_thread

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class ProxyTrials:
    """What every architecture of a comparison is scored with.

    Attributes:
        space: Builds the networks.
        architectures: By notation, simplified, as a campaign builds them.
        proxies: By name.
        dataset: Gives the batch, from its training split.
        batch: Examples in it.
    """

    space: Space
    architectures: Mapping[str, Architecture]
    proxies: Mapping[str, Proxy]
    dataset: Dataset
    batch: int

    def measure(self, notation: str, seed: int) -> dict[str, Any]:
        """Builds one network and scores it by all proxies in one shared pass.

        Weights are drawn under the seed and the architecture's key; the batch, and what a proxy draws, under the seed.

        Returns:
            ``scores`` by proxy, higher is better; ``failures``, the reason by proxy; and ``milliseconds`` of the
            processor, for building and scoring.
        """
        architecture = self.architectures[notation]
        inputs, targets = _batch(self.dataset, self.batch, seed)
        with one_torch_thread(), torch.random.fork_rng(devices=[]):
            # The processor's generator alone: torch.manual_seed would seed those of GPUs too, which are not put back.
            torch.default_generator.manual_seed(integer_seed(seed, int(architecture.key[:8], 16), "weights"))
            started = time.process_time()
            model = self.space.build(architecture)
            outcomes = score_all(self.proxies, model, inputs, targets, seed, architecture)
            seconds = time.process_time() - started
        return {
            "scores": {name: value for name, value in outcomes.items() if not isinstance(value, ProxyFailure)},
            "failures": {name: str(value) for name, value in outcomes.items() if isinstance(value, ProxyFailure)},
            "milliseconds": 1000 * seconds,
        }


def _batch(dataset: Dataset, count: int, seed: int) -> tuple[Tensor, Tensor]:
    """``count`` training examples drawn at random."""
    train = _loaded(dataset)
    rows: Sequence[int] = generator(seed, 0, "batch of proxies").permutation(len(train))[:count].tolist()
    return train.ready(train.inputs[rows]), train.targets[rows]


@cache
def _loaded(dataset: Dataset) -> Split:
    return dataset.load().train
