"""Batches by expected hypervolume improvement."""

from __future__ import annotations

import heapq

import moocore
import numpy as np
from scipy.stats import norm

from evonas.core.archive import FloatArray


def choose_batch(
    mean: FloatArray, std: FloatArray, front: FloatArray, count: int, rng: np.random.Generator, draws: int = 16
) -> list[int]:
    """Greedily chooses candidates by expected hypervolume improvement over the front.

    Each draw is one way the truth may turn out: predictions err alike for all candidates, by a normal deviate for each
    objective. In every draw what was chosen joins the front at its drawn value, so that a candidate of the same cost as
    a chosen one has little left to gain, and a batch spreads over the exact objectives. Improvement only shrinks as
    candidates are chosen, so that one is measured anew only when it is about to be chosen (Minoux, 1978).

    Source: Emmerich et al., "Single- and Multiobjective Evolutionary Optimization Assisted by Gaussian Random Field
    Metamodels", 2006 (the criterion); Daulton et al., "Differentiable Expected Hypervolume Improvement for Parallel
    Multi-Objective Bayesian Optimization", 2020 (batches under joint draws, chosen one after another).

    Args:
        mean: Objectives of ``n`` candidates, minimised and shifted so that the reference is 0: ``(n, objectives)``.
        std: Their deviations, 0 for exact objectives: ``(n, objectives)``.
        front: Points known or pending, shifted likewise: ``(m, objectives)``.
        count: How many to choose.
        rng: Draws the normal deviates.
        draws: Number of draws; their deviates are stratified.

    Returns:
        Indices of at most ``count`` candidates, in the order of choice; fewer where no other improves the front.
    """
    samples = mean + _deviates(draws, mean.shape[1], rng)[:, None, :] * std
    if not std.any():
        samples = samples[:1]  # all draws are the same
    fronts = _Fronts(front.reshape(-1, mean.shape[1]), len(samples))
    # The heap holds (-gain, index, how many were chosen when the gain was measured): of equal gains the first index.
    heap = [(-fronts.gain(samples[:, index]), index, 0) for index in range(len(mean))]
    heapq.heapify(heap)
    chosen: list[int] = []
    while heap and len(chosen) < count and heap[0][0] < 0:
        _, index, measured = heapq.heappop(heap)
        if measured < len(chosen):
            heapq.heappush(heap, (-fronts.gain(samples[:, index]), index, len(chosen)))
            continue
        chosen.append(index)
        fronts.add(samples[:, index])
    return chosen


class _Fronts:
    """The front in each draw, with its hypervolume; the reference is 0."""

    def __init__(self, front: FloatArray, draws: int) -> None:
        self._reference = np.zeros(front.shape[1])
        self._points = [front] * draws
        self._volumes = [self._hypervolume(front)] * draws

    def gain(self, sample: FloatArray) -> float:
        """Mean improvement by a candidate drawn at ``sample``, shape ``(draws, objectives)``; never negative."""
        gains = [
            self._hypervolume(np.vstack([points, point])) - volume
            for points, volume, point in zip(self._points, self._volumes, sample, strict=True)
            if _improves(point, points)
        ]
        return sum(gains) / len(sample)

    def add(self, sample: FloatArray) -> None:
        """Lets a candidate join each front."""
        for draw, point in enumerate(sample):
            if _improves(point, self._points[draw]):
                points = np.vstack([self._points[draw], point])
                self._points[draw] = points[moocore.is_nondominated(points)]
                self._volumes[draw] = self._hypervolume(self._points[draw])

    def _hypervolume(self, points: FloatArray) -> float:
        return float(moocore.hypervolume(points, ref=self._reference)) if len(points) else 0.0


def _improves(point: FloatArray, points: FloatArray) -> bool:
    """Whether ``point`` lies inside the reference, at 0, and nothing is as good in every objective."""
    return bool((point < 0).all() and not (points <= point).all(axis=1).any())


def _deviates(draws: int, objectives: int, rng: np.random.Generator) -> FloatArray:
    """Standard normal deviates ``(draws, objectives)``, one from the middle of each of ``draws`` equal strata."""
    strata = np.argsort(rng.random((draws, objectives)), axis=0)
    return np.asarray(norm.ppf((strata + 0.5) / draws))
