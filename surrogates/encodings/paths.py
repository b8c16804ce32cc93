"""The truncated path encoding."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from spaces.architecture import Architecture
from spaces.space import Space
from surrogates.encoding import Encoding
from surrogates.encodings._path_strings import PathStrings
from surrogates.encodings.graph_batch import STRUCTURAL, GraphBatch, rows_in_lots
from surrogates.encodings.row_cache import RowCache


class Paths(Encoding):
    """Whether each string of operations is an input-to-output path: 1 or 0 (BANANAS, White et al., AAAI 2021, sec. 4).

    Truncated as there: strings are taken from the shortest on. Where a whole further length would make them more than
    150, or where none of 64 sampled architectures has so long a path, the encoding ends. The paths are those of the
    simplified graph.

    Args:
        space: Its ``ops`` are the letters.
    """

    def __init__(self, space: Space) -> None:
        self._space = space
        self._strings = PathStrings(space, [op for op in space.ops if op not in STRUCTURAL])
        self._cache = RowCache(len(self.names))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"path[{'>'.join(string)}]" for string in self._strings.strings)

    def encode(self, architectures: Sequence[Architecture]) -> npt.NDArray[np.float32]:
        return self._cache.rows(architectures, self._compute)

    def _compute(self, architectures: Sequence[Architecture]) -> npt.NDArray[np.float32]:
        graphs = [self._space.simplify(architecture) for architecture in architectures]
        return rows_in_lots(graphs, lambda some: self._strings.counts(GraphBatch.of(some, self._space.ops)) > 0)
