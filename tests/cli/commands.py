"""The command line as a user types it, in a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

FAST: dict[str, Any] = {
    "name": "fast",
    "space": {"name": "cell201", "skeleton": "compact", "channels": [4]},
    "trainer": {"name": "classifier", "epochs": 1},
    "searcher": {"name": "screened_nsga2", "offspring": 60, "shortlist": 20, "proxied": 8},
    "executor": {"name": "processes", "workers": 1},
    "budget": 14,
    "initial": 8,
    "batch": 3,
    "retrain_front": {"seeds": 1},
}


def write(folder: Path, **changes: Any) -> Path:
    """A campaign file of a few seconds, with changes."""
    file = folder / "fast.yaml"
    file.write_text(json.dumps({**FAST, **changes}, indent=1))
    return file


def start(*arguments: object, cwd: Path) -> subprocess.Popen[str]:
    """Starts ``evonas`` with its own process group, so that signals reach it as from a terminal."""
    return subprocess.Popen(
        [sys.executable, "-m", "evonas", *map(str, arguments)],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        start_new_session=True,
    )


def evonas(*arguments: object, cwd: Path, status: int = 0) -> str:
    """Runs ``evonas`` and returns what it printed; what it printed on stderr where it is to fail."""
    process = start(*arguments, cwd=cwd)
    output, errors = process.communicate(timeout=240)
    assert process.returncode == status, (process.returncode, output, errors)
    if status == 0:  # what takes long says how far it is, and on a slow machine everything takes long
        told = [line for line in errors.splitlines() if not re.fullmatch(r"[\d,]+ of [\d,]+ runs, about .* left", line)]
        assert told == []
    return output if status == 0 else errors


def trials(results: Path, cwd: Path) -> list[dict[str, Any]]:
    """Every trial, from ``evonas show --json``."""
    return [json.loads(line) for line in evonas("show", results, "--json", cwd=cwd).splitlines()]


def sequence(results: Path, cwd: Path) -> list[tuple[str, dict[str, float]]]:
    """Keys and values of every trial, in order."""
    return [(trial["key"], trial["values"]) for trial in trials(results, cwd)]
