"""The operations that a network is made of while it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode, resolve_name
from torch.utils._pytree import tree_leaves, tree_map


@dataclass(frozen=True, slots=True)
class Operation:
    """A layer, or a function of torch between layers, with what it was given.

    Attributes:
        key: Equal for operations that take equally long: the layer's type, arguments and parameters' shapes, or the
            function's name and arguments, and the types and shapes of its inputs.
        run: Does it again.
    """

    key: str
    run: Callable[[], object]


def operations_of(network: nn.Module, inputs: Tensor) -> list[Operation]:
    """Every operation of one pass in the order of running.

    Modules without children are layers; what they call belongs to them. Between layers every function of torch counts
    that returns a tensor: sums, matrix products, views.

    Args:
        network: In evaluation mode. On the meta device nothing is computed, and the keys are the same.
        inputs: One batch, on the network's device.
    """
    recorder = _Recorder()
    handles = []
    for module in network.modules():
        if not any(True for _ in module.children()):
            handles.append(module.register_forward_pre_hook(recorder.enter))
            handles.append(module.register_forward_hook(recorder.leave, with_kwargs=True))
    try:
        with recorder:
            network(inputs)
    finally:
        for handle in handles:
            handle.remove()
    return recorder.found


class _Recorder(TorchFunctionMode):
    """Notes layers by their hooks, and functions that are called outside of layers."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Operation] = []
        self._depth = 0

    def enter(self, module: nn.Module, inputs: Any) -> None:
        self._depth += 1

    def leave(self, module: nn.Module, inputs: Any, keywords: Any, output: Any) -> None:
        self._depth -= 1
        if self._depth == 0:
            weights = _described([list(module.parameters()), list(module.buffers())])
            name = f"{type(module).__name__}({module.extra_repr()})"
            self.found.append(
                Operation(f"{name} {weights} {_arguments(inputs, keywords)}", lambda: module(*inputs, **keywords))
            )

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        keywords = kwargs or {}
        made = func(*args, **keywords)
        if self._depth == 0 and any(isinstance(one, Tensor) for one in tree_leaves(made)):
            name = resolve_name(func) or func.__name__
            self.found.append(Operation(f"{name} {_arguments(args, keywords)}", lambda: func(*args, **keywords)))
        return made


def _arguments(inputs: Any, keywords: Mapping[str, Any]) -> str:
    # A tensor's device is left out: the same operation on the meta device has the same key.
    given = {name: value for name, value in keywords.items() if not isinstance(value, torch.device)}
    return f"{_described(inputs)} {_described(given)}" if given else _described(inputs)


def _described(values: Any) -> str:
    return str(tree_map(_one_described, values)).replace("'", "")


def _one_described(value: Any) -> Any:
    if isinstance(value, Tensor):
        return f"{str(value.dtype).removeprefix('torch.')}{list(value.shape)}"
    if value is None or isinstance(value, bool | int | float | str | slice | torch.dtype):
        return value
    return type(value).__name__
