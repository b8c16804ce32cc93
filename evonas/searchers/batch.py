"""What is trained next of the candidates that screening has left."""

from __future__ import annotations

import math

import numpy as np

from evonas.core.archive import Archive, FloatArray
from evonas.core.problem import Problem
from evonas.searchers.forecast import Forecast, pending_values
from evonas.searchers.gate import Mask
from evonas.searchers.improvement import choose_batch
from evonas.searchers.selection import best_first

WORST = 0.75  # quantile of what is drawn at random, beyond which a network interests nobody
BEYOND = 0.01  # of an exact objective's range, so that its largest value too improves something


def chosen_batch(
    forecast: Forecast,
    mean: FloatArray,
    std: FloatArray,
    passed: Mask,
    count: int,
    improvement_share: float,
    rng: np.random.Generator,
) -> list[int]:
    """Chooses some for expected hypervolume improvement, and the others as if the predicted means were certain.

    Pending trials count as the values predicted of them now. Where no other improves, the best by NSGA-II's ranking
    follow, and of those that the gate rejects only where no others are left.

    Args:
        forecast: What is known, and predicts what is pending.
        mean: Objectives of ``n`` candidates, minimised: shape ``(n, objectives)``.
        std: Their deviations, 0 for exact ones: ``(n, objectives)``.
        passed: Which of them the gate lets pass: ``(n,)``.
        count: How many are wanted.
        improvement_share: Share of them that is chosen for the expected improvement, in [0, 1].
        rng: Draws how the truth may turn out.

    Returns:
        Indices of ``count`` candidates, or of all where there are fewer.
    """
    if not len(mean):
        return []
    archive = forecast.archive
    reference = _reference(forecast.problem, archive, mean)
    eligible = np.flatnonzero(passed)
    expected = np.vstack([archive.values(archive.front()), pending_values(forecast)])
    chosen: list[int] = []
    improving = math.ceil(improvement_share * count)
    doubt = std
    for wanted in (improving, count):
        left = np.setdiff1d(eligible, chosen)
        known = np.vstack([expected, mean[chosen]]) - reference
        picked = choose_batch(mean[left] - reference, doubt[left], known, wanted - len(chosen), rng)
        chosen += [int(left[index]) for index in picked]
        doubt = np.zeros_like(std)  # the others: as if the predicted means were certain
    ranked = best_first(mean, len(mean)).tolist()
    others = [index for index in sorted(ranked, key=lambda index: not passed[index]) if index not in set(chosen)]
    return chosen + others[: count - len(chosen)]


def _reference(problem: Problem, archive: Archive, mean: FloatArray) -> FloatArray:
    """What improvement is measured from, minimised: shape ``(objectives,)``.

    Of an objective that needs training, three quarters of the networks drawn at random are better: the worst of them,
    which often did not learn at all, would reward whatever is cheap. An exact objective's is beyond all that is known,
    or the largest networks would improve nothing.
    """
    trained = archive.trained
    values = archive.values(trained)
    drawn = values[[trial.proposal.origin == "random" for trial in trained]]
    everything = np.vstack([values, mean])
    worst, best = everything.max(axis=0), everything.min(axis=0)
    predicted = np.array([objective.needs == "training" for objective in problem.objectives])
    typical = np.quantile(drawn if len(drawn) else values, WORST, axis=0)
    return np.where(predicted, typical, worst + BEYOND * np.maximum(worst - best, np.abs(worst)))
