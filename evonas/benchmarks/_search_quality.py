"""How near a run came to the front of the whole table."""

from __future__ import annotations

from collections.abc import Sequence

import moocore
import numpy as np

from evonas.core.archive import FloatArray

WORST_ERROR = 0.75  # quantile of the first objective that the reference stands at


class Front:
    """The front of a whole table, and runs measured against it.

    Objectives are scaled so that the ideal point of the table's front is 0 and the reference 1: the 75th percentile of
    the first objective over the table, and the largest value of each other.

    Args:
        values: Every row's objectives, minimised: shape ``(n, objectives)``; rows with NaN are left out of the front.
    """

    def __init__(self, values: FloatArray) -> None:
        complete = values[np.isfinite(values).all(axis=1)]
        if len(complete) == 0:
            raise ValueError("no row of the table has a value for every objective")
        front = complete[moocore.is_nondominated(complete, keep_weakly=False)]
        reference = complete.max(axis=0)
        reference[0] = np.quantile(complete[:, 0], WORST_ERROR)
        spread = reference - front.min(axis=0)
        self._ideal = front.min(axis=0)
        self._spread = np.where(spread > 0, spread, 1.0)
        self.scaled = (values - self._ideal) / self._spread
        self._front = (front - self._ideal) / self._spread
        self._whole = self._volume(self._front)

    def hypervolumes(self, rows: Sequence[int]) -> FloatArray:
        """Share of the front's hypervolume after each evaluation of ``rows``: shape ``(len(rows),)``."""
        known = np.empty((0, self.scaled.shape[1]))
        volumes = np.zeros(len(rows))
        for step, point in enumerate(self.scaled[list(rows)]):
            volumes[step] = volumes[step - 1] if step else 0.0
            if (point < 1).all() and not (known <= point).all(axis=1).any():
                known = np.vstack([known, point])
                known = known[moocore.is_nondominated(known, keep_weakly=False)]
                volumes[step] = self._volume(known) / self._whole
        return volumes

    def distance(self, rows: Sequence[int]) -> float:
        """IGD+ (Ishibuchi et al., 2015) of rows to the front, in scaled units; 0 is the front itself."""
        points = self.scaled[list(rows)]
        points = points[np.isfinite(points).all(axis=1)]
        return float(moocore.igd_plus(points, ref=self._front)) if len(points) else float("nan")

    def chosen(self, rows: Sequence[int], measured: Sequence[float] | None = None) -> list[int]:
        """Those of the rows that no other of them dominates: what a search hands back.

        Args:
            rows: The rows in the order of evaluation; one that was trained several times stands there as often.
            measured: The first objective as each evaluation measured it, minimised; rows count with their means. None
                for the table's own.
        """
        first = self.scaled[list(rows), 0] if measured is None else measured
        found: dict[int, list[float]] = {}
        for row, value in zip(rows, first, strict=True):
            found.setdefault(row, []).append(float(value))
        finite = [row for row in found if np.isfinite(self.scaled[row]).all()]
        if not finite:
            return []
        means = [np.nanmean(found[row]) for row in finite]
        keep = moocore.is_nondominated(np.column_stack([means, self.scaled[finite, 1:]]), keep_weakly=False)
        return [row for row, kept in zip(finite, keep, strict=True) if kept]

    def _volume(self, points: FloatArray) -> float:
        if points.shape[1] == 1:  # moocore takes two objectives at least
            return max(0.0, 1.0 - float(points.min()))
        return float(moocore.hypervolume(points, ref=np.ones(points.shape[1])))


def regrets(values: FloatArray, rows: Sequence[int]) -> FloatArray:
    """How far the best of the first objective is from the table's best, after each evaluation; 0 where it is found."""
    seen = np.where(np.isfinite(values[list(rows), 0]), values[list(rows), 0], np.inf)
    best: FloatArray = np.minimum.accumulate(seen) - np.nanmin(values[:, 0])
    return best


def first_reaching(curve: FloatArray, level: float) -> int | None:
    """Evaluations until a curve that never falls reaches a level; None where it does not."""
    reached = np.flatnonzero(curve >= level)
    return int(reached[0]) + 1 if len(reached) else None
