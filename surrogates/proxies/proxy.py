"""The contract of a zero-cost proxy."""

from __future__ import annotations

from abc import ABC, abstractmethod

from surrogates.proxies.probe import Probe


class Proxy(ABC):
    """Scores an untrained network; higher is better.

    Attributes:
        needs: What the shared pass must collect, among those that ``surrogates.proxies.probe`` names.
    """

    needs: frozenset[str] = frozenset()

    @abstractmethod
    def score(self, probe: Probe) -> float:
        """The network's score, higher is better; finite.

        Raises:
            ProxyFailure: The score cannot be computed for this network.
        """
