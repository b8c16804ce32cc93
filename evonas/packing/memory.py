"""How many candidates train together: by measured memory."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any

import psutil
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from evonas.core.failure import is_out_of_memory


def peak_bytes(step: Callable[[], object], device: torch.device) -> int:
    """Memory that a dry step takes at its worst, beside what is taken already.

    On CUDA it is the allocator's peak, so the libraries' workspaces count; elsewhere that of PyTorch's tensors.
    """
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        torch.cuda.reset_peak_memory_stats(device)
        before = int(torch.cuda.memory_allocated(device))
        step()
        torch.cuda.synchronize(device)
        return int(torch.cuda.max_memory_allocated(device)) - before
    with _LivingTensors() as living:
        step()
    return int(living.peak)


def free_bytes(device: torch.device) -> int:
    """Memory of a device that nothing holds; on CUDA also what PyTorch's allocator only keeps in store."""
    if device.type != "cuda":
        return int(psutil.virtual_memory().available)
    stored = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return int(torch.cuda.mem_get_info(device)[0]) + stored


def first_that_fit(candidates: Sequence[int], bytes_of: Callable[[Sequence[int]], int], room_bytes: int) -> list[int]:
    """The first of the candidates, as many as fit together.

    Args:
        candidates: Their numbers, at least one.
        bytes_of: Measures the dry step of a pack; may run out of memory. Of several that fit it was asked last.
        room_bytes: What a pack may take.

    Returns:
        At least one: a candidate that does not fit is alone, and its training says what it lacks.
    """
    pack = list(candidates)
    while len(pack) > 1:
        try:
            needed = bytes_of(pack)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            needed = 2 * room_bytes + 1
        if needed <= room_bytes:
            break
        # The memory of fewer, were all alike; at least one less, as they are not.
        pack = pack[: max(1, min(len(pack) - 1, len(pack) * room_bytes // needed))]
    return pack


class _LivingTensors(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the bytes of the tensors that are made inside and not gone yet."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.peak = self.now = 0
        self._known: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        given = {each.untyped_storage().data_ptr() for each in tree_leaves((args, kwargs)) if isinstance(each, Tensor)}
        result = func(*args, **kwargs)
        for tensor in tree_leaves(result):
            if isinstance(tensor, Tensor):
                self._count(tensor.untyped_storage(), given)
        return result

    def _count(self, storage: torch.UntypedStorage, given: set[int]) -> None:
        address, size = storage.data_ptr(), storage.nbytes()
        if address in given or address in self._known or not size:
            return
        self._known.add(address)
        self.now += size
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._forget, address, size)

    def _forget(self, address: int, size: int) -> None:
        self._known.discard(address)
        self.now -= size
