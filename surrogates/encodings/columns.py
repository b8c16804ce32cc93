"""Side information about architectures as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from spaces.architecture import Architecture
from spaces.space import Space
from surrogates.encoding import Encoding


class Columns(Encoding):
    """Numbers known from elsewhere, such as proxy scores, looked up by the architecture's identity.

    Args:
        space: Its ``simplify`` gives the identity: ``space.simplify(architecture).key``.
        values: ``{identity: {column: value}}``, copied. What is not there, and what is not finite, becomes NaN.
        names: The columns in order; by default every column that ``values`` has, sorted. Name them where ``values``
            may still be empty, so that the width stays the same from round to round.
    """

    def __init__(
        self,
        space: Space,
        values: Mapping[str, Mapping[str, float]] | None = None,
        names: Sequence[str] | None = None,
    ) -> None:
        given = values or {}
        if names is None:
            names = sorted({name for row in given.values() for name in row})
        if len(set(names)) != len(names):
            raise ValueError(f"column names must be unique; got {list(names)}. Name each column once")
        self._space = space
        self._names = tuple(names)
        self._rows = {key: _row(row, self._names) for key, row in given.items()}

    @property
    def names(self) -> tuple[str, ...]:
        return self._names

    def encode(self, architectures: Sequence[Architecture]) -> npt.NDArray[np.float32]:
        unknown = np.full(len(self._names), np.nan, np.float32)
        result = np.empty((len(architectures), len(self._names)), np.float32)
        for index, architecture in enumerate(architectures):
            result[index] = self._rows.get(self._space.simplify(architecture).key, unknown)
        return result


def _row(values: Mapping[str, float], names: tuple[str, ...]) -> npt.NDArray[np.float32]:
    with np.errstate(over="ignore"):
        row = np.array([values.get(name, np.nan) for name in names], np.float64).astype(np.float32)
    return np.where(np.isfinite(row), row, np.float32(np.nan))
