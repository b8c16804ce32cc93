"""How long the funnel thinks before it chooses, by the size of the archive."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, cast

import numpy as np

import spaces
from evonas.benchmarks.progress_line import tracked
from evonas.core.archive import Archive, Funnel
from evonas.core.evaluation import Evaluation
from evonas.core.problem import Problem
from evonas.objectives.column import Column
from evonas.objectives.macs import Macs
from evonas.searchers.lots import draw, proposal
from evonas.searchers.screened_nsga2 import LEAST_TRAINED, ScreenedNsga2
from spaces.discovery import find
from spaces.space import Space
from surrogates import PREDICTORS
from surrogates.predictor import Predictor

ERROR = "error"
NOISE = 0.01


def measure_thinking(
    trained: Sequence[int], candidates: int, batch: int, space: str, predictor: str, seed: int
) -> list[dict[str, Any]]:
    """Has the funnel choose one batch, without proxies, from archives of several sizes; nothing is trained.

    The archive holds random architectures, the largest first part for each size; their error falls with the logarithm
    of parameters, and is noisy. What a campaign remembers from its earlier rounds is remembered here too: the rows of
    the archive are encoded before, the candidates are not.

    Args:
        trained: Sizes of the archive, each at least 8.
        candidates: Distinct children screened, fewer where the space has no more.
        batch: How many are chosen.
        space: Name of the space.
        predictor: Name of the predictor.
        seed: Of all generators.

    Returns:
        A row for each size: ``screened`` candidates, ``cpu_seconds`` of processor time on one thread, and wall
        ``…_seconds`` of its stages.

    Raises:
        UnknownComponent: There is no such space or predictor.
        ValueError: The space has fewer members than ``trained``, or fewer than 8 are too few to predict from.
    """
    if min(trained) < LEAST_TRAINED:
        raise ValueError(f"the funnel predicts from at least {LEAST_TRAINED} trained; got {min(trained)}")
    problem = Problem(cast(Space, find(spaces.ROOM, space)()), [Column(ERROR, "min"), Macs()])
    kind = find(PREDICTORS, predictor)
    rows = []
    for size in tracked(sorted(trained)):
        archive = _archive(problem, size, np.random.default_rng(seed))
        searcher = ScreenedNsga2(
            problem,
            lambda encoding: cast(Predictor, kind(problem.space, encoding=encoding)),
            offspring=candidates,
            random_share=0.0,
        )
        searcher.features.encode([trial.proposal.architecture for trial in archive.trials])
        started = time.process_time()
        chosen = searcher.propose(archive, batch, np.random.default_rng(seed + 1))
        seconds = time.process_time() - started
        funnel = chosen[0].funnel
        rows.append(
            {"trained": size, "screened": funnel.counts["feasible"], "chosen": len(chosen), "cpu_seconds": seconds}
            | {f"{stage}_seconds": spent for stage, spent in funnel.seconds.items()}
        )
    return rows


def _archive(problem: Problem, size: int, rng: np.random.Generator) -> Archive:
    archive = Archive(problem.objectives)
    found = draw(problem, archive, size, rng)
    if len(found) < size:
        raise ValueError(f"the space has too few members for {size:,} trained; {len(found):,} were found")
    for number, one in enumerate(found):
        archive.propose(proposal(problem, one, "random", Funnel(number // 100, {})))
        error = 1 / (1 + np.log1p(problem.space.cost(one.simplified).parameters)) + NOISE * rng.standard_normal()
        archive.record(number, Evaluation({ERROR: float(error)}, 0.0))
    return archive
