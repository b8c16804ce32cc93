"""Devices that something is measured on: that they exist, and that nothing else uses them."""

from __future__ import annotations

import importlib
from typing import Any

import torch

from evonas.core.objective import Unavailable


def checked_device(name: str) -> torch.device:
    """The device of that name.

    Raises:
        ValueError: It is neither ``cpu`` nor ``cuda`` nor ``cuda:N``.
        Unavailable: This machine has no such device.
    """
    kind, _, number = str(name).partition(":")
    if kind not in ("cpu", "cuda") or (number and (kind == "cpu" or not number.isdigit())):
        raise ValueError(f"device must be 'cpu', 'cuda' or 'cuda:N'; got {name!r}")
    if kind == "cpu":
        return torch.device("cpu")
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if int(number or 0) >= count:
        raise Unavailable(
            f"device {name!r} does not exist: torch sees {count} CUDA devices here; name one that does, or leave the "
            "objective out"
        )
    return torch.device("cuda", int(number or 0))


def whole_at_least_one(value: int, name: str) -> int:
    """``value``, where it is a whole number of at least 1.

    Raises:
        ValueError: It is not.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} must be a whole number of at least 1; got {value!r}")
    return value


def nvml_of(device: torch.device) -> tuple[Any, Any]:
    """NVML's module and its handle of a CUDA device, found by the device's UUID: NVML counts hidden devices too.

    Raises:
        Unavailable: The package is not installed, or NVML does not know the device.
    """
    try:
        nvml = importlib.import_module("pynvml")
    except ModuleNotFoundError as error:
        raise Unavailable("NVML is read through the package nvidia-ml-py: pip install 'evonas[energy]'") from error
    try:
        nvml.nvmlInit()
        return nvml, nvml.nvmlDeviceGetHandleByUUID(f"GPU-{torch.cuda.get_device_properties(device).uuid}")
    except nvml.NVMLError as error:
        raise Unavailable(f"NVML does not answer for {device}: {error}; look at nvidia-smi") from error


def others_on(device: torch.device) -> int | None:
    """Other processes that compute on a device; None where that cannot be known.

    It cannot be known of a processor, without nvidia-ml-py, and in containers that hide processes. Processes are
    counted, this one as one of them: NVML may know them by other numbers than they know themselves.
    """
    if device.type == "cpu":
        return None
    torch.cuda.synchronize(device)  # makes this process one of those that NVML sees
    try:
        nvml, handle = nvml_of(device)
        seen = len(nvml.nvmlDeviceGetComputeRunningProcesses(handle))
    except Unavailable:
        return None
    except nvml.NVMLError:
        return None
    return seen - 1 if seen else None


def check_alone(device: torch.device) -> None:
    """Passes where no other process is known to compute on the device.

    Raises:
        RuntimeError: One does.
    """
    others = others_on(device)
    if others:
        raise RuntimeError(
            f"{others} other processes compute on {device}, so that nothing measured there would hold; "
            "measure on a device of its own, or take operation_latency_ms, which only adds up a table"
        )
