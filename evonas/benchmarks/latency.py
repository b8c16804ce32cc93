"""How well measured latencies repeat, and how well a table of operations predicts them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from evonas.benchmarks.latency_table import built, measured_table
from evonas.benchmarks.progress_line import tracked
from evonas.campaign.planning.inline import inline_component
from evonas.campaign.planning.making import make_component, make_space
from evonas.objectives.devices import check_alone, checked_device, others_on
from evonas.objectives.runtimes import inference_inputs, prepared
from evonas.objectives.timing import Timing, measuring, timed_in_turn
from spaces.architecture import Architecture
from spaces.space import Space
from surrogates.predictor import FloatArray
from surrogates.ranking import kendall_tau

LEAST_FITTED = 8
COVERED = 200  # sampled for the operations that the space's networks are made of
TRIES = 100  # draws for each network wanted


def space_for(space: str, dataset: str | None) -> Space:
    """The space that an option names, for the shape of the dataset that another one names.

    Raises:
        CampaignError: There is no such space or dataset, or its arguments are wrong.
    """
    part = inline_component(space, "--space")
    if dataset is None:
        return cast(Space, make_component("space", part, path=("--space",)))
    return make_space(part, inline_component(dataset, "--dataset"), None)


def measure_latency(
    space: Space,
    networks: int,
    repeats: int,
    calls: int,
    seed: int,
    save: Path | None = None,
    only_device: str | None = None,
) -> list[dict[str, Any]]:
    """Measures sampled networks again and again, in turn, on the processor and on a CUDA device where there is one.

    Args:
        space: Networks are sampled from it.
        networks: How many; they are also what the table's error is measured on. As many others, and at least 8, are
            what its scale and offset are fitted to.
        repeats: Measurements of each network, at least 2.
        calls: Timed inferences in one measurement.
        seed: Of the sampling.
        save: Where to write the table of the last device.
        only_device: Where alone to measure: ``cpu``, ``cuda`` or ``cuda:N``; None for all kinds that there are.

    Returns:
        For each runtime and device: the median network's ``milliseconds`` (10th percentile), ``repeat_error`` (the
        standard deviation over the repeats as a share of the mean, averaged over networks), ``worst_repeat_error``
        among the networks, ``median_repeat_error`` (the same of medians in place of 10th percentiles), ``spread``
        (median over 10th percentile, less 1), and the other processes on the device, None where that is not known.
        Then for each device the number of the table's ``operations`` and its error on the ``networks`` (``mape``,
        ``kendall_tau``), and the rank correlation of multiply-accumulates with the same latencies, which needs no
        measuring at all.

    Raises:
        ValueError: The space has too few networks, or there is no device of that name.
        Unavailable: This machine has no such device.
        RuntimeError: Another process computes on the device.
    """
    kinds = ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",)
    devices = [checked_device(name) for name in ([only_device] if only_device else kinds)]
    rng = np.random.default_rng(seed)
    held_out, fitted = _distinct(space, (networks, max(LEAST_FITTED, networks)), rng)
    covered = [space.simplify(space.sample(rng)) for _ in range(COVERED)]
    rows: list[dict[str, Any]] = []
    tables = []
    for device in devices:
        name = device.type
        check_alone(device)
        measured = {
            runtime: _repeated(space, held_out, runtime, device, repeats, calls)
            for runtime in (("eager", "onnx") if name == "cpu" else ("eager",))
        }
        rows += [_repeat_row(f"{runtime} {name}", timings, device) for runtime, timings in measured.items()]
        whole = np.median(_milliseconds(measured["eager"]), axis=0)
        (once,) = _milliseconds(_repeated(space, fitted, "eager", device, 1, 5 * calls))
        table = measured_table(space, covered, (fitted, once), (held_out, whole), device, calls)
        tables.append(table)
        macs = np.array([float(space.cost(one).macs) for one in held_out])
        errors = {"operations": len(table.operations), "mape": table.held_out.mape}
        rows.append(_row(f"table {name}", networks) | errors | {"kendall_tau": table.held_out.kendall_tau})
        rows.append(_row(f"macs {name}", networks) | {"kendall_tau": kendall_tau(macs, whole)})
    if save is not None:
        tables[-1].write(save)
    return rows


def _distinct(space: Space, counts: Sequence[int], rng: np.random.Generator) -> list[list[Architecture]]:
    """Lists of sampled architectures, no function twice in any of them."""
    found: dict[str, Architecture] = {}
    for _ in range(TRIES * sum(counts)):
        if len(found) == sum(counts):
            break
        one = space.simplify(space.sample(rng))
        found.setdefault(one.key, one)
    if len(found) < sum(counts):
        raise ValueError(f"{sum(counts)} different networks are needed; {len(found)} were found: measure fewer")
    drawn = iter(found.values())
    return [[next(drawn) for _ in range(count)] for count in counts]


def _repeated(
    space: Space, architectures: Sequence[Architecture], runtime: str, device: torch.device, repeats: int, calls: int
) -> list[list[Timing]]:
    """``repeats`` measurements of every network, all networks in turn."""
    inputs = inference_inputs(space, 1, device)
    models = [built(space, one) for one in architectures]
    with measuring(threads=1):
        ready = [prepared(model, inputs, runtime, threads=1) for model in models]
        return [timed_in_turn(ready, device, calls) for _ in tracked(range(repeats))]


def _milliseconds(timings: list[list[Timing]]) -> FloatArray:
    return np.array([[timing.milliseconds for timing in each] for each in timings])


def _repeat_row(measured: str, timings: list[list[Timing]], device: torch.device) -> dict[str, Any]:
    low = _milliseconds(timings)
    errors = _relative_deviation(low)
    medians = np.array([[timing.median for timing in each] for each in timings])
    return _row(measured, low.shape[1]) | {
        "milliseconds": float(np.median(low)),
        "repeat_error": float(errors.mean()),
        "worst_repeat_error": float(errors.max()),
        "median_repeat_error": float(_relative_deviation(medians).mean()),
        "spread": float(np.median([timing.spread for each in timings for timing in each])),
        "others": others_on(device),
    }


def _relative_deviation(values: FloatArray) -> FloatArray:
    """Of each network ``(repeats, networks)``: standard deviation over the mean."""
    deviations: FloatArray = values.std(axis=0, ddof=1) / values.mean(axis=0)
    return deviations


def _row(measured: str, networks: int) -> dict[str, Any]:
    columns = ("milliseconds", "repeat_error", "worst_repeat_error", "median_repeat_error", "spread", "others")
    return {"measured": measured, "networks": networks} | dict.fromkeys((*columns, "operations", "mape", "kendall_tau"))
