"""A network as the list of its torch layers and operations."""

from __future__ import annotations

import copy
import operator
from typing import Any

import torch
from torch import Tensor, fx, nn

from evonas.exporters.unparametrized import unparametrized


class _Shaped(fx.Proxy):
    """A symbol that knows an example of its value, so that code may look at every size but the batch's."""

    value: Any = None
    batched = True

    @property
    def shape(self) -> Any:
        sizes = tuple(self.value.shape)
        return (self.size(0), *sizes[1:]) if self.batched and sizes else sizes

    def __iter__(self) -> Any:
        if isinstance(self.value, (tuple, list)):  # of torch.split and the like
            return iter([operator.getitem(self, index) for index in range(len(self.value))])
        return super().__iter__()


class _Tracer(fx.Tracer):
    """Traces with an example at hand; layers of torch stay whole, all others are looked into."""

    def __init__(self, twin: nn.Module, example: Tensor) -> None:
        super().__init__()
        self._twin = twin  # computes the examples: what the network itself is asked for while traced is a symbol
        self._example = example

    def proxy(self, node: fx.Node) -> fx.Proxy:
        return _Shaped(node, self)

    def create_proxy(self, kind: str, target: Any, args: Any, kwargs: Any, *others: Any, **more: Any) -> fx.Proxy:
        made: _Shaped = super().create_proxy(kind, target, args, kwargs, *others, **more)  # type: ignore[assignment]
        made.value = self._value(kind, target, _values(args), _values(kwargs))
        made.batched = kind != "get_attr"
        return made

    def _value(self, kind: str, target: Any, args: Any, kwargs: Any) -> Any:
        with torch.no_grad():
            if kind == "placeholder":
                return self._example
            if kind == "get_attr":
                return _attribute(self._twin, target)
            if kind == "call_module":
                return self._twin.get_submodule(target).forward(*args, **kwargs)
            if kind == "call_method":
                return getattr(args[0], target)(*args[1:], **kwargs)
            return target(*args, **kwargs) if kind == "call_function" else None


def traced(model: nn.Module, example: Tensor) -> fx.GraphModule:
    """A copy of the network as torch layers in the order of running.

    Args:
        model: In evaluation mode.
        example: Inputs ``(n, *input_shape)``; only the number of examples may differ later.

    Raises:
        Exception: What the network's own code raises where it decides by values or iterates over them.
    """
    plain = unparametrized(model)
    tracer = _Tracer(copy.deepcopy(plain), example)
    return fx.GraphModule(plain, tracer.trace(plain))


def _values(of: Any) -> Any:
    return fx.node.map_aggregate(of, lambda one: one.value if isinstance(one, _Shaped) else one)


def _attribute(root: Any, path: str) -> Any:
    for name in path.split("."):
        root = getattr(root, name)
    return root
