"""How far a campaign came, as hypervolume, and how far random search would have come."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

import moocore
import numpy as np
import numpy.typing as npt

from evonas.core.archive import Archive, FloatArray
from evonas.core.hypervolume import Yardstick
from evonas.core.randomness import generator

IntegerArray = npt.NDArray[np.int64]

MOST_OBJECTIVES = 5
MOST_STEPS = 300
RESAMPLED_STEPS = 24
FEWEST_TO_EXTRAPOLATE = 8
EXTRAPOLATION_REACH = 10


@dataclass(frozen=True, slots=True)
class Course:
    """Hypervolume as training went on, in the order in which the evaluations came home.

    Attributes:
        counts: What was trained so far, in full trainings, rounded up: shorter, stopped and further trainings count as
            much as the budget counts them, failed ones are left out. Shape ``(steps,)``, rising; at most 300.
        seconds: The campaign's running time at each step, shape ``(steps,)``; NaN where it was not recorded.
        hypervolumes: Shape ``(steps,)``, never falling.
    """

    counts: IntegerArray
    seconds: FloatArray
    hypervolumes: FloatArray


@dataclass(frozen=True, slots=True)
class RandomEstimate:
    """What uniformly random search would have reached, estimated from the candidates that were drawn at random.

    Up to the size of the random share this is an estimate without bias: the mean over subsets drawn without
    replacement. Its band tells the luck of the draw; it narrows to nothing at the full share because only one such
    subset exists, not because the value is certain. Beyond the share nothing was observed. There the last part's slope
    against the logarithm of the count is kept, which flatters random search wherever gains shrink with each doubling;
    it is drawn at most ten times as far as the share reaches, and not at all from fewer than eight candidates.

    Attributes:
        share: Size r of the random share: its trained candidates.
        counts: Subset sizes, shape ``(steps,)``, from 1 to r.
        mean: Expected hypervolume, shape ``(steps,)``.
        low: 10 % quantile, shape ``(steps,)``.
        high: 90 % quantile, shape ``(steps,)``.
        slope: Rise per unit of ``log(count)`` beyond the share; None where nothing is extrapolated.
        seconds_each: Running time that one trained candidate of the share took, at the campaign's own degree of
            parallelism and counting the failures among random candidates; None where no times are known.
    """

    share: int
    counts: IntegerArray
    mean: FloatArray
    low: FloatArray
    high: FloatArray
    slope: float | None
    seconds_each: float | None

    @property
    def reach(self) -> int:
        """The largest count that the estimate speaks of, extrapolation included."""
        return self.share if self.slope is None else EXTRAPOLATION_REACH * self.share

    def at(self, count: int) -> float | None:
        """Expected hypervolume of ``count`` random candidates; None beyond the reach or below 1."""
        if 1 <= count <= self.share:
            return float(np.interp(np.log(count), np.log(self.counts), self.mean))
        if self.slope is not None and self.share < count <= self.reach:
            return float(self.mean[-1] + self.slope * np.log(count / self.share))
        return None


def hypervolume_course(archive: Archive, elapsed_seconds: Mapping[int, float]) -> Course | None:
    """Hypervolume against trained candidates and against running time.

    Args:
        archive: Every trial.
        elapsed_seconds: Running time by trial number, as ``Record.elapsed_seconds``; trials without one come last.

    Returns:
        None where the campaign has no yardstick yet, or more than five objectives, whose exact hypervolume takes
        exponential time.
    """
    yardstick = Yardstick.of(archive) if len(archive.objectives) <= MOST_OBJECTIVES else None
    if yardstick is None:
        return None
    arrived = sorted(
        (trial for trial in archive.trials if trial.evaluation is not None and trial.failure is None),
        key=lambda trial: (elapsed_seconds.get(trial.number, np.inf), trial.number),
    )
    # What costs but has no full training's values adds no point; points stand where all their trainings put them.
    measured = [trial.trained or (trial.proposal.replicate > 0 and trial.stop is None) for trial in arrived]
    known = np.cumsum(measured)
    values = archive.values(
        [archive.highest(trial.proposal.key) for trial, full in zip(arrived, measured, strict=True) if full]
    )
    seconds = np.array([elapsed_seconds.get(trial.number, np.nan) for trial in arrived])
    cost = np.array([math.ceil(total) for total in accumulate(trial.cost for trial in arrived)], np.int64)
    last = np.flatnonzero((np.diff(cost, append=cost[-1] + 1) > 0) & (known > 0))  # of those of one count
    last = last[_steps(len(last), MOST_STEPS, logarithmic=False) - 1]
    return Course(cost[last], seconds[last], _prefix_hypervolumes(yardstick, values, known[last]))


def random_estimate(
    archive: Archive, elapsed_seconds: Mapping[int, float], draws: int = 200, seed: int = 0
) -> RandomEstimate | None:
    """Expected hypervolume of k random trained candidates, by resampling the random share without replacement.

    Args:
        archive: Every trial; those of origin ``random`` that trained are the share.
        elapsed_seconds: Running time by trial number, as ``Record.elapsed_seconds``.
        draws: Random orders of the share; the first k of each order are one subset of size k.
        seed: Fixes the draws.

    Returns:
        None where nothing random was trained, or ``hypervolume_course`` is None.
    """
    share = [trial for trial in archive.trained if trial.proposal.origin == "random"]
    yardstick = Yardstick.of(archive) if len(archive.objectives) <= MOST_OBJECTIVES else None
    if yardstick is None or not share:
        return None
    values = archive.values(share)
    counts = _steps(len(share), RESAMPLED_STEPS, logarithmic=True)
    rng = generator(seed, 0, "random search estimate")
    samples = np.array([_prefix_hypervolumes(yardstick, rng.permutation(values), counts) for _ in range(draws)])
    low, high = np.quantile(samples, (0.1, 0.9), axis=0)
    mean = samples.mean(axis=0)
    return RandomEstimate(
        len(share),
        counts,
        mean,
        low,
        high,
        _last_slope(counts, mean),
        _seconds_each(archive, elapsed_seconds, len(share)),
    )


def _steps(last: int, most: int, logarithmic: bool) -> IntegerArray:
    if last <= most:
        return np.arange(1, last + 1, dtype=np.int64)
    spaced = np.geomspace(1, last, most) if logarithmic else np.linspace(1, last, most)
    return np.unique(np.round(spaced).astype(np.int64))


def _prefix_hypervolumes(yardstick: Yardstick, values: FloatArray, counts: IntegerArray) -> FloatArray:
    """Hypervolume of the first ``counts[i]`` rows of ``values`` ``(n, objectives)``; only fronts are carried along."""
    front = values[:0]
    hypervolumes: list[float] = []
    start = 0
    for stop in counts.tolist():
        pool = np.concatenate([front, values[start:stop]])
        kept = pool[moocore.is_nondominated(pool, keep_weakly=False)]
        if not hypervolumes or not np.array_equal(kept, front):
            latest = yardstick.hypervolume(kept)
        hypervolumes.append(latest)
        front, start = kept, stop
    return np.array(hypervolumes)


def _last_slope(counts: IntegerArray, mean: FloatArray) -> float | None:
    """Least-squares slope through the last point against ``log(count)``, over the last third of the share."""
    share = int(counts[-1])
    if share < FEWEST_TO_EXTRAPOLATE:
        return None
    last = counts >= share / 3
    x = np.log(counts[last] / share)
    y = mean[last] - mean[-1]
    return max(0.0, float(x @ y / (x @ x)))


def _seconds_each(archive: Archive, elapsed_seconds: Mapping[int, float], share: int) -> float | None:
    evaluated = [trial for trial in archive.trials if trial.evaluation is not None]
    if not evaluated or not elapsed_seconds:
        return None
    worked = [trial.evaluation.seconds if trial.evaluation is not None else 0.0 for trial in evaluated]
    random = [trial.proposal.origin == "random" and not trial.proposal.replicate for trial in evaluated]
    if sum(worked) <= 0.0:
        worked = [1.0] * len(evaluated)
    part = sum(seconds for seconds, drawn in zip(worked, random, strict=True) if drawn) / sum(worked)
    return max(elapsed_seconds.values()) * part / share
