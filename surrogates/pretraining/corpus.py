"""Architectures and whatever numbers are known of them."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from spaces.architecture import Architecture
from spaces.space import Space
from surrogates.encodings.log_cost import LogCost
from surrogates.predictor import FloatArray

_TRIES = 20  # draws for each architecture wanted, before a space counts as exhausted


@dataclass(frozen=True, slots=True)
class Corpus:
    """Distinct functions and what is known of each.

    Attributes:
        graphs: ``n`` simplified architectures, no two with one key.
        names: Names of the ``t`` targets.
        values: Shape ``(n, t)``; NaN is "not known".
    """

    graphs: tuple[Architecture, ...]
    names: tuple[str, ...]
    values: FloatArray

    @classmethod
    def of(cls, space: Space, known: Iterable[tuple[Architecture, Mapping[str, float]]]) -> Corpus:
        """Puts together what several sources know; of values with one name and function, the mean counts.

        Args:
            space: Simplifies.
            known: Architectures, each with values by name; those that are not finite count as not known.
        """
        graphs: dict[str, Architecture] = {}
        found: dict[str, dict[str, list[float]]] = {}
        for architecture, values in known:
            graph = space.simplify(architecture)
            graphs.setdefault(graph.key, graph)
            of_graph = found.setdefault(graph.key, {})
            for name, value in values.items():
                if math.isfinite(value):
                    of_graph.setdefault(name, []).append(value)
        names = tuple(dict.fromkeys(name for of_graph in found.values() for name in of_graph))
        table = np.full((len(graphs), len(names)), np.nan)
        for row, of_graph in enumerate(found.values()):
            for name, several in of_graph.items():
                table[row, names.index(name)] = float(np.mean(several))
        return cls(tuple(graphs.values()), names, table)

    def data_hash(self) -> str:
        """SHA-256 over keys, names and values, equal in every process."""
        digest = hashlib.sha256("\n".join([*(graph.key for graph in self.graphs), *self.names]).encode())
        digest.update(np.ascontiguousarray(self.values, "<f8").tobytes())
        return digest.hexdigest()


def distinct_samples(space: Space, count: int, rng: np.random.Generator) -> list[Architecture]:
    """Up to ``count`` architectures of different functions; fewer where the space has, or seems to have, no more."""
    found: dict[str, Architecture] = {}
    for _ in range(_TRIES * count):
        if len(found) == count:
            break
        architecture = space.sample(rng)
        found.setdefault(space.simplify(architecture).key, architecture)
    return list(found.values())


def free_targets(space: Space, architectures: Sequence[Architecture]) -> list[dict[str, float]]:
    """Logarithms of parameters and multiply-accumulates, and depth: known of each architecture without training."""
    encoding = LogCost(space)
    return [dict(zip(encoding.names, row, strict=True)) for row in encoding.encode(architectures).tolist()]
