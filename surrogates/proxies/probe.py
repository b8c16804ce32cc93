"""The passes that proxies share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from torch import Tensor, nn

from surrogates.proxies.activation_signs import activation_signs
from surrogates.proxies.proxy_failure import ProxyFailure
from surrogates.proxies.synaptic_flow import synaptic_flow
from surrogates.proxies.untouched import seed_globals, untouched_globals, untouched_model

Collector = Callable[[nn.Module, Tensor, Tensor | None], Any]

_COLLECTORS: dict[str, Collector] = {
    "parameters": lambda model, inputs, targets: {  # noqa: ARG005 - every collector is given the same
        name: tensor.numel() for name, tensor in model.named_parameters() if tensor.requires_grad
    },
    "activation_signs": lambda model, inputs, targets: activation_signs(model, inputs),  # noqa: ARG005
    "synaptic_flow": lambda model, inputs, targets: synaptic_flow(model, inputs),  # noqa: ARG005
}

NEEDS = frozenset(_COLLECTORS)


class Probe:
    """What one network shows on one batch before any training: collected once, read by every proxy.

    The model's weights, buffers, gradients and modes and the global random generators are afterwards as before. Each
    collection starts from the same seed, so none depends on which others are asked for. One that fails says so when it
    is read, and only to the proxies that read it.

    Args:
        model: ``(batch, …)`` to outputs, freshly initialised.
        inputs: Shape ``(batch, …)``, on the model's device.
        targets: Shape ``(batch,)``, or None: for proxies that need labels.
        needs: What to collect, among ``NEEDS``.
        seed: Of the global generators while the model runs; matters to models that draw, as dropout does.

    Raises:
        ValueError: ``needs`` names something that no probe collects.
    """

    def __init__(
        self,
        model: nn.Module,
        inputs: Tensor,
        targets: Tensor | None = None,
        needs: frozenset[str] = NEEDS,
        seed: int = 0,
    ) -> None:
        unknown = sorted(needs - NEEDS)
        if unknown:
            raise ValueError(f"a proxy's needs must be among {', '.join(sorted(NEEDS))}; got {', '.join(unknown)}")
        self._collected: dict[str, Any] = {}
        self._failures: dict[str, str] = {}
        with untouched_model(model), untouched_globals():
            for need in sorted(needs):
                seed_globals(seed)
                self._collect(need, model, inputs, targets)

    @property
    def parameters(self) -> Mapping[str, int]:
        """Size of each trainable parameter tensor by its name in the model."""
        return cast(Mapping[str, int], self._read("parameters"))

    @property
    def activation_signs(self) -> tuple[Tensor, ...]:
        """For each ReLU in the order of running, ``(batch, units)`` booleans: is its output positive?"""
        return cast(tuple[Tensor, ...], self._read("activation_signs"))

    @property
    def synaptic_flow(self) -> Mapping[str, Tensor]:
        """Synaptic saliency of each weight tensor, float64, non-negative; see ``synaptic_flow.py``."""
        return cast(Mapping[str, Tensor], self._read("synaptic_flow"))

    def _collect(self, need: str, model: nn.Module, inputs: Tensor, targets: Tensor | None) -> None:
        try:
            self._collected[need] = _COLLECTORS[need](model, inputs, targets)
        except ProxyFailure as failure:
            self._failures[need] = str(failure)
        except Exception as error:  # the user's model runs here, and may raise anything
            self._failures[need] = f"the network failed while {need} were collected: {type(error).__name__}: {error}"

    def _read(self, need: str) -> Any:
        if need in self._failures:
            raise ProxyFailure(self._failures[need])
        if need not in self._collected:
            raise RuntimeError(f"{need!r} was not collected; add it to the proxy's needs")
        return self._collected[need]
