"""A formula over other proxies and the architecture's graph."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np

from spaces.discovery import find
from surrogates import PROXIES
from surrogates.formula import Formula
from surrogates.graph_statistics import graph_statistics, is_graph_statistic
from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy import Proxy
from surrogates.proxies.proxy_failure import ProxyFailure


class Evolved(Proxy):
    """A formula over other proxies and statistics of the graph, read from a file that ``runs/evolve_proxy.py`` wrote.

    It asks the shared pass for what its ingredients need and computes them with their defaults. Their scores are
    standardised by where the formula was evolved, so it ranks networks of that space, skeleton and input shape; evolve
    another one for another.

    Args:
        formula: The file. A campaign's journal holds what stands in it.

    Attributes:
        document: The formula as plain values.

    Raises:
        OSError: The file cannot be read.
        ValueError: It holds no formula, or names what is neither a proxy without arguments nor a statistic of graphs.
    """

    def __init__(self, formula: Path) -> None:
        self._formula = Formula.read(formula)
        self.document = self._formula.to_json()
        names = [one.name for one in self._formula.inputs]
        self._statistics = [name for name in names if is_graph_statistic(name)]
        self._ingredients = {name: _ingredient(name) for name in names if not is_graph_statistic(name)}
        self.needs = frozenset[str]().union(*(proxy.needs for proxy in self._ingredients.values()))
        if self._statistics:
            self.needs |= {"architecture"}

    def score(self, probe: Probe) -> float:
        """The formula's value.

        Raises:
            ProxyFailure: One of its proxies cannot be computed, the graph is not known, or the value is not finite.
        """
        inputs = {}
        for name, proxy in self._ingredients.items():
            try:
                inputs[name] = np.asarray(proxy.score(probe), np.float64)
            except ProxyFailure as failure:
                raise ProxyFailure(f"the evolved formula needs {name}: {failure}") from None
        if self._statistics:
            known = graph_statistics(probe.architecture)
            inputs |= {name: np.asarray(known.get(name, 0.0)) for name in self._statistics}
        value = float(self._formula.apply(inputs))
        if not np.isfinite(value):
            raise ProxyFailure(
                f"the evolved formula gives {value} for {', '.join(f'{n}={s:g}' for n, s in inputs.items())}"
            )
        return value


def _ingredient(name: str) -> Proxy:
    kind = find(PROXIES, name)
    try:
        return cast(Proxy, kind())
    except TypeError as error:
        raise ValueError(f"a formula's proxies take no arguments; {name} does: {error}") from error
