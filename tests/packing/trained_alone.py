"""The reference of packed training: every network by itself, by PyTorch's own modules and nothing of the pack."""

import copy
from collections.abc import Callable, Iterable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import Optimizer

from evonas.packing import Pack
from spaces import Space

MakeOptimiser = Callable[[Iterable[Tensor]], Optimizer]


def sgd(parameters: Iterable[Tensor]) -> Optimizer:
    return torch.optim.SGD(parameters, 0.02, 0.9, weight_decay=5e-4, nesterov=True)


def adamw(parameters: Iterable[Tensor]) -> Optimizer:
    return torch.optim.AdamW(parameters, 1e-3)


def networks(space: Space, count: int, seed: int) -> list[nn.Module]:
    rng = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return [space.build(space.simplify(space.sample(rng))).double().train() for _ in range(count)]


def batches(space: Space, steps: int, count: int, size: int, seed: int) -> tuple[Tensor, Tensor]:
    """Every candidate's own batches: ``(steps, K, batch, …)``."""
    rng = torch.Generator().manual_seed(seed)
    inputs = torch.randn(steps, count, size, *space.input_shape, dtype=torch.float64, generator=rng)
    return inputs, torch.randint(space.classes, (steps, count, size), generator=rng)


def train_alone(
    model: nn.Module, inputs: Tensor, targets: Tensor, make: MakeOptimiser, clip: float = 0.0
) -> tuple[list[float], dict[str, float]]:
    """Losses of the steps, and the largest gradient that each weight has had."""
    optimiser = make(model.parameters())
    losses, largest = [], dict.fromkeys(dict(model.named_parameters()), 0.0)
    for own_inputs, own_targets in zip(inputs, targets, strict=True):
        loss = cross_entropy(model(own_inputs), own_targets)
        optimiser.zero_grad()
        loss.backward()
        for name, weight in model.named_parameters():
            if weight.grad is not None:
                largest[name] = max(largest[name], weight.grad.abs().max().item())
        if clip:
            torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimiser.step()
        losses.append(loss.item())
    return losses, largest


def train_packed(pack: Pack, inputs: Tensor, targets: Tensor, optimiser: Optimizer, clip: float = 0.0) -> Tensor:
    """Losses ``(steps, K)``."""
    rows = []
    for own_inputs, own_targets in zip(inputs, targets, strict=True):
        losses = torch.vmap(cross_entropy)(pack(own_inputs), own_targets)
        optimiser.zero_grad()
        losses.sum().backward()
        if clip:
            pack.clip_gradients(clip)
        optimiser.step()
        rows.append(losses.detach())
    return torch.stack(rows)


def copies(models: list[nn.Module]) -> list[nn.Module]:
    return copy.deepcopy(models)


def distance(left: nn.Module, right: nn.Module, names: Iterable[str] | None = None) -> float:
    """The largest difference of two networks' weights and running statistics; counts of batches must be equal."""
    own, other = left.state_dict(), right.state_dict()
    assert own.keys() == other.keys()
    for name, tensor in own.items():
        assert tensor.is_floating_point() or torch.equal(tensor, other[name]), name
    compared = [name for name in (own if names is None else names) if own[name].is_floating_point()]
    return max(((own[name] - other[name]).abs().max().item() for name in compared), default=0.0)
