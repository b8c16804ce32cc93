"""One forward pass, and at most two backward through it, for all proxies that a freshly initialised network serves."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from surrogates.proxies.autograd_depth import autograd_depth
from surrogates.proxies.proxy_failure import ProxyFailure
from surrogates.proxies.recorder import LAYERS, OPERATIONS, Recorder

_OF_INPUTS = frozenset({"input_gradients"})
_OF_LOSS = frozenset({"weight_gradients", "channel_saliency"})
_WITHOUT_GRADIENTS = OPERATIONS | (LAYERS - _OF_LOSS)
NEEDS = _OF_INPUTS | _OF_LOSS | _WITHOUT_GRADIENTS | {"depth"}


def shared_pass(
    model: nn.Module, inputs: Tensor, targets: Tensor | None, needs: frozenset[str]
) -> dict[str, Any | ProxyFailure]:
    """Runs the model once in training mode, as is published for these proxies, and reads off what is asked for.

    Images and their weights are laid out channels last, which the processor computes faster.

    Args:
        model: Its mode, normalisation statistics, ``requires_grad`` and memory layout change.
        inputs: Shape ``(batch, …)``.
        targets: Class indices ``(batch,)`` or ``(batch, length)``, or None.
        needs: Among ``NEEDS``.

    Returns:
        By need a value (``probe.py`` says of which shape), or the ``ProxyFailure`` that explains why there is none.

    Raises:
        ProxyFailure: The network gave no finite output tensor, so that there is nothing to read.
    """
    model.train()
    recorder = Recorder(needs)
    with torch.inference_mode(False), torch.set_grad_enabled(bool(needs - _WITHOUT_GRADIENTS)):
        inputs = differentiable(model, inputs, bool(needs & _OF_INPUTS))
        with recorder:
            outputs = model(inputs.clone())  # a copy, because no leaf of the graph may be overwritten
        require_finite(outputs)
        readers: dict[str, Callable[[], Any]] = {
            "activation_signs": lambda: _signs(recorder, len(inputs)),
            "feature_maps": lambda: tuple(output.detach().movedim(axis, 1) for output, axis in recorder.layers),
            "activations": lambda: tuple(recorder.activations),
            "last_features": lambda: _last_features(recorder),
            "hidden_states": lambda: tuple(recorder.hidden),
            "macs": lambda: recorder.macs / len(inputs),
            "depth": lambda: autograd_depth(outputs),
            "input_gradients": lambda: _input_gradients(outputs, inputs),
        }
        collected = {need: attempt(need, reader) for need, reader in readers.items() if need in needs}
        # Last, because it releases what the network kept for its backward pass.
        if needs & _OF_LOSS:
            watched = recorder.layers if "channel_saliency" in needs else []
            found = attempt("gradients of the loss", lambda: _loss_gradients(model, watched, outputs, targets))
            both = (found, found) if isinstance(found, ProxyFailure) else found
            collected |= {
                need: value
                for need, value in zip(("weight_gradients", "channel_saliency"), both, strict=True)
                if need in needs
            }
    return collected


def attempt(what: str, reader: Callable[[], Any]) -> Any | ProxyFailure:
    """What the reader returns, or a ``ProxyFailure`` that says what it raised."""
    try:
        return reader()
    except ProxyFailure as failure:
        return ProxyFailure(str(failure))  # anew: the one caught holds the frames, and with them the tensors
    except Exception as error:  # the user's model runs here, and may raise anything
        return ProxyFailure(f"the network failed while {what} were collected: {type(error).__name__}: {error}")


def differentiable(model: nn.Module, inputs: Tensor, of_inputs: bool = False) -> Tensor:
    """Lays the model's weights out channels last and lets gradients flow to all of its parameters.

    Returns:
        A copy of the inputs, channels last if they are images, to which gradients flow if ``of_inputs`` and they are
        real numbers.
    """
    for parameter in model.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
        if parameter.is_floating_point() and not parameter.requires_grad:
            parameter.requires_grad_(True)
    images = inputs.ndim == 4
    inputs = inputs.detach().clone(memory_format=torch.channels_last if images else torch.preserve_format)
    if of_inputs and inputs.is_floating_point():
        inputs.requires_grad_(True)
    return inputs


def weights_of(model: nn.Module) -> dict[str, Tensor]:
    """Parameters of two or more dimensions by name: convolutions and linear layers, without biases.

    Raises:
        ProxyFailure: There are none.
    """
    weights: dict[str, Tensor] = {name: tensor for name, tensor in model.named_parameters() if tensor.ndim >= 2}
    if not weights:
        raise ProxyFailure("weights of two or more dimensions are needed; the network has none")
    return weights


def require_finite(outputs: object) -> None:
    """Raises:
    ProxyFailure: The network's output is no tensor, or not finite.
    """
    if not isinstance(outputs, Tensor):
        raise ProxyFailure(f"the network must put out one tensor; it puts out {type(outputs).__name__}")
    if not bool(outputs.detach().isfinite().all()):
        raise ProxyFailure("the network's outputs must be finite; some are not: weights are not finite or too large")


def loss_of(outputs: Tensor, targets: Tensor | None) -> Tensor:
    """Mean cross-entropy.

    Raises:
        ProxyFailure: There are no labels, or none of classes, or the output depends on no weight.
    """
    if targets is None:
        raise ProxyFailure("gradients of the loss need labels; the batch has none")
    if targets.is_floating_point():
        raise ProxyFailure(f"gradients of the loss need class indices as labels; the batch has {targets.dtype}")
    if not outputs.requires_grad:
        raise ProxyFailure("gradients of the loss need outputs that depend on the weights; these do not")
    return functional.cross_entropy(outputs, targets)


def gradients_of(
    loss: Tensor, weights: dict[str, Tensor], differentiable: bool = False, keep: bool = False
) -> dict[str, Tensor]:
    """Gradients by weight; zeros for weights that the loss does not depend on.

    Args:
        loss: A single number.
        weights: By name.
        differentiable: Gradients flow on through the gradients.
        keep: What the network kept for its backward pass stays, for another one.

    Raises:
        ProxyFailure: The loss depends on none of them, or a gradient is not finite.
    """
    found = torch.autograd.grad(
        loss,
        list(weights.values()),
        allow_unused=True,
        create_graph=differentiable,
        retain_graph=keep or differentiable,
    )
    if all(gradient is None for gradient in found):
        raise ProxyFailure("gradients of the loss need outputs that depend on the weights; these do not")
    gradients = {
        name: torch.zeros_like(weight) if gradient is None else gradient
        for (name, weight), gradient in zip(weights.items(), found, strict=True)
    }
    if not all(bool(gradient.isfinite().all()) for gradient in gradients.values()):
        raise ProxyFailure("gradients of the loss must be finite; some are not")
    return gradients


def _signs(recorder: Recorder, batch: int) -> tuple[Tensor, ...]:
    flat: dict[int, Tensor] = {}
    for signs in recorder.signs:
        if signs.ndim == 0 or len(signs) != batch:
            raise ProxyFailure(
                f"a ReLU's output must begin with the batch of {batch} inputs; one has shape {tuple(signs.shape)}"
            )
        # Without a copy where channels are last: the order of a layer's units does not matter, but must be one.
        last = signs.permute(0, 2, 3, 1) if signs.ndim == 4 else signs
        flat.setdefault(id(signs), last.reshape(batch, -1))
    return tuple(flat[id(signs)] for signs in recorder.signs)


def _last_features(recorder: Recorder) -> Tensor:
    if recorder.last_features is None:
        raise ProxyFailure("features before the last layer need a convolution or linear layer; the network ran none")
    return recorder.last_features.detach()


def _input_gradients(outputs: Tensor, inputs: Tensor) -> Tensor:
    if not inputs.requires_grad:
        raise ProxyFailure(f"gradients of inputs need real numbers as inputs; the batch has {inputs.dtype}")
    found: tuple[Tensor | None, ...] = (None,)
    if outputs.requires_grad:
        found = torch.autograd.grad(outputs.sum(), inputs, retain_graph=True, allow_unused=True)
    if found[0] is None:
        raise ProxyFailure("gradients of inputs need outputs that depend on the inputs; these do not")
    if not bool(found[0].isfinite().all()):
        raise ProxyFailure("gradients of inputs must be finite; some are not")
    return found[0].reshape(len(inputs), -1)


def _loss_gradients(
    model: nn.Module, layers: list[tuple[Tensor, int]], outputs: Tensor, targets: Tensor | None
) -> tuple[dict[str, tuple[Tensor, Tensor]], tuple[Tensor, ...]]:
    """Weights with their gradients, and the saliency of each layer's channels."""
    weights = weights_of(model)
    loss = loss_of(outputs, targets)
    saliency: dict[int, Tensor] = {}
    hooks = [
        layer.register_hook(  # type: ignore[no-untyped-call]
            partial(_keep, saliency, place, axis, layer.detach())
        )
        for place, (layer, axis) in enumerate(layers)
        if layer.requires_grad
    ]
    try:
        gradients = gradients_of(loss, weights)
    finally:
        for hook in hooks:
            hook.remove()
    pairs = {name: (weight.detach().clone(), gradients[name]) for name, weight in weights.items()}
    return pairs, tuple(saliency[place] for place in sorted(saliency))


def _keep(saliency: dict[int, Tensor], place: int, channels: int, output: Tensor, gradient: Tensor) -> None:
    """Per example and channel the output times its gradient, summed over positions."""
    positions = [axis for axis in range(1, output.ndim) if axis != channels]
    product = output * gradient
    saliency[place] = product.sum(positions) if positions else product
