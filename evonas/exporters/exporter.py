"""The contract of an exporter."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, nn


class ExportError(ValueError):
    """A network cannot be written in a form, or came back from it with other outputs; says which and why."""


class Exporter(ABC):
    """Writes a network in one form, and reads it back to compare its outputs before it says so."""

    @abstractmethod
    def write(self, model: nn.Module, inputs: Tensor, folder: Path) -> list[Path]:
        """Writes the files of one network.

        Args:
            model: In evaluation mode; unchanged afterwards.
            inputs: Examples ``(n, *input_shape)`` with n of at least 2; outputs on them are compared.
            folder: Exists; files of an earlier export are replaced.

        Returns:
            The files, the first of them the one to open.

        Raises:
            ExportError: The network cannot be written so, or its outputs differ.
        """


def check_equal(form: str, expected: Tensor, got: Tensor, tolerance: float) -> None:
    """Refuses an export whose outputs differ by more than ``tolerance`` times the largest output (at least 1).

    Raises:
        ExportError: They differ, or their shapes do.
    """
    if expected.shape != got.shape:
        raise ExportError(f"{form}: outputs came back in shape {tuple(got.shape)}, not {tuple(expected.shape)}")
    difference = float((expected - got).abs().max())
    if not difference <= tolerance * max(1.0, float(expected.abs().max())):
        raise ExportError(f"{form}: outputs came back different by {difference:g}; nothing should rely on this file")
