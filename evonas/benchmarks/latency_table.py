"""Measures a table of operation latencies, and its error on networks that it never saw."""

from __future__ import annotations

import platform
from collections.abc import Sequence

import numpy as np
import torch

from evonas.objectives.operation_table import HeldOut, OperationTable, operation_keys
from evonas.objectives.operations import Operation, operations_of
from evonas.objectives.runtimes import inference_inputs, inference_network
from evonas.objectives.timing import measuring, timed_in_turn
from spaces.architecture import Architecture
from spaces.space import Space
from surrogates.predictor import FloatArray
from surrogates.proxies.untouched import seed_globals, untouched_globals
from surrogates.ranking import kendall_tau


def built(space: Space, architecture: Architecture) -> torch.nn.Module:
    """The network under a seed of its own; the global generators are as before."""
    with untouched_globals():
        seed_globals(0)
        return space.build(architecture)


def measured_table(
    space: Space,
    covered: Sequence[Architecture],
    fitted: tuple[Sequence[Architecture], FloatArray],
    held_out: tuple[Sequence[Architecture], FloatArray],
    device: torch.device,
    calls: int,
) -> OperationTable:
    """Times every operation of some networks, alone, and fits scale and offset to whole networks.

    Args:
        space: Builds the networks.
        covered: Architectures whose operations the table holds, beside those of the other two.
        fitted: Architectures, and the milliseconds of one inference of each, that scale and offset are fitted to.
        held_out: Others, that the error is measured on.
        device: Where to measure.
        calls: Timed calls of each operation.

    Raises:
        ValueError: An architecture is both fitted and held out.
    """
    if {one.key for one in fitted[0]} & {one.key for one in held_out[0]}:
        raise ValueError("no network may be both fitted and held out; draw them without repetition")
    keys = [operation_keys(built(space, one), space, batch=1) for one in (*fitted[0], *held_out[0], *covered)]
    operations = _operations(space, list(zip((*fitted[0], *held_out[0], *covered), keys, strict=True)), device)
    with measuring(threads=1):
        # Not one operation again and again: in a network it finds its weights pushed out of the cache by the others.
        timings = timed_in_turn([operation.run for operation in operations], device, calls, rounds=calls)
    milliseconds = {operation.key: timing.milliseconds for operation, timing in zip(operations, timings, strict=True)}
    sums = np.array([sum(milliseconds[key] for key in each) for each in keys])
    fit, held = len(fitted[0]), len(held_out[0])
    scale, offset = _line(sums[:fit], fitted[1])
    predicted = offset + scale * sums[fit : fit + held]
    return OperationTable(
        space=type(space).__name__,
        device=f"{device.type}: {_name_of(device)}",
        torch=torch.__version__,
        batch=1,
        threads=1,
        operations=milliseconds,
        scale=scale,
        offset_ms=offset,
        fitted=fit,
        held_out=HeldOut(
            networks=held,
            mape=float(np.mean(np.abs(predicted / held_out[1] - 1))),
            kendall_tau=kendall_tau(predicted, held_out[1]),
        ),
    )


def _operations(
    space: Space, networks: Sequence[tuple[Architecture, Sequence[str]]], device: torch.device
) -> list[Operation]:
    """One operation of every key; only networks with a key that is new are run."""
    found: dict[str, Operation] = {}
    inputs = inference_inputs(space, 1, device)
    for architecture, keys in networks:
        if not found.keys() >= set(keys):
            with measuring(threads=1):
                for operation in operations_of(inference_network(built(space, architecture), device), inputs):
                    found.setdefault(operation.key, operation)
    return list(found.values())


def _line(sums: FloatArray, milliseconds: FloatArray) -> tuple[float, float]:
    """Scale and offset, both not negative, of the least squared relative error; an offset alone would be no order."""
    from scipy.optimize import nnls

    columns = np.stack([sums, np.ones_like(sums)], axis=1) / milliseconds[:, None]
    scale, offset = nnls(columns, np.ones_like(sums))[0]
    return (float(scale), float(offset)) if scale > 0 else (float(np.mean(milliseconds / sums)), 0.0)


def _name_of(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor() or platform.machine()
