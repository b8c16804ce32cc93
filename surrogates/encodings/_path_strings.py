"""How many input-to-output paths spell each string of operations."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from spaces.space import Space
from surrogates.encodings.graph_batch import BoolArray, FloatArray, GraphBatch, IntArray, combined

_MOST_STRINGS = 150
_SAMPLED_FOR_LENGTH = 64


class PathStrings:
    """Counts of the strings over some operations, up to a length; other operations are dropped from a path's string.

    The length is the longest of 64 graphs drawn from the space, cut so that there are at most 150 strings.

    Args:
        space: Gives the vocabulary.
        letters: The operations that strings consist of.
    """

    def __init__(self, space: Space, letters: Sequence[str]) -> None:
        self.letters = tuple(letters)
        self._letter = np.array([self.letters.index(op) if op in self.letters else -1 for op in space.ops] + [-1])
        self._longest = self._length(space)
        lengths = range(self._longest + 1)
        self.strings = [string for length in lengths for string in product(self.letters, repeat=length)]

    def _length(self, space: Space) -> int:
        rng = np.random.default_rng(0)
        graphs = [space.simplify(space.sample(rng)) for _ in range(_SAMPLED_FOR_LENGTH)]
        weight = (self._letter[:, None] >= 0).astype(np.float64)
        statistics = GraphBatch.of(graphs, space.ops).path_statistics(np.ones_like(weight, bool), weight)
        length, total, v = 0, 1, len(self.letters)
        while length < statistics.longest.max() and total + v ** (length + 1) <= _MOST_STRINGS:
            length += 1
            total += v**length
        return length

    def counts(self, batch: GraphBatch) -> FloatArray:
        """Number of paths that spell each of ``strings``, shape ``(n, s)``; paths of longer strings are not counted.

        A dynamic programme over nodes and lengths: a path to a node spells what a path to a predecessor does, and the
        node's own letter. Strings of one length stand in lexicographic order, so appending a letter is one stride.
        """
        n, m = batch.ops.shape
        levels = [np.zeros((m + 1, n, len(self.letters) ** length)) for length in range(self._longest + 1)]
        letters = self._letter[batch.ops]
        for node in range(m):
            before = batch.before(node)
            arriving = [np.minimum(combined(level, before, np.add), 1e300) for level in levels]
            arriving[0] += batch.sources[:, node, None]
            _append(levels, node, arriving, letters[:, node])
        ends = batch.ends()
        return np.hstack([np.minimum(combined(level, ends, np.add), 1e300) for level in levels])


def _append(levels: list[FloatArray], node: int, arriving: list[FloatArray], letter: IntArray) -> None:
    silent: BoolArray = letter < 0
    some, letters = np.flatnonzero(~silent), letter[~silent]
    for length, level in enumerate(levels):
        level[node, silent] = arriving[length][silent]
        if length:
            shorter = arriving[length - 1]
            by_last = level[node].reshape(*shorter.shape, -1)
            by_last[some, :, letters] = shorter[some]
