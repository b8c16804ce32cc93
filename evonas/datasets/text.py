"""Byte-level language modelling on a plain text file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from evonas.datasets._arguments import checked_shares, existing, is_whole
from evonas.datasets.dataset import Dataset, Split, Splits
from evonas.datasets.preparation import Preparation


class Text(Dataset):
    """A plain text file, byte by byte: the next byte is to be told from those before, for the Transformer space.

    An example is ``tokens`` bytes that follow each other, its targets ``(tokens,)`` the byte after each; a network that
    answers for the last position alone is trained and measured on that one. The splits are three stretches of the
    file, the first to train, the last to test, cut into examples that do not overlap: neighbouring bytes tell too much
    of each other to be drawn at random, so there is no seed.

    Args:
        path: Any file; read as bytes, whatever its encoding.
        tokens: Bytes in an example, at least 2.
        validation: Share of the file, between 0 and 1.
        test: The same.

    Raises:
        ValueError: An argument breaks its rule, there is no file, or a split would be shorter than an example.
    """

    classes = 256
    vocabulary = 256

    def __init__(self, path: str, tokens: int = 128, validation: float = 0.1, test: float = 0.1) -> None:
        if not is_whole(tokens) or tokens < 2:
            raise ValueError(f"text: tokens must be a whole number of at least 2; got {tokens!r}")
        self.path = existing("text", path, folder=False)
        self.tokens = int(tokens)
        self.validation, self.test = checked_shares("text", validation, test)
        self.input_shape = (self.tokens,)
        self._stretches(Path(self.path).stat().st_size)

    def load(self) -> Splits:
        content = np.fromfile(self.path, dtype=np.uint8)
        stretches = self._stretches(len(content))
        splits = Splits(*(self._examples(content[stretch]) for stretch in stretches))
        return replace(splits, preparation=Preparation("bytes as token ids; an output is the byte that follows"))

    def _stretches(self, size: int) -> tuple[slice, slice, slice]:
        """Bytes of the three splits."""
        first, second = round(size * (1 - self.validation - self.test)), round(size * (1 - self.test))
        shortest = min(first, second - first, size - second)
        if shortest <= self.tokens:
            raise ValueError(
                f"text: each split needs at least tokens + 1 = {self.tokens + 1:,} bytes, the shortest has "
                f"{shortest:,} of the {size:,} in {self.path}; take fewer tokens, larger shares or a longer file"
            )
        return slice(0, first), slice(first, second), slice(second, size)

    def _examples(self, content: np.ndarray[tuple[int], np.dtype[np.uint8]]) -> Split:
        import torch

        count = (len(content) - 1) // self.tokens
        ids = torch.from_numpy(content[: count * self.tokens + 1].astype(np.int64))
        return Split(ids[:-1].reshape(count, self.tokens), ids[1:].reshape(count, self.tokens))
