"""Unseen feasible candidates at random, in a bounded number of tries."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from evonas.core.archive import Archive, Estimate, Funnel, Origin, Proposal
from evonas.core.problem import Candidate, Problem, Rejections
from evonas.core.searcher import Exhausted, SearchError

TRIES = 10_000
BUILT_TRIES = 10  # what building a model only to turn it down counts as: it takes milliseconds, a sample microseconds


def draw(
    problem: Problem,
    archive: Archive,
    count: int,
    rng: np.random.Generator,
    taken: Collection[str] = (),
    built: bool = True,
) -> list[Candidate]:
    """Up to ``count`` distinct candidates from ``Space.sample`` that the archive and ``taken`` do not hold.

    Objectives of built models are measured, and their constraints held, where ``built``.

    Rejection keeps the space's own distribution among the feasible. Gives up after ``TRIES`` samples without a new one,
    of which each that needed a model to be turned down counts as ``BUILT_TRIES``.

    Raises:
        Exhausted: Feasible architectures were found, but every one had been seen.
        SearchError: No sample was feasible at all; the message says what rejected how many.
    """
    found: dict[str, Candidate] = {}
    rejections = Rejections()
    turned_down: set[str] = set()
    seen = samples = tries = 0
    while len(found) < count and tries < TRIES:
        tries += 1
        samples += 1
        candidate = problem.candidate(problem.sample(rng), rejections)
        if candidate is None or candidate.key in turned_down:
            continue
        if candidate.key in archive or candidate.key in found or candidate.key in taken:
            seen += 1
            continue
        complete = problem.with_model_objectives(candidate, rejections) if built else candidate
        if complete is None:
            turned_down.add(candidate.key)
            tries += BUILT_TRIES - 1
            continue
        found[candidate.key] = complete
        tries = 0
    if found:
        return list(found.values())
    if seen or len(archive):
        raise Exhausted(
            f"no unseen feasible architecture was found in {samples:,} samples; {len(archive):,} are in the archive"
        )
    raise SearchError(
        f"no feasible architecture was found in {samples:,} samples: {rejections.describe()}. "
        "Relax the constraint that rejects most, mend the objective that fails, or choose a space that meets them"
    )


def draw_at_most(
    problem: Problem, archive: Archive, count: int, rng: np.random.Generator, taken: Collection[str] = ()
) -> list[Candidate]:
    """The same, but fewer, perhaps none, where no more are found.

    Raises:
        SearchError: As ``draw``.
    """
    if count <= 0:
        return []
    try:
        return draw(problem, archive, count, rng, taken)
    except Exhausted:
        return []


def random_count(archive: Archive, count: int, share: float) -> int:
    """How many of the next ``count`` are drawn at random, so that ``share`` of all after the first round are."""
    later = [trial for trial in archive.trials if trial.proposal.funnel.round > 0]
    so_far = sum(trial.proposal.origin == "random" for trial in later)
    return min(count, max(0, math.floor(share * (len(later) + count) + 0.5) - so_far))


def proposal(
    problem: Problem,
    candidate: Candidate,
    origin: Origin,
    funnel: Funnel,
    predicted: Mapping[str, Estimate] | None = None,
    proxies: Mapping[str, float] | None = None,
) -> Proposal:
    """The proposal that is journalled for a chosen candidate."""
    return Proposal(
        architecture=candidate.architecture,
        key=candidate.key,
        notation=problem.space.format(candidate.architecture),
        origin=origin,
        exact=candidate.exact,
        predicted=predicted or {},
        proxies=proxies or {},
        funnel=funnel,
    )


def joined(archive: Archive, ahead: Sequence[Proposal], stage: str, chosen: Sequence[Proposal]) -> list[Proposal]:
    """One round of what goes ahead of a searcher's choice, counted under ``stage``, and that choice."""
    funnel = chosen[0].funnel if chosen else Funnel(next_round(archive), {})
    if ahead:
        funnel = replace(funnel, counts={**funnel.counts, stage: len(ahead)})
    return [replace(one, funnel=funnel) for one in (*ahead, *chosen)]


def next_round(archive: Archive) -> int:
    """Number of the round that is being proposed."""
    return archive.rounds[-1].round + 1 if archive.rounds else 0
