"""What zero-cost proxies cost beside one training step's forward and backward pass."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from evonas.benchmarks.progress_line import tracked
from evonas.campaign.reading.arguments import check_arguments
from evonas.core.problem import Candidate
from evonas.datasets.coloured_digits import ColouredDigits
from evonas.datasets.digits import Digits
from evonas.executors.processes import Processes
from evonas.searchers.proxy_scores import LOT, ProxyScores
from spaces.architecture import Architecture
from spaces.cell201 import Cell201
from spaces.discovery import discover
from surrogates import PROXIES
from surrogates.proxies.proxy import Proxy
from surrogates.proxies.scoring import score_all
from surrogates.threads import one_torch_thread

NINE = ("grad_norm", "plain", "l2_norm", "snip", "fisher", "jacob_cov", "epe_nas", "nwot", "swap")
ELEVEN = (*NINE, "synflow", "zen")
_WARMING = 4 * LOT
_STARTING_SECONDS = 5.0


def measure_proxies(
    cells: int, repeats: int, batch: int, compact: int, standard: int | None, device: str, workers: int, seed: int
) -> list[dict[str, Any]]:
    """Processor time on one thread of scoring networks of NAS-Bench-201's skeleton, and compact ones.

    Networks are those of random cells with 16 channels and 5 cells a stage on ``batch`` coloured digits of 32x32
    pixels. A pass is ``cross_entropy(model(inputs)).backward()`` in training mode. Everything to be compared runs in
    turn, ``repeats`` times for each network, after one run that is not counted.

    Args:
        cells: Networks; ratios are medians over them.
        repeats: Of each measurement; their median counts.
        batch: Examples.
        compact: How many candidates of the compact skeleton (8 channels, 8x8 pixels) are built and scored.
        standard: How many of the standard skeleton are built and scored as a campaign does; None stands for 1,000 on a
            GPU and none on a processor, which takes minutes for them.
        device: Where those run: ``"auto"`` (CUDA where there is one), or as torch names it.
        workers: Processes that help with them; each has a context of its own on a GPU.
        seed: Of the generator that samples cells.

    Returns:
        A row for each set of proxies, then for every proxy alone that needs no arguments: median ``milliseconds``,
        ``passes`` (their ratio to a pass of the network as it is built) and ``passes_channels_last`` (to the faster
        pass with all tensors channels last). The last rows have the ``milliseconds`` of one candidate by nine proxies,
        building included, as a campaign scores them. Compact: of the processor alone, then of the clock by this process
        and one worker. Standard: of the clock, by this process alone, then with the workers' help.
    """
    found: dict[str, Proxy] = {
        name: proxy() for name, proxy in discover(PROXIES).items() if not check_arguments(proxy, {})
    }
    sets = {"nine": NINE, "nine, synflow, zen": ELEVEN, **{name: (name,) for name in found}}
    rng = np.random.default_rng(seed)
    split = ColouredDigits().load().train
    inputs, targets = split.inputs[:batch], split.targets[:batch]
    measured: list[dict[str, float]] = []
    with one_torch_thread():
        for _ in tracked(range(cells)):
            space = Cell201()
            cell = space.sample(rng)
            jobs = _jobs(space.build(cell), cell, inputs, targets, sets, found)
            measured.append(_in_turn(jobs, repeats))
        nine = {name: found[name] for name in NINE}
        campaign_rows = _compact(nine, compact, rng)
        there = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
        count = (1000 if torch.device(there).type == "cuda" else 0) if standard is None else standard
        if count:
            campaign_rows |= _standard(nine, count, there, workers, rng)
    rows = [
        {
            "proxies": name,
            "milliseconds": 1000 * statistics.median(seconds[name] for seconds in measured),
            "passes": statistics.median(seconds[name] / seconds["pass"] for seconds in measured),
            "passes_channels_last": statistics.median(seconds[name] / seconds["channels last"] for seconds in measured),
        }
        for name in ("pass", "channels last", *sets)
    ]
    return [*rows, *({"proxies": name, "milliseconds": each} for name, each in campaign_rows.items())]


def _jobs(
    model: nn.Module,
    cell: Architecture,
    inputs: Tensor,
    targets: Tensor,
    sets: Mapping[str, tuple[str, ...]],
    found: Mapping[str, Proxy],
) -> dict[str, Callable[[], object]]:
    def scoring(names: tuple[str, ...]) -> Callable[[], object]:
        chosen = {name: found[name] for name in names}
        return lambda: score_all(chosen, model, inputs, targets, architecture=cell)

    def step(images: Tensor) -> None:
        model.train()
        functional.cross_entropy(model(images), targets).backward()  # type: ignore[no-untyped-call]
        model.zero_grad()

    def channels_last() -> None:
        model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        step(inputs.contiguous(memory_format=torch.channels_last))
        model.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]

    passes: dict[str, Callable[[], object]] = {"pass": lambda: step(inputs), "channels last": channels_last}
    return passes | {name: scoring(names) for name, names in sets.items()}


def _in_turn(jobs: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    for repeat in range(repeats + 1):
        for name, job in jobs.items():
            started = time.process_time()
            job()
            if repeat:
                seconds[name].append(time.process_time() - started)
    return {name: statistics.median(times) for name, times in seconds.items()}


def _compact(proxies: Mapping[str, Proxy], count: int, rng: np.random.Generator) -> dict[str, float]:
    """Milliseconds of a candidate as a campaign scores them: of the processor alone, of the clock by two processes."""
    split = Digits().load().train
    space = Cell201("compact", channels=8, input_shape=(1, 8, 8))
    candidates = _distinct(space, count + _WARMING, rng)

    def measured(helpers: Processes | None, clock: Callable[[], float]) -> float:
        scores = ProxyScores(space, proxies, split.inputs[:32], split.targets[:32])
        return _milliseconds(scores, candidates, _WARMING, helpers, clock)

    with Processes(workers=1) as worker:
        return {
            "nine, compact, alone": measured(None, time.process_time),
            "nine, compact, two processes": measured(worker, time.perf_counter),
        }


def _standard(
    proxies: Mapping[str, Proxy], count: int, device: str, workers: int, rng: np.random.Generator
) -> dict[str, float]:
    """Milliseconds of the clock for a candidate of NAS-Bench-201's own size as a campaign scores them."""
    split = ColouredDigits().load().train
    space = Cell201()
    warming = _WARMING * (1 + workers) if torch.device(device).type == "cuda" else 1  # each process loads its kernels
    candidates = _distinct(space, count + warming, rng)

    def measured(helpers: Processes | None) -> float:
        scores = ProxyScores(space, proxies, split.inputs[:32], split.targets[:32], device)
        return _milliseconds(scores, candidates, warming, helpers, time.perf_counter)

    found = {f"nine, standard, {device}, alone": measured(None)}
    if workers:
        with Processes(workers=workers) as helpers:
            # Each holds its first task until the others have started, too.
            for started in [helpers.submit(time.sleep, _STARTING_SECONDS) for _ in range(workers)]:
                started.result()
            found[f"nine, standard, {device}, {workers} workers help"] = measured(helpers)
    return found


def _distinct(space: Cell201, count: int, rng: np.random.Generator) -> list[Candidate]:
    candidates: dict[str, Candidate] = {}
    while len(candidates) < count:
        cell = space.sample(rng)
        simplified = space.simplify(cell)
        candidates.setdefault(simplified.key, Candidate(cell, simplified, {}, simplified.key))
    return list(candidates.values())


def _milliseconds(
    scores: ProxyScores,
    candidates: Sequence[Candidate],
    warming: int,
    helpers: Processes | None,
    clock: Callable[[], float],
) -> float:
    """Of each candidate after the first ``warming``, scores in the host's memory."""
    with scores.helped_by(helpers):
        if helpers is not None:
            # A campaign's workers run already, so that their start is no part of it.
            helpers.submit(abs, 0).result()
        scores.of(candidates[:warming])
        started = clock()
        scores.of(candidates[warming:])
        return 1000 * (clock() - started) / (len(candidates) - warming)
