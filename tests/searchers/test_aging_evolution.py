"""Aging evolution against Algorithm 1 of Real et al. written anew, and its settings."""

from collections import deque

import numpy as np
import pytest
from searcher_stories import SPACE, archive_of, campaign, problem_of, true_error
from watched_space import WatchedSpace

from evonas.core.archive import Archive, Proposal
from evonas.searchers.aging_evolution import AgingEvolution
from spaces.architecture import Architecture

POPULATION, SAMPLE, CYCLES = 12, 4, 60


def published(history: list[Architecture], rngs: list[np.random.Generator]) -> list[str]:
    """Algorithm 1 with one objective, going on from a random ``history``; a child that was seen is drawn anew."""
    population = deque((architecture, true_error(SPACE.simplify(architecture))) for architecture in history)
    seen = {SPACE.simplify(architecture).key for architecture in history}
    trained = []
    for rng in rngs:
        while True:
            sample = [population[index] for index in rng.choice(POPULATION, size=SAMPLE, replace=False)]
            parent, _ = min(sample, key=lambda member: member[1])
            child = SPACE.mutate(parent, rng)
            key = SPACE.simplify(child).key
            if key not in seen:
                break
        seen.add(key)
        population.append((child, true_error(SPACE.simplify(child))))
        population.popleft()
        trained.append(key)
    return trained


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_it_is_the_published_algorithm_given_the_same_choices(seed: int) -> None:
    problem = problem_of("one objective")
    searcher = AgingEvolution(problem, POPULATION, SAMPLE)
    archive = campaign(searcher, problem, POPULATION + CYCLES, initial=POPULATION, batch=1, seed=seed)
    history = [trial.proposal.architecture for trial in archive.trials[:POPULATION]]
    rngs = [np.random.default_rng([seed, POPULATION + cycle]) for cycle in range(CYCLES)]
    assert [trial.proposal.key for trial in archive.trials[POPULATION:]] == published(history, rngs)
    assert [trial.proposal.origin for trial in archive.trials] == ["random"] * POPULATION + ["variation"] * CYCLES


def test_only_the_youngest_trained_are_parents_and_failures_take_no_place() -> None:
    space = WatchedSpace()
    problem = problem_of(space=space)
    archive = archive_of(problem, trained=30, failed=True, pending=3)
    for seed in range(30):
        AgingEvolution(problem, 10, 2).propose(archive, 2, np.random.default_rng(seed))
    alive = [trial.proposal.key for trial in archive.trials if trial.trained][-10:]
    assert space.parents <= set(alive)
    assert len(space.parents) >= 8  # all but the worst, which wins no sample of two


def test_with_several_objectives_the_dominated_never_win_over_what_dominates_them() -> None:
    space = WatchedSpace()
    problem = problem_of(space=space)
    archive = archive_of(problem, trained=10)
    for seed in range(40):
        AgingEvolution(problem, 10, 10).propose(archive, 1, np.random.default_rng(seed))
    front = {trial.proposal.key for trial in archive.front()}
    assert len(space.parents) == 1
    assert space.parents <= front


def test_the_first_population_is_random_however_it_is_asked_for() -> None:
    problem = problem_of()
    rounds: list[list[Proposal]] = []

    def watch(archive: Archive, count: int, proposals: list[Proposal]) -> None:
        rounds.append(proposals)

    campaign(AgingEvolution(problem, 10, 3), problem, 24, initial=7, batch=7, watch=watch)
    assert [[one.origin for one in proposals] for proposals in rounds] == [
        ["random"] * 7,
        ["random"] * 3,
        ["variation"] * 7,
        ["variation"] * 7,
    ]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"population": 1}, "population must be at least 2; got 1"),
        ({"sample_size": 0}, "sample_size must be from 1 to population=20; got 0"),
        ({"population": 4, "sample_size": 5}, "sample_size must be from 1 to population=4; got 5"),
    ],
)
def test_settings_out_of_range_are_named(settings: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=f"aging_evolution: {message}"):
        AgingEvolution(problem_of(), **settings)
