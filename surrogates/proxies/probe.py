"""The passes that proxies share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any, cast

from torch import Tensor, nn

from spaces.architecture import Architecture
from surrogates.proxies import shared_pass as shared
from surrogates.proxies.constant_outputs import constant_outputs
from surrogates.proxies.hessian_gradients import hessian_gradients
from surrogates.proxies.perturbation import Perturbation, perturbation
from surrogates.proxies.proxy_failure import ProxyFailure
from surrogates.proxies.sample_gradients import sample_sign_sums, tangent_kernel
from surrogates.proxies.sample_patterns import sample_patterns
from surrogates.proxies.split_gradients import split_gradients
from surrogates.proxies.stages import Stages, stages
from surrogates.proxies.synaptic_flow import synaptic_flow
from surrogates.proxies.transformer_blocks import TransformerBlocks, transformer_blocks
from surrogates.proxies.untouched import seed_globals, untouched_globals, untouched_model

Collector = Callable[[nn.Module, Tensor, Tensor | None], Any]

# Read off the model without running it.
_READERS: dict[str, Callable[[nn.Module], Any]] = {
    "parameters": lambda model: {
        name: tensor.numel() for name, tensor in model.named_parameters() if tensor.requires_grad
    },
    "weights": lambda model: {name: weight.detach().clone() for name, weight in shared.weights_of(model).items()},
}

# Passes of their own, beside the one that all of shared.NEEDS share.
_COLLECTORS: dict[str, Collector] = {
    "constant_outputs": lambda model, inputs, _: constant_outputs(model, inputs),
    "hessian_gradients": hessian_gradients,
    "perturbation": lambda model, inputs, _: perturbation(model, inputs),
    "sample_patterns": lambda model, inputs, _: sample_patterns(model, inputs),
    "sample_sign_sums": sample_sign_sums,
    "split_gradients": split_gradients,
    "stages": lambda model, inputs, _: stages(model, inputs),
    "synaptic_flow": lambda model, inputs, _: synaptic_flow(model, inputs),
    "tangent_kernel": lambda model, inputs, _: tangent_kernel(model, inputs),
    "transformer_blocks": lambda model, inputs, _: transformer_blocks(model, inputs),
}

NEEDS = shared.NEEDS | _READERS.keys() | _COLLECTORS.keys() | {"architecture"}


class Probe:
    """What one network shows on one batch before any training: collected once, read by every proxy.

    One forward pass serves all of ``shared_pass.NEEDS``, with one backward pass of the loss and one of the outputs
    where gradients are asked for. What needs other weights, other inputs or single examples has a pass of its own.

    The model's weights, buffers, gradients and modes and the global random generators are afterwards as before. Each
    pass starts from the same seed and the same model, so none depends on which others are asked for. One that fails
    says so when it is read, and only to the proxies that read it.

    Args:
        model: ``(batch, …)`` to outputs, freshly initialised.
        inputs: Shape ``(batch, …)``, on the model's device.
        targets: Shape ``(batch,)``, or None: for proxies that need labels.
        needs: What to collect, among ``NEEDS``.
        seed: Of the global generators while the model runs; matters to models that draw, as dropout does.
        architecture: The simplified graph that the model was built from, for proxies of topology; None for a bare
            network. Where nothing else is needed the model never runs.

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
        architecture: Architecture | None = None,
    ) -> None:
        unknown = sorted(needs - NEEDS)
        if unknown:
            raise ValueError(f"a proxy's needs must be among {', '.join(sorted(NEEDS))}; got {', '.join(unknown)}")
        self._collected: dict[str, Any] = {}
        self.targets = targets
        if "architecture" in needs:
            self._collected["architecture"] = architecture or ProxyFailure(
                "topology is read off an architecture; this network came without one: pass it with the network"
            )
        self._collected |= {
            need: shared.attempt(need, partial(_READERS[need], model)) for need in needs & _READERS.keys()
        }
        with untouched_globals():
            for need in sorted(needs & _COLLECTORS.keys()):
                own = partial(_COLLECTORS[need], model, inputs, targets)
                self._collect((need,), lambda need=need, own=own: {need: own()}, model, seed)  # type: ignore[misc]
            among = needs & shared.NEEDS
            if among:
                self._collect(among, partial(shared.shared_pass, model, inputs, targets, among), model, seed)

    @property
    def architecture(self) -> Architecture:
        """The simplified graph that the network was built from."""
        return cast(Architecture, self._read("architecture"))

    @property
    def parameters(self) -> Mapping[str, int]:
        """Size of each trainable parameter tensor by its name in the model."""
        return cast(Mapping[str, int], self._read("parameters"))

    @property
    def weights(self) -> Mapping[str, Tensor]:
        """Each weight of two or more dimensions by its name in the model: no biases."""
        return cast(Mapping[str, Tensor], self._read("weights"))

    @property
    def activation_signs(self) -> tuple[Tensor, ...]:
        """For each ReLU in the order of running, ``(batch, units)`` booleans: is its output positive?

        ReLUs of one tensor share one object. Units of a layer stand in any order, the same for all examples.
        """
        return cast(tuple[Tensor, ...], self._read("activation_signs"))

    @property
    def feature_maps(self) -> tuple[Tensor, ...]:
        """The output ``(batch, channels, …)`` of each convolution and linear layer, in the order of running."""
        return cast(tuple[Tensor, ...], self._read("feature_maps"))

    @property
    def input_gradients(self) -> Tensor:
        """``(batch, features)``: the gradient of the sum of all outputs by each input.

        It is an example's own Jacobian, summed over outputs, where examples do not interact; through batch
        normalisation in training mode they do, and this is the gradient that is published all the same.
        """
        return cast(Tensor, self._read("input_gradients"))

    @property
    def weight_gradients(self) -> Mapping[str, tuple[Tensor, Tensor]]:
        """Each weight of two or more dimensions, and the gradient of the batch's mean cross-entropy by it."""
        return cast(Mapping[str, tuple[Tensor, Tensor]], self._read("weight_gradients"))

    @property
    def channel_saliency(self) -> tuple[Tensor, ...]:
        """Per convolution or linear layer ``(batch, channels)``: output times its gradient, summed over positions."""
        return cast(tuple[Tensor, ...], self._read("channel_saliency"))

    @property
    def split_gradients(self) -> Mapping[str, Tensor]:
        """``(2, *shape)`` for each weight: gradients of the mean cross-entropy of the batch's two halves."""
        return cast(Mapping[str, Tensor], self._read("split_gradients"))

    @property
    def macs(self) -> float:
        """Multiply-accumulates of convolutions and matrix products for one example."""
        return cast(float, self._read("macs"))

    @property
    def depth(self) -> int:
        """Convolutions and linear layers on the longest path."""
        return cast(int, self._read("depth"))

    @property
    def perturbation(self) -> Perturbation:
        """How far a perturbed input moves the last feature map, with Gaussian weights."""
        return cast(Perturbation, self._read("perturbation"))

    @property
    def activations(self) -> tuple[Tensor, ...]:
        """The output of each ReLU in the order of running, of the batch's first 3 examples."""
        return cast(tuple[Tensor, ...], self._read("activations"))

    @property
    def last_features(self) -> Tensor:
        """``(batch, …)``: what the last convolution or linear layer received."""
        return cast(Tensor, self._read("last_features"))

    @property
    def hidden_states(self) -> tuple[Tensor, ...]:
        """What each GELU, SiLU and ReLU received, in the order of running."""
        return cast(tuple[Tensor, ...], self._read("hidden_states"))

    @property
    def sample_patterns(self) -> int:
        """Different patterns of activation among 1,000 random inputs."""
        return cast(int, self._read("sample_patterns"))

    @property
    def stages(self) -> Stages:
        """Entropies and Jacobians of the stages of a convolutional network, with Kaiming-normal weights on noise."""
        return cast(Stages, self._read("stages"))

    @property
    def constant_outputs(self) -> Tensor:
        """``(2, outputs)``, float64: those of the whole batch with every weight 1e-7, and 1."""
        return cast(Tensor, self._read("constant_outputs"))

    @property
    def hessian_gradients(self) -> Mapping[str, tuple[Tensor, Tensor]]:
        """Each weight, and the loss's Hessian times the loss's gradient."""
        return cast(Mapping[str, tuple[Tensor, Tensor]], self._read("hessian_gradients"))

    @property
    def sample_sign_sums(self) -> Tensor:
        """``(weights,)``: for each the sum over examples of its gradient's sign."""
        return cast(Tensor, self._read("sample_sign_sums"))

    @property
    def tangent_kernel(self) -> Tensor:
        """``(n, n)``, float64: the empirical neural tangent kernel of the first few examples."""
        return cast(Tensor, self._read("tangent_kernel"))

    @property
    def transformer_blocks(self) -> TransformerBlocks:
        """Weight matrices of attention and of feed-forward layers."""
        return cast(TransformerBlocks, self._read("transformer_blocks"))

    @property
    def synaptic_flow(self) -> Mapping[str, Tensor]:
        """Synaptic saliency of each weight tensor, float64, non-negative; see ``synaptic_flow.py``."""
        return cast(Mapping[str, Tensor], self._read("synaptic_flow"))

    def _collect(
        self, needs: Collection[str], collect: Callable[[], dict[str, Any]], model: nn.Module, seed: int
    ) -> None:
        seed_globals(seed)

        def run() -> dict[str, Any]:
            with untouched_model(model):
                return collect()

        found = shared.attempt(" and ".join(sorted(needs)), run)
        self._collected |= dict.fromkeys(needs, found) if isinstance(found, ProxyFailure) else found

    def _read(self, need: str) -> Any:
        if need not in self._collected:
            raise RuntimeError(f"{need!r} was not collected; add it to the proxy's needs")
        found = self._collected[need]
        if isinstance(found, ProxyFailure):
            raise ProxyFailure(str(found))
        return found
