"""A first sample that is spread over cost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evonas.core.archive import Archive
from evonas.core.problem import Candidate, Problem, Rejections
from evonas.searchers.lots import draw, draw_at_most

POOL = 16  # candidates drawn for each that is wanted


def draw_stratified(problem: Problem, archive: Archive, count: int, rng: np.random.Generator) -> list[Candidate]:
    """Up to ``count`` distinct unseen candidates at random, one from each of as many equal groups by cost.

    A pool of ``POOL`` times as many is drawn as ``draw`` does. Cost is the mean rank in the objectives that are known
    of an architecture exactly; the multiply-accumulates where there are none. Every candidate of the pool is as likely
    to be taken as any other, so what is said of random search by this sample's mean holds, with less luck in it
    (stratified sampling: Cochran, "Sampling Techniques", 1977, ch. 5).

    Raises:
        Exhausted, SearchError: As ``draw``.
    """
    pool = draw(problem, archive, POOL * count, rng, built=False)
    by_cost = np.argsort(_cost(problem, pool), kind="stable")
    rejections = Rejections()
    drawn: list[Candidate] = []
    for group in np.array_split(by_cost, min(count, len(pool))):
        for index in rng.permutation(group):
            candidate = problem.with_model_objectives(pool[int(index)], rejections)
            if candidate is not None:
                drawn.append(candidate)
                break
    if not drawn:
        return draw(problem, archive, count, rng)  # it goes on trying, and tells why all are turned down
    missing = count - len(drawn)
    return drawn + draw_at_most(problem, archive, missing, rng, {candidate.key for candidate in drawn})


def _cost(problem: Problem, pool: Sequence[Candidate]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    names = [objective.name for objective in problem.objectives if objective.needs == "architecture"]
    if names:
        columns = [[candidate.exact[name] for candidate in pool] for name in names]
    else:
        columns = [[float(problem.space.cost(candidate.simplified).macs) for candidate in pool]]
    ranks = [np.unique(column, return_inverse=True)[1] for column in columns]
    return np.asarray(np.sum(ranks, axis=0), np.int64)
