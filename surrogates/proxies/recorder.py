"""What happens inside a network while it runs: which units its ReLUs switch on, what its layers put out, what it costs.

Operations are watched where torch dispatches them, so modules, functions and methods count alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

# What torch.relu, Tensor.relu, functional.relu, nn.ReLU and nn.ReLU6 come down to, in place or not.
_aten = torch.ops.aten
_RELU = frozenset({_aten.relu.default, _aten.relu_.default, _aten.relu6.default, _aten.relu6_.default})
_CLIPPED = frozenset({_aten.hardtanh.default, _aten.hardtanh_.default})
_IN_PLACE = frozenset({_aten.relu_.default, _aten.relu6_.default, _aten.hardtanh_.default, _aten.silu_.default})
HIDDEN_ACTIVATIONS = frozenset({_aten.gelu.default, _aten.silu.default, _aten.silu_.default, *_RELU})

_LAYERS: frozenset[Callable[..., Tensor]] = frozenset(
    {
        *(torch.conv1d, torch.conv2d, torch.conv3d, functional.linear),
        *(torch.conv_transpose1d, torch.conv_transpose2d, torch.conv_transpose3d),
    }
)


# What a probe needs that each kind of watching serves.
OPERATIONS = frozenset({"activation_signs", "activations", "hidden_states", "macs"})
LAYERS = frozenset({"channel_saliency", "feature_maps", "last_features"})
ACTIVATED = 3  # examples whose activations are kept; all of them would take much memory


class Recorder:
    """Records one run of a network; a context around it.

    Args:
        needs: Of a probe; what is not needed is not watched.

    Attributes:
        signs: For each ReLU in the order of running, a boolean tensor of its output's shape: is it positive? Several
            ReLUs of one tensor share one object.
        layers: The output of each convolution and linear layer in the order of running, with the axis of its channels.
        activations: The output of each ReLU in the order of running, of the first three examples.
        last_features: What the last convolution or linear layer received, or None.
        hidden: What each GELU, SiLU and ReLU received, in the order of running.
        macs: Multiply-accumulates of convolutions and matrix products, over the whole batch.
    """

    def __init__(self, needs: frozenset[str]) -> None:
        self.signs: list[Tensor] = []
        self.activations: list[Tensor] = []
        self.hidden: list[Tensor] = []
        self.layers: list[tuple[Tensor, int]] = []
        self.last_features: Tensor | None = None
        self.macs = 0
        self._modes: list[Any] = []
        if needs & OPERATIONS:
            self._modes.append(_Operations(self, needs))
        if needs & LAYERS:
            self._modes.append(_Layers(self))
        self._stack = ExitStack()

    def __enter__(self) -> Recorder:
        for mode in self._modes:
            self._stack.enter_context(mode)
        return self

    def __exit__(self, *raised: Any) -> None:
        self._stack.close()


class _Operations(TorchDispatchMode):  # type: ignore[no-untyped-call]
    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # otherwise the first call imports torch._dynamo, which takes seconds

    def __init__(self, recorder: Recorder, needs: frozenset[str]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.recorder = recorder
        self.wants_signs, self.wants_activations = "activation_signs" in needs, "activations" in needs
        self.wants_hidden, self.wants_macs = "hidden_states" in needs, "macs" in needs
        # Several ReLUs of a cell often see the same tensor. It is kept, so that its id names no other.
        self.known: dict[tuple[int, int], tuple[Tensor, Tensor]] = {}

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if self.wants_hidden and func in HIDDEN_ACTIVATIONS:
            self.recorder.hidden.append(args[0].clone() if func in _IN_PLACE else args[0])
        output = func(*args, **(kwargs or {}))
        # nn.Hardtanh shares its operation with ReLU6; from another lower end than 0 (by default -1) it is no ReLU.
        if func in _RELU or (func in _CLIPPED and len(args) > 1 and args[1] == 0):
            if self.wants_signs:
                self.recorder.signs.append(self._signs(func, args[0], output))
            if self.wants_activations:
                self.recorder.activations.append(output[:ACTIVATED].clone())
        elif self.wants_macs and func._overloadpacket in flop_registry:
            flops = flop_registry[func._overloadpacket](*args, **(kwargs or {}), out_val=output)
            self.recorder.macs += flops // 2
        return output

    def _signs(self, func: Any, given: Tensor, output: Tensor) -> Tensor:
        if func in _IN_PLACE:
            return output.bool()  # nothing is negative here: four times faster than output > 0
        key = (id(given), given._version)
        if key not in self.known:
            self.known[key] = (given, output.bool())
        return self.known[key][1]


class _Layers(TorchFunctionMode):
    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self.recorder = recorder

    def __torch_function__(
        self, func: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        output = func(*args, **(kwargs or {}))
        if func in _LAYERS:
            self.recorder.last_features = args[0] if args else (kwargs or {})["input"]
            self.recorder.layers.append((output, output.ndim - 1 if func is functional.linear else 1))
        return output
