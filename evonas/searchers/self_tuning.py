"""Children whose making adapts during the run: crossover rate, mutation strength, and how many are screened."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection
from itertools import product

import numpy as np

from evonas.core.archive import Archive, FloatArray
from evonas.core.problem import Candidate, Problem
from evonas.searchers.forecast import Forecast
from evonas.searchers.selection import best_first
from evonas.searchers.variation import Parents, offspring
from surrogates.ranking import kendall_tau

OPERATORS = tuple(product((0.0, 1.0), (1, 2, 3)))
"""Crossover or not, and the number of edits of the mutation that follows."""

PILOT = 0.25  # of the children: they are made by all operators alike, and judge them
GOOD = 0.25  # of the pilot's children, by predicted rank
LEAST = 0.05  # share of every operator, so that one which turns bad can turn good again
FEWEST_JUDGED = 8


def tuned_offspring(
    problem: Problem,
    archive: Archive,
    parents: Parents,
    count: int,
    forecast: Forecast,
    rng: np.random.Generator,
    counts: Counter[str],
    taken: Collection[str],
) -> tuple[list[Candidate], str]:
    """Distinct feasible children, about ``count`` times ``trust``, made by operators in the shares they have earned.

    Every operator makes a part of a pilot. An operator's quality is the share of its children that are among the best
    of the pilot by the predictor, and the other children are made in proportion to it: probability matching, with the
    predictor's word as the reward, so that hundreds of children judge an operator and not the few that are trained.
    Nothing is remembered: all of it is a function of the archive, and follows the predictor from round to round.

    Source: Thierens, "An Adaptive Pursuit Strategy for Allocating Operator Probabilities", GECCO 2005 (probability
    matching, which gives the shares). Winter and Teahan, "Ecological Neural Architecture Search", 2025, let each
    candidate carry the rates that made it and so evolve them; that needs many generations, of which few are trained
    here.

    Args:
        problem: What is searched for.
        archive: What was seen.
        parents: The mating pool.
        count: How many children are wanted of a predictor that ranks half-way well.
        forecast: Predicts the children's objectives.
        rng: Source of all randomness.
        counts: Gets ``drawn``, ``distinct`` and ``feasible`` added.
        taken: Keys that are not wanted besides.

    Returns:
        The children, and a sentence for the report.
    """
    wanted = math.ceil(count * trust(archive))
    found: dict[str, Candidate] = {}

    def make(number: int, rate: float, edits: int) -> list[Candidate]:
        excluded = {*taken, *found}
        children = offspring(problem, archive, parents, number, rate, rng, counts, excluded, 2 * number, edits=edits)
        found.update((child.key, child) for child in children)
        return children

    each = math.ceil(PILOT * wanted / len(OPERATORS))
    groups = [make(each, rate, edits) for rate, edits in OPERATORS]
    mean = forecast.means(list(found.values()))
    shares = _shares([len(group) for group in groups], mean, rng)
    left = max(0, wanted - len(found))
    for (rate, edits), share in zip(OPERATORS, shares, strict=True):
        make(round(share * left), rate, edits)
    crossed = sum(share * rate for (rate, _), share in zip(OPERATORS, shares, strict=True))
    strength = sum(share * edits for (_, edits), share in zip(OPERATORS, shares, strict=True))
    told = f"self-tuning: crossover rate {crossed:.1f}, {strength:.1f} edits a child, {wanted:,} children wanted"
    return list(found.values()), told


def trust(archive: Archive) -> float:
    """How many times the usual number of children a predictor may screen, by how well it ranked what was trained.

    The factor is twice Kendall's tau between what was predicted before the training and what was measured, the mean
    over the predicted objectives, within 1/4 and 2; 1 until 8 are known. A predictor that ranks badly is asked to
    choose among few, so that what is trained stays near to a random child. ("Meta knowledge assisted Evolutionary
    Neural Architecture Search", 2025, likewise moves the threshold of its surrogate in the course of the run.)
    """
    taus = []
    for column, name in enumerate(archive.names):
        known = [trial for trial in archive.trained if name in trial.proposal.predicted]
        if len(known) >= FEWEST_JUDGED:
            told = np.array([trial.proposal.predicted[name].mean for trial in known])
            taus.append(kendall_tau(told, archive.values(known)[:, column]) or 0.0)
    return min(2.0, max(0.25, 2 * sum(taus) / len(taus))) if taus else 1.0


def _shares(sizes: list[int], mean: FloatArray, rng: np.random.Generator) -> list[float]:
    """What each operator earned with its part of the pilot: at least ``LEAST``, in all 1."""
    owner = np.repeat(np.arange(len(sizes)), sizes)
    order = rng.permutation(len(mean))  # of equals not always the first operator's
    best = order[best_first(mean[order], math.ceil(GOOD * len(mean)))]
    good = np.bincount(owner[best], minlength=len(sizes))
    quality = good / np.maximum(sizes, 1)
    whole = quality.sum()
    earned = quality / whole if whole > 0 else np.full(len(sizes), 1 / len(sizes))
    return (LEAST + (1 - LEAST * len(sizes)) * earned).tolist()  # type: ignore[no-any-return]
