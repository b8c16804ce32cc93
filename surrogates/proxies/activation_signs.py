"""Which units of its ReLUs a batch switches on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from surrogates.proxies.proxy_failure import ProxyFailure

# What torch.relu, Tensor.relu, functional.relu, nn.ReLU and nn.ReLU6 come down to, in place or not.
_aten = torch.ops.aten
_RELU = frozenset({_aten.relu.default, _aten.relu_.default, _aten.relu6.default, _aten.relu6_.default})
_CLIPPED = frozenset({_aten.hardtanh.default, _aten.hardtanh_.default})


def activation_signs(model: nn.Module, inputs: Tensor) -> tuple[Tensor, ...]:
    """Runs the model once, in training mode as is published for these proxies, and records each ReLU's signs.

    Operations are watched where torch dispatches them, so modules, functions and methods count alike.

    Args:
        model: Put into training mode; its normalisation statistics move.
        inputs: Shape ``(batch, …)``.

    Returns:
        For each ReLU in the order of running a boolean tensor ``(batch, units)``: is the output positive?

    Raises:
        ProxyFailure: A ReLU's output does not begin with the batch.
    """
    model.train()
    with torch.no_grad(), _SignRecorder() as recorder:
        model(inputs)
    for signs in recorder.signs:
        if signs.ndim == 0 or len(signs) != len(inputs):
            raise ProxyFailure(
                f"a ReLU's output must begin with the batch of {len(inputs)} inputs; one has shape {tuple(signs.shape)}"
            )
    return tuple(signs.reshape(len(inputs), -1) for signs in recorder.signs)


class _SignRecorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.signs: list[Tensor] = []

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        output = func(*args, **(kwargs or {}))
        # nn.Hardtanh shares its operation with ReLU6; from another lower end than 0 (by default -1) it is no ReLU.
        if func in _RELU or (func in _CLIPPED and len(args) > 1 and args[1] == 0):
            self.signs.append(output > 0)
        return output
