"""What a campaign ran on: versions and machine. No host, user or folder is named."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

_PACKAGES = ("evonas", "torch", "numpy", "xgboost", "scikit-learn", "pymoo", "sqlalchemy")


def versions() -> dict[str, str]:
    """Versions of Python, of evonas (with its commit, where it runs from a checkout) and of what it computes with."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    commit = _commit(Path(__file__).resolve().parents[2])
    return {**found, "commit": commit} if commit else found


def machine() -> dict[str, Any]:
    """Platform, processor, logical cores, memory in bytes, and CUDA devices where torch has been imported already."""
    return {
        "platform": platform.platform(),
        "processor": _processor(),
        "logical_cores": os.cpu_count(),
        "memory_bytes": int(psutil.virtual_memory().total),
        "cuda_devices": _cuda_devices(),
    }


def _commit(folder: Path) -> str | None:
    # The checkout itself, not some repository around an installed package.
    if not (folder / ".git").exists():
        return None
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip() or None if answer.returncode == 0 else None


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _cuda_devices() -> list[str]:
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return []
    return [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
