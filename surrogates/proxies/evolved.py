"""A formula over other proxies."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np

from spaces.discovery import find
from surrogates import PROXIES
from surrogates.formula import Formula
from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy import Proxy
from surrogates.proxies.proxy_failure import ProxyFailure


class Evolved(Proxy):
    """A formula over other proxies, read from a file that ``runs/evolve_proxy.py`` wrote.

    It asks the shared pass for what its ingredients need and computes them with their defaults. Their scores are
    standardised by where the formula was evolved, so it ranks networks of that space, skeleton and input shape; evolve
    another one for another.

    Args:
        formula: The file.

    Raises:
        OSError: The file cannot be read.
        ValueError: It holds no formula, or names what is no proxy without arguments.
    """

    def __init__(self, formula: str) -> None:
        self._formula = Formula.read(Path(formula))
        self._ingredients = {one.name: _ingredient(one.name) for one in self._formula.inputs}
        self.needs = frozenset[str]().union(*(proxy.needs for proxy in self._ingredients.values()))

    def score(self, probe: Probe) -> float:
        """The formula's value.

        Raises:
            ProxyFailure: One of its proxies cannot be computed, or the value is not finite.
        """
        scores = {}
        for name, proxy in self._ingredients.items():
            try:
                scores[name] = np.asarray(proxy.score(probe), np.float64)
            except ProxyFailure as failure:
                raise ProxyFailure(f"the evolved formula needs {name}: {failure}") from None
        value = float(self._formula.apply(scores))
        if not np.isfinite(value):
            raise ProxyFailure(
                f"the evolved formula gives {value} for {', '.join(f'{n}={s:g}' for n, s in scores.items())}"
            )
        return value


def _ingredient(name: str) -> Proxy:
    kind = find(PROXIES, name)
    try:
        return cast(Proxy, kind())
    except TypeError as error:
        raise ValueError(f"a formula's proxies take no arguments; {name} does: {error}") from error
