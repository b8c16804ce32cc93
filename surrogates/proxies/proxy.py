"""The contract of a zero-cost proxy."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from surrogates.proxies.probe import Probe


class ProxyFailure(Exception):
    """A proxy that cannot be computed for this network; the message says why. It becomes no number."""


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
