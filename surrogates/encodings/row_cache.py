"""Rows that were computed before."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from spaces.architecture import Architecture

Rows = npt.NDArray[np.float32]


class RowCache:
    """Remembers the row of each architecture, up to a bound; the oldest rows make room.

    Rows are kept under ``Architecture.key``, which isomorphic graphs share and each architecture computes once. A
    pickle carries the bound and no rows.

    Args:
        width: Length ``d`` of a row.
        bound: Most rows kept.
    """

    def __init__(self, width: int, bound: int = 65_536) -> None:
        if bound < 0:
            raise ValueError(f"a row cache's bound must be 0 (keep none) or more; got {bound}")
        self._width = width
        self._bound = bound
        self._rows: dict[str, Rows] = {}

    def rows(self, architectures: Sequence[Architecture], compute: Callable[[Sequence[Architecture]], Rows]) -> Rows:
        """Rows of ``n`` architectures, shape ``(n, d)``; only those not known are computed, all in one call.

        Args:
            architectures: ``n`` architectures, in any order, repeats allowed.
            compute: Gives the rows ``(k, d)`` of ``k`` architectures.
        """
        keys = [architecture.key for architecture in architectures]
        known = self._rows
        missing = {key: architecture for key, architecture in zip(keys, architectures, strict=True) if key not in known}
        computed = compute(list(missing.values())) if missing else np.empty((0, self._width), np.float32)
        fresh = dict(zip(missing, computed, strict=True))
        if len(fresh) == len(keys):
            result = computed.copy()
        else:
            result = np.empty((len(keys), self._width), np.float32)
            for index, key in enumerate(keys):
                result[index] = fresh[key] if key in fresh else known[key]
        self._keep(fresh)
        return result

    def _keep(self, fresh: dict[str, Rows]) -> None:
        self._rows.update(fresh)
        for _ in range(len(self._rows) - self._bound):
            del self._rows[next(iter(self._rows))]

    def __len__(self) -> int:
        return len(self._rows)

    def __getstate__(self) -> dict[str, int]:
        return {"width": self._width, "bound": self._bound}

    def __setstate__(self, state: dict[str, int]) -> None:
        self.__init__(**state)  # type: ignore[misc]
