"""Batches by expected hypervolume improvement."""

from __future__ import annotations

import moocore
import numpy as np

from evonas.core.archive import FloatArray


def choose_batch(
    mean: FloatArray, std: FloatArray, front: FloatArray, count: int, rng: np.random.Generator, draws: int = 16
) -> list[int]:
    """Greedily chooses candidates by expected hypervolume improvement over the front.

    The improvement of a candidate is averaged over draws from its predicted normal distribution. A chosen candidate
    joins the front at its mean before the next is chosen (the Kriging believer), which keeps a batch diverse.

    Source: Emmerich et al., "Single- and Multiobjective Evolutionary Optimization Assisted by Gaussian Random Field
    Metamodels", 2006 (the criterion); Ginsbourger et al., "Kriging Is Well-Suited to Parallelize Optimization", 2010
    (the believer).

    Args:
        mean: Objectives of ``n`` candidates, minimised and scaled so that the reference is 0: ``(n, objectives)``.
        std: Deviations in the same scale, 0 for exact objectives: ``(n, objectives)``.
        front: Points known or pending, in the same scale: ``(m, objectives)``.
        count: How many to choose.
        rng: Draws the normal deviates, the same for every candidate (common random numbers).
        draws: Draws for each candidate.

    Returns:
        Indices of at most ``count`` candidates, in the order of choice; fewer where no other improves the front.
    """
    reference = np.zeros(mean.shape[1])
    deviates = rng.standard_normal((draws, 1, mean.shape[1]))
    samples = mean[None, :, :] + deviates * std[None, :, :]
    chosen: list[int] = []
    known = front.reshape(-1, mean.shape[1])
    remaining = list(range(len(mean)))
    while remaining and len(chosen) < count:
        base = _hypervolume(known, reference)
        gains = [
            float(np.mean([_hypervolume(np.vstack([known, samples[draw, index]]), reference) for draw in range(draws)]))
            - base
            for index in remaining
        ]
        best = int(np.argmax(gains))
        if gains[best] <= 0:
            break
        index = remaining.pop(best)
        chosen.append(index)
        known = np.vstack([known, mean[index]])
        known = known[moocore.is_nondominated(known)]
    return chosen


def _hypervolume(points: FloatArray, reference: FloatArray) -> float:
    return float(moocore.hypervolume(points, ref=reference)) if len(points) else 0.0
