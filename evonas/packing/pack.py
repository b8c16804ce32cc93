"""Different networks as one program."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from evonas.packing._layers import split
from evonas.packing._operations import operations_of, tensors_of
from evonas.packing._program import Step, Values, program_of
from evonas.packing._schedule import groups_of
from evonas.packing.unpackable import Unpackable


class _Home(NamedTuple):
    """A tensor of the pack, the networks' tensors that are its blocks along the first axis, and whose each is."""

    packed: Tensor
    originals: list[Tensor]
    owners: Tensor


class Pack(nn.Module):
    """K networks that train as one: their operations of a kind run as one grouped operation.

    Exact: elementwise optimisers on the pack's parameters, with the sum of the candidates' losses, give each the
    weights and running statistics of a training of its own, up to rounding. A candidate whose loss leaves the finite
    numbers does not touch the others.

    The networks may differ in anything: operations are grouped by what they compute and on what shapes, wherever in the
    networks they stand; what has no equal runs alone. (Networks of one architecture could be stacked by ``torch.func``
    as they are; candidates of a search hardly ever are of one.)

    Args:
        models: The networks, on one device and in training mode. ``hand_back`` writes to them; only what runs alone
            is trained in place.
        example: Inputs ``(2, *input_shape)`` on that device, to learn shapes from.

    Raises:
        Unpackable: A network cannot be packed exactly; the message says which, why and what to do.
    """

    def __init__(self, models: Sequence[nn.Module], example: Tensor) -> None:
        super().__init__()
        networks = []
        for number, model in enumerate(models):
            try:
                networks.append(operations_of(model, number, example))
            except Unpackable as reason:
                raise Unpackable(
                    f"candidate {number} of {len(models)} cannot be packed: {reason}; train it alone", number
                ) from reason
        self._models = list(models)
        self._example = example
        self._steps, self._results = program_of(networks, groups_of(networks))
        self._homes = _homes_of(self._steps, example.device)
        self.layers = nn.ModuleList(step.layer for step in self._steps if step.layer is not None)
        moved = {id(original) for home in self._homes for original in home.originals}
        for number, model in enumerate(models):
            for tensor in chain(model.parameters(), model.buffers()):
                if id(tensor) in moved:
                    continue
                name = f"own_{len(self._homes)}"
                if isinstance(tensor, nn.Parameter):
                    self.register_parameter(name, tensor)
                else:
                    self.register_buffer(name, tensor)
                self._homes.append(_Home(tensor, [tensor], torch.tensor([number], device=example.device)))

    def forward(self, inputs: Tensor) -> Tensor:
        """Every candidate's result on its own batch.

        Args:
            inputs: ``(K, batch, *input_shape)``; ``batch.expand(K, *batch.shape)`` where all see the same.

        Returns:
            ``(K, batch, classes)``.
        """
        values = Values(inputs.transpose(0, 1).flatten(1, 2))
        for step in self._steps:
            values[step.number] = step.run(values, self._models)
            for last in step.last_uses:
                del values[last]
        return torch.unflatten(self._results.fetch(values), 1, (len(self._models), -1)).transpose(0, 1)

    @torch.no_grad()
    def hand_back(self) -> None:
        """Writes weights and running statistics to the networks, which are then as if each had trained alone."""
        for packed, originals, _ in self._homes:
            for original, block in zip(originals, split(packed, originals), strict=True):
                original.copy_(block)

    def repacked(self, staying: Sequence[int], optimiser: Optimizer) -> Pack:
        """Hands back, and packs the candidates that stay: at a rung's end, or where some are finished or diverged.

        Args:
            staying: Numbers of the candidates that go on, in their new order.
            optimiser: Of this pack's parameters, in one group; goes on, with its state, with those of the new pack. So
                does a schedule that is bound to it.
        """
        self.hand_back()
        smaller = Pack([self._models[number] for number in staying], self._example)
        moved: dict[Tensor, dict[str, Any]] = {}
        for name in dict.fromkeys(name for state in optimiser.state.values() for name in state):
            beside = {tensor: state[name] for tensor, state in optimiser.state.items() if name in state}
            for packed, value in self.carried(beside, smaller).items():
                moved.setdefault(packed, {})[name] = value
        optimiser.state.clear()
        optimiser.state.update(moved)
        (group,) = optimiser.param_groups
        group["params"] = list(smaller.parameters())
        return smaller

    def carried(self, values: Mapping[Tensor, Any], smaller: Pack) -> dict[Tensor, Any]:
        """What belongs to this pack's tensors, for those of a pack of some of its networks.

        Args:
            values: By tensor of this pack one of its shape, or what is the same for all networks, as a count of steps.
            smaller: The pack of those that stay.
        """
        blocks: dict[Tensor, Any] = {}
        for packed, originals, _ in self._homes:
            if packed in values:
                own = values[packed]
                parts = split(own, originals) if _is_like(own, packed) else [own] * len(originals)
                blocks.update(zip(originals, parts, strict=True))
        found: dict[Tensor, Any] = {}
        for packed, originals, _ in smaller._homes:
            if originals[0] in blocks:
                parts = [blocks[original] for original in originals]
                whole = _is_like(parts[0], originals[0])
                # In the tensor's own memory layout: fused optimisers read both as they lie.
                joined = torch.empty_like(packed).copy_(torch.stack(parts).view_as(packed)) if whole else None
                found[packed] = copy.deepcopy(parts[0]) if joined is None else joined
        return found

    @torch.no_grad()
    def clip_gradients(self, norm: float) -> None:
        """Cuts each candidate's gradient to ``norm``, as ``torch.nn.utils.clip_grad_norm_`` cuts a network's."""
        graded = [(home.packed.grad, home.owners) for home in self._homes if home.packed.grad is not None]
        squares = self._example.new_zeros(len(self._models), dtype=graded[0][0].dtype)
        for gradient, owners in graded:
            squares.index_add_(0, owners, gradient.reshape(len(owners), -1).square().sum(dim=1))
        factors = (norm / (squares.sqrt() + 1e-6)).clamp(max=1.0)
        for gradient, owners in graded:
            own = gradient.view(len(owners), -1, *gradient.shape[1:])
            own.mul_(factors[owners].view(-1, *[1] * (own.ndim - 1)))


def _homes_of(steps: Sequence[Step], device: torch.device) -> list[_Home]:
    homes = []
    for step in steps:
        owners = torch.tensor([each.candidate for each in step.group], device=device)
        for name, packed in tensors_of(step.layer) if step.layer is not None else ():
            originals = [dict(tensors_of(each.module))[name] for each in step.group if each.module is not None]
            homes.append(_Home(packed, originals, owners))
    return homes


def _is_like(value: Any, tensor: Tensor) -> bool:
    return isinstance(value, Tensor) and value.shape == tensor.shape
