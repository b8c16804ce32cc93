"""Several encodings side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import numpy.typing as npt

from spaces.architecture import Architecture
from spaces.discovery import find
from spaces.space import Space
from surrogates import ENCODINGS
from surrogates.encoding import Encoding


class Concatenated(Encoding):
    """The columns of several encodings, in order; ``names`` are prefixed with their encoding's number where they clash.

    Args:
        space: Passed to the encodings that are given by name.
        encodings: Encodings, or names of encodings that need nothing but the space.
    """

    def __init__(self, space: Space, encodings: Sequence[Encoding | str] | None = None) -> None:
        chosen = ("graph_features", "log_cost") if encodings is None else encodings
        self._parts = tuple(
            cast(Encoding, find(ENCODINGS, part)(space)) if isinstance(part, str) else part for part in chosen
        )

    @property
    def names(self) -> tuple[str, ...]:
        plain = [name for part in self._parts for name in part.names]
        if len(set(plain)) == len(plain):
            return tuple(plain)
        return tuple(f"{number}.{name}" for number, part in enumerate(self._parts) for name in part.names)

    def encode(self, architectures: Sequence[Architecture]) -> npt.NDArray[np.float32]:
        nothing = np.empty((len(architectures), 0), np.float32)
        return np.hstack([nothing, *(part.encode(architectures) for part in self._parts)])
