"""Campaigns in a process of their own, as a user starts them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from evonas.campaign.reading.document import read

POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a child process came to.

    Attributes:
        status: Exit status; negative for a signal.
        seconds: Wall time.
        peak_mb: Peak resident memory of the main process, polled 20 times a second, in units of 10**6 bytes.
        output: What it printed.
    """

    status: int
    seconds: float
    peak_mb: float
    output: str


def run_campaign(file: Path, results: Path, kill_after_seconds: float | None = None) -> Outcome:
    """Runs ``evonas run`` in a child process, and kills it with SIGKILL after a while where asked to."""
    log = results.with_suffix(".log")
    command = [sys.executable, "-m", "evonas", "run", str(file), "--results", str(results)]
    started = time.perf_counter()
    peak = 0
    with log.open("a+") as stream, subprocess.Popen(command, stdout=stream, stderr=subprocess.STDOUT) as process:
        while process.poll() is None:
            try:
                peak = max(peak, psutil.Process(process.pid).memory_info().rss)
            except psutil.Error:
                break
            if kill_after_seconds is not None and time.perf_counter() - started >= kill_after_seconds:
                process.kill()
            time.sleep(POLL_SECONDS)
        status = process.wait()
    return Outcome(status, time.perf_counter() - started, peak / 1e6, log.read_text())


def write_campaign(campaign: str, file: Path, changes: Mapping[str, Any]) -> Path:
    """Writes a campaign file with some keys changed, as JSON, which is YAML too."""
    file.write_text(json.dumps({**read(campaign).specification.resolved(), **changes}, indent=1))
    return file
