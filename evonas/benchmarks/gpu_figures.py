"""What a GPU can do, and how much of the time it does anything."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
import torch

from evonas.benchmarks.training import GPU_BATCH, random_pixels
from evonas.core.objective import Subject, Unavailable
from evonas.objectives.devices import nvml_of
from evonas.objectives.energy_mj import EnergyMj
from evonas.trainers.classifier import Classifier
from spaces.cell201 import Cell201
from spaces.discovery import discover
from surrogates import PROXIES
from surrogates.proxies.proxy_failure import ProxyFailure
from surrogates.proxies.scoring import score_all

NINE = ("grad_norm", "plain", "l2_norm", "snip", "fisher", "jacob_cov", "epe_nas", "nwot", "swap")
COPIED_BYTES = 2**30
SIDE = 8192  # of the matrices that are multiplied
REPEATS = 10
LOOK_SECONDS = 0.1


def copy_rate(device: torch.device) -> float:
    """Bytes a second that a device reads and writes while it copies a gigabyte."""
    source = torch.zeros(COPIED_BYTES, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return _rate(lambda: target.copy_(source), 2.0 * COPIED_BYTES, device)


def multiply_rate(device: torch.device) -> float:
    """Operations a second of a device that multiplies large matrices of bfloat16."""
    left, right = (torch.ones(SIDE, SIDE, dtype=torch.bfloat16, device=device) for _ in range(2))
    return _rate(lambda: left @ right, 2.0 * SIDE**3, device)


def _rate(work: Callable[[], object], amount: float, device: torch.device) -> float:
    for _ in range(3):
        work()
    torch.cuda.synchronize(device)
    started = time.perf_counter()
    for _ in range(REPEATS):
        work()
    torch.cuda.synchronize(device)
    return amount * REPEATS / (time.perf_counter() - started)


@contextmanager
def watched_busy(device: torch.device) -> Iterator[list[float]]:
    """Fills the list, while its block runs, with the shares of time in which any kernel ran, as NVML tells them.

    It stays empty on a processor and where NVML (package nvidia-ml-py) does not answer.
    """
    shares: list[float] = []
    done = threading.Event()

    def watch(nvml: Any, handle: Any) -> None:
        with suppress(nvml.NVMLError):
            while not done.wait(LOOK_SECONDS):
                shares.append(nvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100)

    watcher = None
    if device.type == "cuda":
        with suppress(Unavailable):
            watcher = threading.Thread(target=watch, args=nvml_of(device), daemon=True)
            watcher.start()
    try:
        yield shares
    finally:
        done.set()
        if watcher is not None:
            watcher.join()


def measure_gpu_work(networks: int = 1000, repeats: int = 15) -> list[dict[str, Any]]:
    """Figures of the first CUDA device that have no counterpart on a processor.

    Returns:
        Rows of ``way``, what is measured, and ``value``: seconds to score ``networks`` standard NAS-Bench-201 networks
        by nine zero-cost proxies, to build them before, and how many of them some proxy could not score; copies from
        the host for each step of a training on resident data; the repeat error of ``energy_mj``, standard deviation
        over mean, None where there is no energy counter.
    """
    device = torch.device("cuda", 0)
    space = Cell201(cells=5, channels=16, input_shape=(3, 32, 32))
    rng = np.random.default_rng(0)
    splits = random_pixels()
    batch = splits.train.first(32).on(device)
    found = discover(PROXIES)
    proxies = {name: found[name]() for name in NINE}
    building = scoring = 0.0
    unscored = 0
    for _ in range(networks):
        started = time.perf_counter()
        model = space.build(space.simplify(space.sample(rng))).to(device)
        building += time.perf_counter() - started
        started = time.perf_counter()
        scores = score_all(proxies, model, batch.ready(batch.inputs), batch.targets)
        torch.cuda.synchronize(device)
        scoring += time.perf_counter() - started
        unscored += any(isinstance(score, ProxyFailure) for score in scores.values())
    return [
        {"way": f"seconds to score {networks} networks", "value": scoring},
        {"way": f"seconds to build {networks} networks", "value": building},
        {"way": f"of {networks} networks without some score", "value": unscored},
        {"way": "copies from the host in a step of training", "value": _copies_in_a_step(space)},
        {"way": "repeat error of energy_mj", "value": _energy_error(space, repeats)},
    ]


def _copies_in_a_step(space: Cell201) -> float:
    """What an epoch of twelve steps copies more than one of four, for each step more."""
    trainer = Classifier(epochs=1, batch_size=GPU_BATCH, device="cuda:0")
    splits = random_pixels()
    copies: list[int] = []
    for steps in (4, 4, 12):  # the first warms up
        model = space.build(space.simplify(space.sample(np.random.default_rng(0))))
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
            trainer.train(model, splits.train.first(steps * GPU_BATCH), splits.validation, seed=0)
        copies.append(sum(str(event.name).startswith("Memcpy HtoD") for event in profile.events() or ()))
    return (copies[2] - copies[1]) / 8


def _energy_error(space: Cell201, repeats: int) -> float | None:
    try:
        objective = EnergyMj("cuda:0", batch=GPU_BATCH)
    except Unavailable:
        return None
    architecture = space.simplify(space.sample(np.random.default_rng(0)))
    subject = Subject(architecture, space, built=space.build(architecture))
    values = np.array([objective.measure(subject) for _ in range(repeats)])
    return float(values.std(ddof=1) / values.mean())
