"""Bytes of live tensors while a network runs on the processor."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class _LiveBytes(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the storages of all tensors that operations return, each once, until nothing refers to them.

    Attributes:
        peak: The most bytes alive at once, seen after each operation, when its inputs and outputs are both there.
    """

    def __init__(self, held: Iterable[Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._alive: dict[StorageWeakRef, int] = {}
        self.peak = 0
        self._add(held)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        self._add(one for one in tree_leaves(made) if isinstance(one, Tensor))
        return made

    def _add(self, tensors: Iterable[Tensor]) -> None:
        for tensor in tensors:
            storage = tensor.untyped_storage()
            self._alive[StorageWeakRef(storage)] = storage.nbytes()  # type: ignore[no-untyped-call]
        expired = [one for one in self._alive if one.expired()]  # type: ignore[no-untyped-call]
        for one in expired:
            del self._alive[one]
        self.peak = max(self.peak, sum(self._alive.values()))


def peak_live_bytes(network: torch.nn.Module, inputs: Tensor, backward: bool) -> int:
    """The most bytes of tensors alive at once in one pass: weights, buffers, inputs, activations and gradients."""
    with _LiveBytes([*network.parameters(), *network.buffers(), inputs]) as counter:
        outputs = network(inputs)
        if backward:
            outputs.square().mean().backward()
    peak: int = counter.peak
    return peak
