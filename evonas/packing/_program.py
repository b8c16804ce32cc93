"""Groups of operations as steps on packed tensors.

A packed tensor holds the results of one group side by side, ``(batch, n * channels, ...)``: block j is operation j's.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
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


@dataclass(frozen=True, slots=True)
class Place:
    """Where an operation's result is: in which packed tensor, or value of its own, and in which of its ``n`` blocks."""

    value: int
    block: int
    n: int


class Values:
    """What the steps gave so far.

    Blocks of a tensor are taken by one split, whose backward pass puts their gradients together in one pass. (Selecting
    them by an index, with zeros and atomic additions to go back, moved twice as many bytes as all candidates alone do,
    and left the memory layout that convolutions want.)

    Args:
        inputs: The packed tensor of the candidates' inputs.
    """

    def __init__(self, inputs: Tensor) -> None:
        self._whole: dict[int, Any] = {INPUT: inputs}
        self._blocks: dict[int, tuple[Tensor, ...]] = {}

    def __setitem__(self, number: int, value: Any) -> None:
        self._whole[number] = value

    def __delitem__(self, number: int) -> None:
        del self._whole[number]
        self._blocks.pop(number, None)

    def whole(self, number: int) -> Any:
        """The packed tensor, or value of its own, of that number."""
        return self._whole[number]

    def block(self, place: Place) -> Any:
        """``(batch, channels, ...)``, or a value of its own."""
        if place.n == 1:
            return self._whole[place.value]
        if place.value not in self._blocks:
            self._blocks[place.value] = _split(self._whole[place.value], place.n)
        return self._blocks[place.value][place.block]


@dataclass(frozen=True, slots=True)
class Operand:
    """What a group takes in one argument: blocks of packed tensors, brought side by side.

    Attributes:
        runs: The blocks' places in their order, in runs; all of a tensor's blocks, in order, are one run, any other
            block is a run of its own.
    """

    runs: tuple[tuple[Place, ...], ...]

    @classmethod
    def of(cls, places: Sequence[Place]) -> Operand:
        """The operand with the results at ``places``, in their order."""
        runs = []
        waiting = list(places)
        while waiting:
            value, n = waiting[0].value, waiting[0].n
            whole = waiting[:n] == [Place(value, block, n) for block in range(n)]
            runs.append(tuple(waiting[: n if whole else 1]))
            del waiting[: len(runs[-1])]
        return cls(tuple(runs))

    @property
    def numbers(self) -> set[int]:
        """Of the values that it takes from."""
        return {places[0].value for places in self.runs}

    def fetch(self, values: Values) -> Tensor:
        """``(batch, n * channels, ...)`` from the values there are."""
        parts: list[Tensor] = [
            values.whole(places[0].value) if len(places) == places[0].n else values.block(places[0])
            for places in self.runs
        ]
        return parts[0] if len(parts) == 1 else _side_by_side(parts)


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

    def run(self, values: Values, models: Sequence[nn.Module]) -> Any:
        """The group's value, from those before it."""
        first = self.group[0]
        if first.kind is None:
            own = [values.block(place) for place in self.places]
            given = dict(zip(first.node.all_input_nodes, own, strict=True))
            return perform(first.node, models[first.candidate], given.__getitem__)
        packed = [operand.fetch(values) for operand in self.operands]
        if is_sum(first):
            return reduce(operator.add, packed)
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
    networks: Sequence[Sequence[Operation]], groups: Sequence[list[Operation]]
) -> tuple[list[Step], Operand]:
    """The steps that compute all networks, and where their results are then.

    Args:
        networks: The operations of each candidate, that of its result last.
        groups: All of them, as they are to run.
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
        operands = () if alone else tuple(Operand.of(column) for column in zip(*taken, strict=True))
        layers = [operation.module for operation in group if operation.module is not None]
        has_weights = not alone and bool(layers) and bool(tensors_of(layers[0]))
        layer = joined(layers) if has_weights else None
        steps.append(Step(number, group, operands, layer, tuple(taken[0]) if alone else (), []))
    results = Operand.of([places[network[-1]] for network in networks])
    _mark_last_uses(steps, keep=results.numbers)
    return steps, results


def _mark_last_uses(steps: Sequence[Step], keep: Iterable[int]) -> None:
    later = set(keep)
    for step in reversed(steps):
        used = {place.value for place in step.places}.union(*(operand.numbers for operand in step.operands))
        step.last_uses.extend((used | {step.number}) - later)
        later |= used


# Where channels are last in memory, both work on the last axis: CUDA concatenates what is not contiguous in one kernel
# only along axes in their order in memory, else in a kernel for each tensor.


def _split(packed: Tensor, n: int) -> tuple[Tensor, ...]:
    if not _has_channels_last(packed):
        return packed.chunk(n, dim=1)
    return tuple(block.movedim(-1, 1) for block in packed.movedim(1, -1).chunk(n, dim=-1))


def _side_by_side(blocks: list[Tensor]) -> Tensor:
    if not all(map(_has_channels_last, blocks)):
        return torch.cat(blocks, dim=1)
    return torch.cat([block.movedim(1, -1) for block in blocks], dim=-1).movedim(-1, 1)


def _has_channels_last(tensor: Tensor) -> bool:
    return tensor.ndim == 4 and tensor.stride(1) == 1
