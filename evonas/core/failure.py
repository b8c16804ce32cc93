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


_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory", "alloc_failed")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception means that memory ran out, on the CPU or on a GPU."""
    # torch's class is known by its name, so that torch need not be imported; on the CPU it raises a RuntimeError.
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(phrase in text for phrase in _OUT_OF_MEMORY)


def told(error: BaseException) -> str:
    """An exception in one line: ``"ValueError: no such layer"``, or its type alone where it says nothing."""
    text = clipped(str(error))
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def clipped(text: str) -> str:
    """A message without its middle where it is longer than anyone reads: users' errors may quote whole tensors."""
    left_out = len(text) - 2 * _KEPT
    return text if left_out <= _MARK else f"{text[:_KEPT]} … ({left_out:,} characters left out) … {text[-_KEPT:]}"


_KEPT = 1000
_MARK = 200  # what the mark takes, and a name before it: what was cut is not cut again
