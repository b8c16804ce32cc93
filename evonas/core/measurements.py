"""Published figures of architectures, looked up instead of trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from spaces.architecture import Architecture


@dataclass(frozen=True, slots=True)
class Measurements:
    """What a table says of the architectures of a space, each as it is notated, dead parts included.

    Attributes:
        architectures: The ``n`` measured ones; no two are isomorphic as they are notated.
        figures: The columns of each that a campaign reads, by ``Architecture.key`` as notated; NaN where the table has
            nothing.
        by_notation: Whether a candidate's identity is its notation and not its function. So it is where cells of one
            function differ in cost (measured latencies do): each is a candidate of its own then.
    """

    architectures: tuple[Architecture, ...]
    figures: Mapping[str, Mapping[str, float]] = field(repr=False)
    by_notation: bool = False

    def of(self, architecture: Architecture) -> Mapping[str, float] | None:
        """Its figures by column; None where the table has no such architecture."""
        return self.figures.get(architecture.key)
