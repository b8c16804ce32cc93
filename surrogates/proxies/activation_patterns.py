"""Different sequences of signs that the units of a network show over a batch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from surrogates.proxies.proxy_failure import ProxyFailure

_HALF = 16  # bits of a pattern that one product of float32 holds, far below its 24


def activation_patterns(layers: Sequence[Tensor]) -> int:
    """Number of different patterns over the units of all layers.

    Args:
        layers: For each, ``(batch, units)`` booleans; the same object several times counts once.

    Raises:
        ProxyFailure: There are no layers.
    """
    if not layers:
        raise ProxyFailure("activation patterns need ReLU activations; the network ran none")
    words = np.concatenate([_words(layer) for layer in {id(layer): layer for layer in layers}.values()])
    if words.shape[1] > 1:
        return len(np.unique(words, axis=0))
    # Sorted by hand: numpy's unique hashes, which takes a hundred times as long for so many different values.
    patterns = np.sort(words[:, 0])
    return int(np.count_nonzero(patterns[1:] != patterns[:-1])) + 1


def _words(signs: Tensor) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
    """Patterns of the units as whole numbers of 32 bits, ``(units, words)``."""
    batch = len(signs)
    places = torch.arange(batch, device=signs.device)
    bits = torch.zeros(batch // _HALF + 2 & ~1, batch, device=signs.device)  # an even number of halves
    bits[places // _HALF, places] = (1 << places % _HALF).to(bits.dtype)  # a GPU's powers need not be exact
    halves = (bits[: -(-batch // 32) * 2] @ signs.view(torch.uint8).to(bits.dtype)).to(torch.int32)
    words: np.ndarray[tuple[int, int], np.dtype[np.int32]] = (halves[::2] + (halves[1::2] << _HALF)).T.cpu().numpy()
    return words
