"""How many threads torch runs on. One for small work: two were measured several times slower on a busy machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import torch


def one_torch_thread() -> AbstractContextManager[None]:
    """Runs its block on one torch thread and puts the process's setting back."""
    return torch_threads(1)


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """Runs its block on ``count`` torch threads and puts the process's setting back."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
