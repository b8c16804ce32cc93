"""Failures as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

FailureKind = Literal["out_of_memory", "divergence", "timeout", "crash", "preemption", "invalid"]
FAILURE_KINDS: tuple[str, ...] = get_args(FailureKind)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a trial brought no values home. Never a number, never a predictor's target, never the campaign's end.

    Attributes:
        kind: ``out_of_memory``; ``divergence`` (the loss left the finite numbers); ``timeout``; ``crash`` (the worker
            died); ``preemption``; ``invalid`` (an objective or the evaluation raised or gave no finite number).
        message: What happened, in words for the user.
    """

    kind: FailureKind
    message: str
