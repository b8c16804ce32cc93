"""Proxies of known scores; found by their dotted names."""

from __future__ import annotations

from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy import Proxy
from surrogates.proxies.proxy_failure import ProxyFailure

SCORED: list[int] = []
LEAST = 1000


class Size(Proxy):
    """The number of parameters, of networks that are not too small; counts its calls."""

    needs = frozenset({"parameters"})

    def score(self, probe: Probe) -> float:
        parameters = sum(probe.parameters.values())
        SCORED.append(parameters)
        if parameters < LEAST:
            raise ProxyFailure(f"{parameters} parameters are too few")
        return float(parameters)
