"""Children of parents, by crossover and one-edit mutation, in a bounded number of tries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

import numpy as np

from evonas.core.archive import Archive, FloatArray
from evonas.core.problem import Candidate, Problem, Rejections
from evonas.core.searcher import SearchError
from evonas.searchers.selection import best_first, places, tournament
from spaces.architecture import Architecture

STUBBORN = 100


class Parents:
    """A mating pool: NSGA-II's survivors, drawn by binary tournament.

    Args:
        architectures: ``n`` architectures as the space notates them.
        values: Their objectives, minimised: shape ``(n, objectives)``.
        population: How many survive.
    """

    def __init__(self, architectures: Sequence[Architecture], values: FloatArray, population: int) -> None:
        survivors = best_first(values, population)
        self.architectures: list[Architecture] = [architectures[index] for index in survivors]
        self._places = places(values[survivors])

    @classmethod
    def of(cls, archive: Archive, population: int) -> Parents:
        """The survivors among the archive's trained trials."""
        trained = archive.trained
        return cls([trial.proposal.architecture for trial in trained], archive.values(trained), population)

    def draw(self, rng: np.random.Generator) -> Architecture:
        """One parent by binary tournament."""
        return self.architectures[tournament(self._places, rng)]


def child(
    problem: Problem, parents: Parents, crossover_rate: float, rng: np.random.Generator, edits: int = 1
) -> Architecture:
    """One child: a crossover of two parents at ``crossover_rate``, else a parent, and then ``edits`` mutations.

    Raises:
        SearchError: The space's mutation keeps returning its parent.
    """
    space = problem.space
    start = parents.draw(rng)
    if rng.random() < crossover_rate:
        start = space.crossover(start, parents.draw(rng), rng)
    for _ in range(edits):
        start = mutated(problem, start, rng)
    return start


def mutated(problem: Problem, parent: Architecture, rng: np.random.Generator) -> Architecture:
    """One mutation of ``parent`` that changes it.

    Raises:
        SearchError: The space's mutation returned its parent ``STUBBORN`` times in a row.
    """
    for _ in range(STUBBORN):
        result = problem.space.mutate(parent, rng)
        if result != parent:
            return result
    raise SearchError(
        f"{type(problem.space).__name__}.mutate returned its parent {STUBBORN} times in a row for "
        f"{problem.space.format(parent)!r}; a mutation is one edit that changes the function"
    )


def offspring(
    problem: Problem,
    archive: Archive,
    parents: Parents,
    count: int,
    crossover_rate: float,
    rng: np.random.Generator,
    counts: Counter[str],
    taken: Collection[str] = (),
    tries: int | None = None,
    built: bool = False,
    edits: int = 1,
) -> list[Candidate]:
    """Up to ``count`` distinct feasible children that neither the archive nor ``taken`` holds; perhaps none.

    Args:
        problem: What is searched for.
        archive: What was seen.
        parents: The mating pool.
        count: How many are wanted.
        crossover_rate: Share of children that have two parents.
        rng: Source of all randomness.
        counts: Gets ``drawn``, ``distinct`` and ``feasible`` added.
        taken: Keys that are not wanted besides.
        tries: Children at most; 20 for each wanted one, and 200 at least, where not given.
        built: Whether objectives of built models are measured too, and their constraints held.
        edits: Mutations of a child.

    Raises:
        SearchError: The space's mutation keeps returning its parent.
    """
    found: dict[str, Candidate] = {}
    turned_down: set[str] = set()
    rejections = Rejections()
    for _ in range(tries if tries is not None else max(200, 20 * count)):
        if len(found) >= count:
            break
        architecture = child(problem, parents, crossover_rate, rng, edits)
        counts["drawn"] += 1
        key = problem.key(architecture)
        if key in archive or key in found or key in taken or key in turned_down:
            continue
        counts["distinct"] += 1
        candidate = problem.candidate(architecture, rejections)
        if candidate is not None and built:
            candidate = problem.with_model_objectives(candidate, rejections)
        if candidate is None:
            turned_down.add(key)
            continue
        counts["feasible"] += 1
        found[key] = candidate
    return list(found.values())
