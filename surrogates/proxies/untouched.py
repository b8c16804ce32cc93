"""Leaving models and global random generators as they were."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn


@contextmanager
def untouched_model(model: nn.Module) -> Iterator[None]:
    """Puts weights, buffers, gradients, ``requires_grad``, memory layouts and modes back, also after an error.

    Values are copied back into the tensors that were there before, so that references to them stay valid.
    """
    modules = list(model.modules())
    modes = [module.training for module in modules]
    owned = [(module._parameters.copy(), module._buffers.copy()) for module in modules]
    groups = [group for pair in owned for group in pair]
    tensors = {id(tensor): tensor for group in groups for tensor in group.values() if tensor is not None}
    with torch.inference_mode(False):
        saved = [
            (tensor, tensor.data, tensor.detach().clone(), tensor.requires_grad, tensor.grad, _copy(tensor.grad))
            for tensor in tensors.values()
        ]
    try:
        yield
    finally:
        for module, mode, (parameters, buffers) in zip(modules, modes, owned, strict=True):
            if module.training != mode:  # setting an attribute of a module is slow
                module.training = mode
            module._parameters.clear()
            module._parameters.update(parameters)
            module._buffers.clear()
            module._buffers.update(buffers)
        for tensor, data, value, requires_grad, gradient, gradient_value in saved:
            if requires_grad != tensor.requires_grad:
                tensor.requires_grad_(requires_grad)
            data.copy_(value)  # through data: a graph of the caller's that needs this tensor stays valid
            if tensor.data_ptr() != data.data_ptr():
                tensor.data = data
            tensor.grad = gradient
            if gradient is not None and gradient_value is not None:
                gradient.data.copy_(gradient_value)


@contextmanager
def untouched_globals() -> Iterator[None]:
    """Puts the states of the global generators of torch, numpy and Python back, also after an error."""
    python_state = random.getstate()
    numpy_state = np.random.get_state()  # noqa: NPY002 - it is put back, not used
    try:
        with torch.random.fork_rng(_cuda_devices()):
            yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)  # noqa: NPY002


def seed_globals(seed: int) -> None:
    """Seeds the global generators. Nothing of ours reads them, but a model's own code may: dropout does."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    torch.default_generator.manual_seed(seed)  # a hundred times faster than torch.manual_seed
    if _cuda_devices():
        torch.cuda.manual_seed_all(seed)


def _cuda_devices() -> list[int]:
    # Before CUDA is initialised its generators have no state, and asking for it would initialise it.
    return list(range(torch.cuda.device_count())) if torch.cuda.is_initialized() else []  # type: ignore[no-untyped-call]


def _copy(tensor: Tensor | None) -> Tensor | None:
    return None if tensor is None else tensor.detach().clone()
