"""Energy, on a pretended GPU: what NVML is asked for, and what is made of its counter."""

from __future__ import annotations

import math
import sys
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from evonas.core.objective import Unavailable
from evonas.objectives import _energy_window, devices
from evonas.objectives._energy_window import millijoules_per_call
from evonas.objectives.devices import check_alone, others_on
from evonas.objectives.energy_mj import EnergyMj

STEP = 0.02  # seconds between two movements of the counter
GPU = torch.device("cuda", 0)


class Bench:
    """A clock that only work moves, and a counter of what has been used up to its last step."""

    def __init__(self, idle_watts: float, millijoules: float) -> None:
        self.idle, self.each = idle_watts, millijoules
        self.now = self.used = self.shown = 0.0

    def perf_counter(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self._pass(seconds, 0.0)

    def call(self) -> None:
        self._pass(0.001, self.each)

    def counter(self) -> float:
        return self.shown

    def _pass(self, seconds: float, millijoules: float) -> None:
        before = math.floor(self.now / STEP + 1e-6)
        self.now += seconds
        self.used += 1000 * self.idle * seconds + millijoules
        if math.floor(self.now / STEP + 1e-6) > before:
            self.shown = self.used


def test_idle_power_is_taken_off_what_the_counter_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """At 50 W idle the window's own idling takes ten times what the calls take."""
    bench = Bench(idle_watts=50, millijoules=5)
    monkeypatch.setattr(_energy_window, "time", bench)
    assert millijoules_per_call(bench.call, bench.counter, 2.0, 1.0) == pytest.approx(5, rel=1e-6)
    assert 3 < bench.now < 3.2


def test_nothing_above_idle_is_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(idle_watts=50, millijoules=-1)
    monkeypatch.setattr(_energy_window, "time", bench)
    with pytest.raises(RuntimeError, match=r"4\.9e\+04 mW while running are not above 5e\+04 mW when idle"):
        millijoules_per_call(bench.call, bench.counter, 2.0, 1.0)


def test_a_counter_that_stands_still_is_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(50, 5)
    monkeypatch.setattr(_energy_window, "time", bench)
    with pytest.raises(RuntimeError, match="the energy counter stood still for 2 s"):
        millijoules_per_call(bench.call, lambda: 7.0, 2.0, 1.0)


class NVMLError(Exception):
    pass


def refuse(*_: Any) -> Any:
    raise NVMLError("Not Supported")


@pytest.fixture
def nvml(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A GPU that is not there, with its NVML."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: None)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: SimpleNamespace(uuid="12-34"))
    made = SimpleNamespace(
        NVMLError=NVMLError,
        nvmlInit=lambda: None,
        nvmlDeviceGetHandleByUUID=lambda uuid: {"GPU-12-34": "handle"}[uuid],
        nvmlDeviceGetTotalEnergyConsumption=lambda handle: {"handle": 1234}[handle],
        nvmlDeviceGetComputeRunningProcesses=lambda handle: {"handle": ["this one"]}[handle],
    )
    monkeypatch.setitem(sys.modules, "pynvml", made)
    return made


def test_the_gpu_is_found_by_its_uuid(nvml: SimpleNamespace) -> None:
    assert EnergyMj()._millijoules() == 1234.0


def test_without_a_counter_it_is_refused_when_it_is_made(nvml: SimpleNamespace) -> None:
    nvml.nvmlDeviceGetTotalEnergyConsumption = refuse
    with pytest.raises(Unavailable, match=r"cuda:0 has no energy counter \(Not Supported\).*leave energy_mj out"):
        EnergyMj()
    nvml.nvmlInit = refuse
    with pytest.raises(Unavailable, match=r"NVML does not answer for cuda:0: Not Supported"):
        EnergyMj()


def test_without_the_package_it_is_refused_when_it_is_made(
    nvml: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    with pytest.raises(Unavailable, match=r"nvidia-ml-py: pip install 'evonas\[energy\]'"):
        EnergyMj()
    assert others_on(GPU) is None


def test_a_processor_and_a_missing_gpu_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(Unavailable, match="device 'cuda' does not exist: torch sees 0 CUDA devices here"):
        EnergyMj()
    with pytest.raises(Unavailable, match="the counter of an NVIDIA GPU; got device='cpu'"):
        EnergyMj(device="cpu")


def test_a_window_must_be_positive(nvml: SimpleNamespace) -> None:
    with pytest.raises(ValueError, match=r"idle_seconds must be positive; got 0"):
        EnergyMj(idle_seconds=0)


def test_a_device_that_others_use_is_not_measured(nvml: SimpleNamespace) -> None:
    check_alone(GPU)
    assert others_on(GPU) == 0
    nvml.nvmlDeviceGetComputeRunningProcesses = lambda handle: ["this one", "a worker"]
    with pytest.raises(RuntimeError, match="1 other processes compute on cuda:0"):
        check_alone(GPU)


def test_what_cannot_be_known_of_a_device_is_not_claimed(nvml: SimpleNamespace) -> None:
    """Some containers show no processes at all, not even one's own."""
    nvml.nvmlDeviceGetComputeRunningProcesses = lambda handle: []
    assert others_on(GPU) is None
    nvml.nvmlDeviceGetComputeRunningProcesses = refuse
    assert others_on(GPU) is None
    assert others_on(torch.device("cpu")) is None
    devices.check_alone(GPU)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")
def test_energy_of_a_real_gpu_rises_with_the_batch() -> None:
    import numpy as np

    from evonas.core.objective import Subject
    from spaces.cell201 import Cell201

    space = Cell201()
    graph = space.sample(np.random.default_rng(0))
    try:
        small, large = EnergyMj(batch=64), EnergyMj(batch=512)
    except Unavailable as missing:
        pytest.skip(str(missing))
    seen = Subject(graph, space, built=space.build(graph))
    assert 0 < small.measure(seen) < large.measure(seen)
