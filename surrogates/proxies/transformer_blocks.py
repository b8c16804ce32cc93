"""Which weights of a Transformer attend, and which feed forward."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from surrogates.proxies.proxy_failure import ProxyFailure
from surrogates.proxies.recorder import HIDDEN_ACTIVATIONS
from surrogates.proxies.shared_pass import require_finite

_aten = torch.ops.aten
# Root-mean-square normalisations come down to a reciprocal square root where they are not fused.
_NORMALISATIONS = frozenset({_aten.native_layer_norm.default, _aten._fused_rms_norm.default, _aten.rsqrt.default})
_BY_WEIGHTS = frozenset({_aten.mm.default, _aten.addmm.default})
_AMONG_STATES = frozenset({_aten.bmm.default, _aten.baddbmm.default})


@dataclass(frozen=True)
class TransformerBlocks:
    """Weight matrices ``(outputs, inputs)`` of a Transformer's blocks, in the order of running.

    Attributes:
        attention: Of blocks that multiply states with states.
        feed_forward: Of blocks with GELU, SiLU or ReLU.
    """

    attention: tuple[Tensor, ...]
    feed_forward: tuple[Tensor, ...]


def transformer_blocks(model: nn.Module, inputs: Tensor) -> TransformerBlocks:
    """Runs the model in training mode and tells its blocks apart: what runs between two normalisations.

    A block that multiplies states with states attends, one with GELU, SiLU or ReLU feeds forward; embeddings and output
    layers do neither.

    Args:
        model: Its mode changes.
        inputs: Shape ``(batch, …)``; the first two run.

    Raises:
        ProxyFailure: One of the kinds is missing, as in networks that are no Transformers; or one block is of both.
    """
    model.train()
    with torch.inference_mode(False), torch.no_grad(), _Blocks(model) as watched:
        require_finite(model(inputs[:2].clone()))
    if any(block.attends and block.feeds_forward for block in watched.blocks):
        raise ProxyFailure("attention and feed-forward layers must be told apart by a normalisation between them")
    found = TransformerBlocks(
        tuple(weight for block in watched.blocks if block.attends for weight in block.copies()),
        tuple(weight for block in watched.blocks if block.feeds_forward for weight in block.copies()),
    )
    if not (found.attention and found.feed_forward):
        raise ProxyFailure(
            "attention and feed-forward layers with normalisations between them, as in Transformers, are needed; the "
            "network has no such blocks"
        )
    return found


@dataclass
class _Block:
    weights: dict[int, Tensor] = field(default_factory=dict)  # by storage
    attends: bool = False
    feeds_forward: bool = False

    def copies(self) -> list[Tensor]:
        return [weight.detach().clone() for weight in self.weights.values()]


class _Blocks(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Watches what happens between normalisations."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # otherwise the first call imports torch._dynamo, which takes seconds

    def __init__(self, model: nn.Module) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.blocks = [_Block()]
        self.known = {_storage(weight): weight for weight in model.parameters() if weight.ndim == 2}

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if func in _NORMALISATIONS:
            self.blocks.append(_Block())
        block = self.blocks[-1]
        block.attends |= func in _AMONG_STATES or "scaled_dot_product" in func.name()
        block.feeds_forward |= func in HIDDEN_ACTIVATIONS
        if func in _BY_WEIGHTS and _storage(args[-1]) in self.known:
            block.weights[_storage(args[-1])] = self.known[_storage(args[-1])]
        return func(*args, **(kwargs or {}))


def _storage(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()
