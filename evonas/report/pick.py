"""Choosing one architecture of a campaign, and how sure the choice is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evonas.core.archive import Archive, FloatArray, Trial
from evonas.core.constraint import Constraint
from evonas.core.objective import Goal
from evonas.core.record import Record
from evonas.report.noise import seed_deviations, standard_errors

_DRAWS = 500


@dataclass(frozen=True, slots=True)
class Wish:
    """What to choose by.

    Attributes:
        bounds: What a choice must meet, each on one objective in its own unit and direction.
        objective: The one to be best by; None for the knee of the front.
        goal: Direction of ``objective``; None for the objective's own.
    """

    bounds: tuple[Constraint, ...] = ()
    objective: str | None = None
    goal: Goal | None = None


@dataclass(frozen=True, slots=True)
class Pick:
    """One trained architecture, and how often noise would have chosen it again.

    Attributes:
        trial: The choice.
        deviations: Deviation between two trainings of one architecture, by objective, from what was trained again.
        shares: By trial number, how often each was chosen when every measured value was drawn anew with that
            deviation; most frequent first. Empty where no deviation is known.
    """

    trial: Trial
    deviations: Mapping[str, float]
    shares: Mapping[int, float]

    @property
    def stability(self) -> float | None:
        """Share of the draws that chose the same; None where no deviation is known."""
        return self.shares.get(self.trial.number, 0.0) if self.shares else None


def choose(archive: Archive, wish: Wish) -> Trial:
    """The trained trial that is best by one objective, or the knee of the front, among those that meet all bounds.

    Of several that are equally good by the one objective, the first that no other of them dominates.

    The knee is the point farthest below the hyperplane through the extremes of the front, each objective scaled to its
    range there: the least sum of scaled objectives (after Das, "On characterizing the knee of the Pareto curve",
    Structural Optimization 1999).

    Raises:
        ValueError: An unknown objective, or nothing meets the bounds.
    """
    trained = _asked(archive, wish)
    index = _index(archive, archive.values(trained), wish)
    if index is None:
        if not trained:
            raise ValueError(
                f"nothing is trained; {len(archive.failed)} failed. Run the campaign first, or see its report"
            )
        wanted = " and ".join(map(str, wish.bounds))
        ranges = "; ".join(_range(bound.objective, trained) for bound in wish.bounds)
        raise ValueError(f"none of {len(trained)} trained candidates meets {wanted}; {ranges}")
    return trained[index]


def pick(record: Record, wish: Wish, rng: np.random.Generator) -> Pick:
    """What ``choose`` chooses, and how often it would choose the same if all were trained with other seeds.

    Every value of an objective that needs training is drawn from a normal distribution around what was measured, with
    the deviation that trainings of one architecture with several seeds show (``noise.seed_deviations``), less where
    the value is a mean; the choice is made anew in each of 500 draws. A draw in which nothing meets the bounds counts
    for none.

    Raises:
        ValueError: An unknown objective, or nothing meets the bounds.
    """
    archive = record.archive
    chosen = choose(archive, wish)
    deviations = seed_deviations(archive, record.retrainings)
    if not deviations:
        return Pick(chosen, {}, {})
    trained = archive.trained
    values = archive.values(trained)
    scale = standard_errors(archive, deviations)
    counts: Counter[int] = Counter()
    for _ in range(_DRAWS):
        index = _index(archive, values + scale * rng.standard_normal(values.shape), wish)
        if index is not None:
            counts[trained[index].number] += 1
    return Pick(chosen, deviations, {number: count / _DRAWS for number, count in counts.most_common()})


def _asked(archive: Archive, wish: Wish) -> list[Trial]:
    asked = [bound.objective for bound in wish.bounds] + ([wish.objective] if wish.objective is not None else [])
    for name in asked:
        if name not in archive.names:
            raise ValueError(f"no objective is named {name!r}; this search has {', '.join(archive.names)}")
    return archive.trained


def _index(archive: Archive, values: FloatArray, wish: Wish) -> int | None:
    """The row of minimised ``values``, shape ``(n, objectives)``, that is chosen."""
    column = {name: values[:, number] * archive.signs[number] for number, name in enumerate(archive.names)}
    meets = np.ones(len(values), bool)
    for bound in wish.bounds:
        meets &= np.array([bound.holds(value) for value in column[bound.objective]], bool)
    left = np.flatnonzero(meets)
    if not len(left):
        return None
    if wish.objective is not None:
        own = archive.objectives[archive.names.index(wish.objective)].goal
        wanted = column[wish.objective][left]
        left = left[wanted == (wanted.min() if (wish.goal or own) == "min" else wanted.max())]
    import moocore

    front = left[moocore.is_nondominated(values[left], keep_weakly=False)]
    if wish.objective is not None:
        return int(front[0])
    span = np.ptp(values[front], axis=0)
    scaled = (values[front] - values[front].min(axis=0)) / np.where(span > 0, span, 1.0)
    return int(front[np.argmin(scaled.sum(axis=1))])


def _range(name: str, trials: Sequence[Trial]) -> str:
    values = [trial.values[name] for trial in trials]
    return f"{name} ranges from {min(values):g} to {max(values):g}"
