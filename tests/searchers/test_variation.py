"""Parents and their children."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from searcher_stories import SPACE, archive_of, built_layers, distinct, error, problem_of, proposal_of
from watched_space import StubbornSpace, WatchedSpace

from evonas.core.archive import Archive, Trial
from evonas.core.constraint import Constraint
from evonas.core.problem import Problem
from evonas.core.searcher import SearchError
from evonas.searchers.variation import Parents, child, mutated, offspring


def trials_with(values: list[list[float]]) -> tuple[list[Trial], np.ndarray]:
    architectures = distinct(SPACE, len(values), 3)
    problem = problem_of()
    return [Trial(n, proposal_of(problem, one)) for n, one in enumerate(architectures)], np.array(values)


def test_parents_come_from_the_whole_front_and_not_from_one_end() -> None:
    trials, values = trials_with([[float(n), 19.0 - n] for n in range(20)] + [[30.0, 30.0 + n] for n in range(10)])
    parents = Parents([trial.proposal.architecture for trial in trials], values, population=20)
    rng = np.random.default_rng(0)
    notations = [SPACE.format(trial.proposal.architecture) for trial in trials]
    drawn = Counter(SPACE.format(parents.draw(rng)) for _ in range(8000))
    shares = [drawn[notation] / 8000 for notation in notations]
    assert min(shares[:20]) > 0.025
    assert max(shares[:20]) < 0.13
    assert sum(shares[20:]) == 0


def test_the_dominated_are_parents_only_while_there_is_room() -> None:
    trials, values = trials_with([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [3.0, 3.0]])
    rng = np.random.default_rng(0)
    parents = Parents([trial.proposal.architecture for trial in trials], values, population=3)
    drawn = Counter(SPACE.format(parents.draw(rng)) for _ in range(4000))
    found = [drawn[SPACE.format(trial.proposal.architecture)] / 4000 for trial in trials]
    np.testing.assert_allclose(found, [5 / 9, 3 / 9, 1 / 9, 0], atol=0.04)


@settings(max_examples=60)
@given(st.integers(0, 2**31))
def test_every_child_of_one_parent_is_one_edit_away_and_another_function(seed: int) -> None:
    rng = np.random.default_rng(seed)
    problem = problem_of()
    trials, values = trials_with([[0.0, 0.0]])
    parent = trials[0].proposal.architecture
    made = child(problem, Parents([trial.proposal.architecture for trial in trials], values, 2), 0.0, rng)
    assert made in list(SPACE.neighbours(parent))
    assert SPACE.simplify(made).key != SPACE.simplify(parent).key
    # A crossover of a parent with itself is the parent: its child is mutated all the same.
    crossed = child(problem, Parents([trial.proposal.architecture for trial in trials], values, 2), 1.0, rng)
    assert SPACE.simplify(crossed).key != SPACE.simplify(parent).key


@pytest.mark.parametrize(("rate", "share"), [(0.0, 0.0), (0.3, 0.3), (1.0, 1.0)])
def test_every_child_is_mutated_once_and_the_stated_share_has_two_parents(rate: float, share: float) -> None:
    space = WatchedSpace()
    problem = problem_of(space=space)
    archive = archive_of(problem)
    parents = Parents.of(archive, 20)
    counts: Counter[str] = Counter()
    children = offspring(problem, archive, parents, 150, rate, np.random.default_rng(0), counts)
    assert len(children) == 150 == counts["feasible"]
    assert counts["drawn"] >= counts["distinct"] >= counts["feasible"]
    assert space.mutations == counts["drawn"]
    assert space.crossovers / counts["drawn"] == pytest.approx(share, abs=0.09)


def test_children_are_new_and_what_is_taken_is_left_out() -> None:
    problem = problem_of()
    archive = archive_of(problem)
    parents = Parents.of(archive, 20)
    first = offspring(problem, archive, parents, 50, 0.5, np.random.default_rng(0), Counter())
    taken = {candidate.key for candidate in first}
    second = offspring(problem, archive, parents, 50, 0.5, np.random.default_rng(0), Counter(), taken)
    keys = {candidate.key for candidate in second}
    assert len(taken) == len(keys) == 50
    assert not keys & taken
    assert not (keys | taken) & {trial.proposal.key for trial in archive.trials}


def test_tries_are_bounded_where_no_child_is_feasible() -> None:
    problem = problem_of(macs="<= 1")
    archive = archive_of(problem)
    counts: Counter[str] = Counter()
    parents = Parents.of(archive, 20)
    assert offspring(problem, archive, parents, 3, 0.5, np.random.default_rng(0), counts, tries=70) == []
    assert counts["drawn"] == 70
    assert counts["feasible"] == 0


def test_children_that_the_built_model_rules_out_are_replaced_by_children() -> None:
    built: list[int] = []
    problem = Problem(SPACE, [error(), built_layers(built)], [Constraint.parse("layers", "< 45")])
    archive = archive_of(problem)
    parents = Parents.of(archive, 20)
    counts: Counter[str] = Counter()
    children = offspring(problem, archive, parents, 20, 0.5, np.random.default_rng(0), counts, built=True)
    assert len(children) == 20 == counts["feasible"] < counts["distinct"]
    assert all(candidate.exact["layers"] < 45 for candidate in children)
    assert sum(count >= 45 for count in built) > 0
    assert len(built) == counts["distinct"]


def test_a_mutation_that_is_its_parent_for_ever_is_named() -> None:
    problem = problem_of(space=StubbornSpace())
    parent = distinct(SPACE, 1, 0)[0]
    with pytest.raises(SearchError, match=r"returned its parent 100 times in a row .* one edit that changes the func"):
        mutated(problem, parent, np.random.default_rng(0))
    archive = Archive(problem.objectives)
    parents = Parents([parent], np.zeros((1, 2)), 2)
    with pytest.raises(SearchError, match=r"StubbornSpace\.mutate returned its parent"):
        offspring(problem, archive, parents, 1, 0.5, np.random.default_rng(0), Counter())
