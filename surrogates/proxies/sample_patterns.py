"""How many of many random inputs a network's ReLUs tell apart."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from surrogates.proxies.proxy_failure import ProxyFailure
from surrogates.proxies.shared_pass import shared_pass

SAMPLES = 1000
_LOT = 250  # samples that run at a time
_SIDES = (3, 8)  # of images, in pixels


def sample_patterns(model: nn.Module, inputs: Tensor) -> int:
    """Number of different patterns of activation among 1,000 standard normal inputs, in training mode.

    A pattern says of every ReLU's every unit whether it is on. Images have 3x3 pixels as in TE-NAS; 8x8 or the inputs'
    own size where the network takes no smaller ones.

    Args:
        model: Its mode and normalisation statistics change.
        inputs: Shape ``(batch, …)``; only the shape matters, no value is read.

    Raises:
        ProxyFailure: The inputs are no real numbers, or the network ran no ReLU, or its outputs are not finite.
    """
    if not inputs.is_floating_point():
        raise ProxyFailure(f"linear regions of the input space need real numbers as inputs; they are {inputs.dtype}")
    shapes = list(_shapes(inputs))
    for shape in shapes[:-1]:
        try:
            return _patterns(model, inputs.new_empty(_LOT, *shape))
        except (RuntimeError, ValueError):  # too small for the network
            continue
    return _patterns(model, inputs.new_empty(_LOT, *shapes[-1]))


def _shapes(inputs: Tensor) -> Iterator[tuple[int, ...]]:
    own = tuple(inputs.shape[1:])
    if len(own) == 3:
        yield from ((own[0], side, side) for side in _SIDES if side < min(own[1:]))
    yield own


def _patterns(model: nn.Module, lot: Tensor) -> int:
    seen: set[bytes] = set()
    for _ in range(SAMPLES // _LOT):
        signs = shared_pass(model, torch.randn_like(lot), None, frozenset({"activation_signs"}))["activation_signs"]
        if isinstance(signs, ProxyFailure):
            raise signs
        if not signs:
            raise ProxyFailure("linear regions need ReLU activations; the network ran none")
        rows = torch.cat(list(signs), dim=1).byte().cpu().numpy()
        seen |= {hashlib.blake2b(row.tobytes(), digest_size=16).digest() for row in rows}
    return len(seen)
