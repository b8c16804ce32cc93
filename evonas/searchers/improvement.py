"""Batches by expected hypervolume improvement."""

from __future__ import annotations

import heapq
import os

import moocore
import numpy as np
from scipy.stats import norm

from evonas.core.archive import FloatArray

R = float(os.environ.get("EXP_R", "1"))


def choose_batch(
    mean: FloatArray, std: FloatArray, front: FloatArray, count: int, rng: np.random.Generator, draws: int = 16, scale=None
) -> list[int]:
    n, m = mean.shape
    std = std * float(os.environ.get('EXP_S','1'))
    reference = np.zeros(m)
    def lhs(k):
        cells = np.argsort(rng.random((draws, k, m)), axis=0)
        return norm.ppf((cells + 0.5) / draws)
    deviates = np.sqrt(R) * lhs(1) + (np.sqrt(1 - R) * lhs(n) if R < 1 else 0)
    samples = mean[None, :, :] + deviates * std[None, :, :]
    samples = scale(samples)
    front = scale(front)
    fronts = [front.reshape(-1, m)] * draws
    base = np.array([_hypervolume(known, reference) for known in fronts])

    def gain(index: int) -> float:
        total = 0.0
        for draw in range(draws):
            if (samples[draw, index] < 0).all():
                total += _hypervolume(np.vstack([fronts[draw], samples[draw, index]]), reference) - base[draw]
        return total / draws

    heap = [(-gain(index), index, 0) for index in range(n)]
    heapq.heapify(heap)
    chosen: list[int] = []
    while heap and len(chosen) < count:
        negative, index, when = heapq.heappop(heap)
        if when < len(chosen):
            heapq.heappush(heap, (-gain(index), index, len(chosen)))
            continue
        if negative >= 0:
            break
        chosen.append(index)
        for draw in range(draws):
            known = np.vstack([fronts[draw], samples[draw, index]])
            fronts[draw] = known[moocore.is_nondominated(known)]
            base[draw] = _hypervolume(fronts[draw], reference)
    return chosen


def _hypervolume(points: FloatArray, reference: FloatArray) -> float:
    return float(moocore.hypervolume(points, ref=reference)) if len(points) else 0.0
