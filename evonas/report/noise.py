"""What another seed would have changed: the deviation of one training, and who would be on the front then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import moocore
import numpy as np

from evonas.core.archive import Archive, FloatArray
from evonas.core.evaluation import Evaluation
from evonas.core.randomness import generator

_DRAWS = 200
_BEYOND_DOUBT = 4.0  # standard errors: further off, no draw in thousands changes the order


def seed_deviations(archive: Archive, retrainings: Mapping[int, Sequence[Evaluation]]) -> dict[str, float]:
    """Deviation of one training, by objective that needs training: pooled over what was trained with several seeds.

    The search's own replicates count, and the final retrainings by themselves. The first training of a replicated
    architecture counts with its replicates though the front was selected by it, for with one replicate nothing else
    would be known. Measured on the three runs of NAS-Bench-Macro, that makes no difference: 0.210 points with it, 0.214
    between later runs of the same networks.

    Args:
        archive: Every trial.
        retrainings: By trial number, as ``Record.retrainings``.
    """
    searched = [(trial.evaluation, *trial.replicates) for trial in archive.trained if trial.replicates]
    groups = [[one for one in group if one and not one.failure] for group in (*searched, *retrainings.values())]
    found: dict[str, float] = {}
    for objective in archive.objectives:
        if objective.needs != "training":
            continue
        squares, freedom = 0.0, 0
        for group in groups:
            values = [evaluation.values[objective.name] for evaluation in group]
            if len(values) > 1:
                squares += float(np.var(values)) * len(values)
                freedom += len(values) - 1
        if freedom:
            found[objective.name] = (squares / freedom) ** 0.5
    return found


def standard_errors(archive: Archive, deviations: Mapping[str, float]) -> FloatArray:
    """How uncertain each trained trial's values are: shape ``(trained, objectives)``, 0 for exact ones.

    Args:
        archive: Every trial.
        deviations: Of one training, by objective; a mean over n trainings has that over the root of n.
    """
    once = np.array([deviations.get(name, 0.0) for name in archive.names])
    counts = np.array([1 + len(trial.replicates) for trial in archive.trained], np.float64)
    return np.asarray(once / np.sqrt(counts)[:, None], np.float64)


def front_shares(archive: Archive, deviations: Mapping[str, float], seed: int = 0) -> dict[int, float]:
    """How often each trained trial would be on the front, were all measured values drawn anew with their noise.

    Of nearly equal candidates each has its share, whichever leads by its mean. Who is on no draw's front is left out.

    Source: the probability that an uncertain point is not dominated, as in Teich, "Pareto-Front Exploration with
    Uncertain Objectives", 2001, here by simulation under normal noise.

    Args:
        archive: Every trial.
        deviations: Of one training, by objective; empty where none is known.
        seed: Fixes the draws.

    Returns:
        By trial number, shares in (0, 1] of 200 draws; empty where no deviation is known.
    """
    trained = archive.trained
    if not deviations or not trained:
        return {}
    values, errors = archive.values(trained), standard_errors(archive, deviations)
    members = {trial.number for trial in archive.front()}
    front = np.array([trial.number in members for trial in trained])
    worst = values[front] + _BEYOND_DOUBT * errors[front]
    best = values - _BEYOND_DOUBT * errors
    doubtful = np.flatnonzero([front[row] or not (worst < best[row]).all(axis=1).any() for row in range(len(best))])
    rng = generator(seed, 0, "front under noise")
    counts = np.zeros(len(doubtful))
    for _ in range(_DRAWS):
        drawn = values[doubtful] + errors[doubtful] * rng.standard_normal((len(doubtful), values.shape[1]))
        counts += moocore.is_nondominated(drawn, keep_weakly=False)
    shares = zip(doubtful.tolist(), (counts / _DRAWS).tolist(), strict=True)
    return {trained[row].number: share for row, share in shares if share > 0}
