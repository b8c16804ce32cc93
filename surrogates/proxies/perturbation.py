"""How far a small change of its input moves a network with Gaussian weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from surrogates.proxies.proxy_failure import ProxyFailure

MIXTURE = 0.01  # alpha of Zen-NAS: how much noise is added to the noise

# What batch normalisations and averages over all positions come down to, module or function.
_aten = torch.ops.aten
_BATCH_NORMALISATIONS = frozenset({_aten.native_batch_norm.default, _aten.cudnn_batch_norm.default})
_POOLS = frozenset({_aten.mean.dim, _aten.avg_pool2d.default, _aten._adaptive_avg_pool2d.default})


@dataclass(frozen=True)
class Perturbation:
    """What Zen-NAS (Lin et al., ICCV 2021, algorithm 1) measures.

    Attributes:
        distance: Mean absolute difference of the last feature map between noise and perturbed noise, summed over the
            map and averaged over examples.
        log_deviations: Logarithm of each batch normalisation's root mean variance over channels, in the order of
            running; the normalisation's small constant is part of the variance.
    """

    distance: float
    log_deviations: tuple[float, ...]


def perturbation(model: nn.Module, inputs: Tensor) -> Perturbation:
    """Runs the model with standard normal weights, zero biases and fresh normalisations on noise, then on noise + 0.01
    noise.

    The last feature map is what global average pooling, module or function or mean, receives.

    Args:
        model: Its weights are overwritten and it is put into training mode.
        inputs: Shape ``(batch, channels, height, width)``; only the shape matters, no value is read.

    Raises:
        ProxyFailure: The inputs are no images, no global pooling ran, or nothing is finite.
    """
    if inputs.ndim != 4 or not inputs.is_floating_point():
        raise ProxyFailure(f"a perturbed feature map needs images as inputs; their shape is {tuple(inputs.shape)}")
    model.train()
    for parameter in model.parameters():
        if not bool(parameter.isfinite().all()):
            raise ProxyFailure("weights must be finite; some are not")
    with torch.inference_mode(False), torch.no_grad():
        draw_gaussian(model)
        noise, change = torch.randn_like(inputs), torch.randn_like(inputs)
        maps = []
        for images in (noise, noise + MIXTURE * change):
            with _FeatureMaps() as watched:
                model(images.contiguous(memory_format=torch.channels_last))
            if watched.last is None:
                raise ProxyFailure("a last feature map needs global average pooling; the network ran none")
            maps.append(watched.last)
        distance = float((maps[0] - maps[1]).double().abs().flatten(1).sum(dim=1).mean())
    inverse = [each.double() for each in watched.inverse_deviations]
    return Perturbation(distance, tuple(0.5 * float(each.square().reciprocal().mean().log()) for each in inverse))


def draw_gaussian(model: nn.Module) -> None:
    """Standard normal weights; biases zero, scales of normalisations one. Channels last where they are images'."""
    for name, parameter in model.named_parameters():
        if parameter.ndim >= 2:
            drawn = torch.randn_like(parameter)
            parameter.data = drawn.contiguous(memory_format=torch.channels_last) if parameter.ndim == 4 else drawn
        else:
            parameter.data.fill_(1.0 if name.rpartition(".")[2] == "weight" else 0.0)


class _FeatureMaps(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Watches global poolings and batch normalisations."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # otherwise the first call imports torch._dynamo, which takes seconds

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.last: Tensor | None = None
        self.inverse_deviations: list[Tensor] = []  # of each normalisation and channel, over the batch

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        output = func(*args, **(kwargs or {}))
        if func in _BATCH_NORMALISATIONS:
            self.inverse_deviations.append(output[2])
        elif func in _POOLS and args[0].ndim == 4 and output.numel() == args[0].shape[0] * args[0].shape[1]:
            self.last = args[0]
        return output
