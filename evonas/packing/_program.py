"""Groups of operations as steps on packed tensors.

A packed tensor holds the results of one group side by side, ``(batch, n * channels, ...)``: block j is operation j's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor, nn

from evonas.packing._layers import joined, mapped
from evonas.packing._operations import (
    CHANNELWISE_FUNCTIONS,
    CHANNELWISE_MODULES,
    Operation,
    is_sum,
    perform,
    tensors_of,
)

INPUT = -1
"""Number of the packed tensor that holds the candidates' inputs."""
ZERO = -2
"""Number of a block of zeros, last wherever it is among others."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an operation's result is: in which packed tensor, or value of its own, and in which of its ``n`` blocks."""

    value: int
    block: int
    n: int


@dataclass(frozen=True, slots=True)
class Operand:
    """What a group takes in one argument: blocks of packed tensors, brought side by side.

    Attributes:
        blocks: Numbers of the tensors that are put one behind another, with how many blocks each has.
        index: Which of their blocks are taken, in which order; None where all of them, as they are.
    """

    blocks: Mapping[int, int]
    index: Tensor | None

    @classmethod
    def of(cls, places: Sequence[Place], device: torch.device) -> Operand:
        """The operand with the results at ``places``, in their order."""
        blocks = {place.value: place.n for place in sorted(places, key=lambda place: place.value == ZERO)}
        starts = dict(zip(blocks, accumulate(blocks.values(), initial=0), strict=False))
        wanted = [starts[place.value] + place.block for place in places]
        index = None if wanted == list(range(sum(blocks.values()))) else torch.tensor(wanted, device=device)
        return cls(blocks, index)

    @classmethod
    def of_sums(cls, sums: Sequence[Sequence[Place]], device: torch.device) -> Operand:
        """The operand with the terms of all sums, sum by sum; short sums are filled up with zeros."""
        longest = max(len(terms) for terms in sums)
        zero = Place(ZERO, 0, 1)
        return cls.of([place for terms in sums for place in [*terms, *[zero] * (longest - len(terms))]], device)

    def fetch(self, values: Mapping[int, Any]) -> Tensor:
        """``(batch, n * channels, ...)`` from the values there are."""
        parts = [values[number] for number in self.blocks if number != ZERO]
        if ZERO in self.blocks:
            batch, channels, *rest = parts[0].shape
            parts.append(parts[0].new_zeros(batch, channels // next(iter(self.blocks.values())), *rest))
        whole: Tensor = parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)
        if self.index is None:
            return whole
        return torch.unflatten(whole, 1, (sum(self.blocks.values()), -1)).index_select(1, self.index).flatten(1, 2)


@dataclass(frozen=True, slots=True)
class Step:
    """One group's computation.

    Attributes:
        number: Of the value that it gives.
        group: Operations of one kind, or one that runs alone.
        operands: One for each argument; empty where it runs alone.
        layer: The group's layers as one, where they have weights.
        places: Of an operation that runs alone, where its arguments are.
        last_uses: Values that nobody needs afterwards.
    """

    number: int
    group: list[Operation]
    operands: tuple[Operand, ...]
    layer: nn.Module | None
    places: tuple[Place, ...]
    last_uses: list[int]

    def run(self, values: MutableMapping[int, Any], models: Sequence[nn.Module]) -> Any:
        """The group's value, from those before it."""
        first = self.group[0]
        if first.kind is None:
            own = [_block(values[place.value], place) for place in self.places]
            given = dict(zip(first.node.all_input_nodes, own, strict=True))
            return perform(first.node, models[first.candidate], given.__getitem__)
        packed = [operand.fetch(values) for operand in self.operands]
        if is_sum(first):
            terms = max(len(each.inputs) for each in self.group)
            return torch.unflatten(packed[0], 1, (len(self.group), terms, -1)).sum(dim=2).flatten(1, 2)
        if self.layer is not None:
            return self.layer(*packed)
        if isinstance(first.module, CHANNELWISE_MODULES):
            return first.module(*packed)

        def compute(*tensors: Tensor) -> Any:
            given = dict(zip(first.node.all_input_nodes, tensors, strict=True))
            return perform(first.node, models[first.candidate], given.__getitem__)

        if first.node.target in CHANNELWISE_FUNCTIONS and len({(each.ndim, each.shape[1]) for each in packed}) == 1:
            return compute(*packed)
        return mapped(compute, len(self.group), *packed)


def program_of(
    networks: Sequence[Sequence[Operation]], groups: Sequence[list[Operation]], device: torch.device
) -> tuple[list[Step], Operand]:
    """The steps that compute all networks, and where their results are then.

    Args:
        networks: The operations of each candidate, that of its result last.
        groups: All of them, as they are to run.
        device: Where the networks' weights are.
    """
    places: dict[Operation, Place] = {}
    steps: list[Step] = []
    for number, group in enumerate(groups):
        if group[0].node.op == "placeholder":
            places[group[0]] = Place(INPUT, group[0].candidate, len(networks))
            continue
        alone = group[0].kind is None
        # Where the first argument is one packed tensor, whole and in order, nothing has to be copied.
        group.sort(key=lambda each: [(places[source].value, places[source].block) for source in each.inputs])
        places |= {operation: Place(number, block, len(group)) for block, operation in enumerate(group)}
        taken = [[places[source] for source in operation.inputs] for operation in group]
        operands: tuple[Operand, ...] = ()
        if is_sum(group[0]):
            operands = (Operand.of_sums(taken, device),)
        elif not alone:
            operands = tuple(Operand.of(column, device) for column in zip(*taken, strict=True))
        layers = [operation.module for operation in group if operation.module is not None]
        has_weights = not alone and bool(layers) and bool(tensors_of(layers[0]))
        layer = joined(layers) if has_weights else None
        steps.append(Step(number, group, operands, layer, tuple(taken[0]) if alone else (), []))
    results = Operand.of([places[network[-1]] for network in networks], device)
    _mark_last_uses(steps, keep=results.blocks)
    return steps, results


def _mark_last_uses(steps: Sequence[Step], keep: Iterable[int]) -> None:
    later = set(keep)
    for step in reversed(steps):
        used = {place.value for place in step.places}.union(*(operand.blocks for operand in step.operands)) - {ZERO}
        step.last_uses.extend((used | {step.number}) - later)
        later |= used


def _block(value: Any, place: Place) -> Any:
    return value if place.value != INPUT and place.n == 1 else torch.unflatten(value, 1, (place.n, -1))[:, place.block]
