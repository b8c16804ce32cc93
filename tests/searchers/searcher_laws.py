"""The laws of a searcher: plain functions of its name. ``test_searcher_laws.py`` runs them over all."""

import pickle
import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from searcher_stories import (
    GOALS,
    SPACE,
    archive_of,
    built_layers,
    campaign,
    error,
    made,
    problem_of,
    told,
)
from watched_space import StubbornSpace, WatchedPredictor, WatchedSpace

from evonas.core.archive import Archive, Proposal
from evonas.core.constraint import Constraint
from evonas.core.evaluation import Evaluation
from evonas.core.problem import Problem
from evonas.core.searcher import SearchError


def a_fresh_searcher_and_a_used_one_propose_the_same(name: str) -> None:
    problem = problem_of("an objective of the built model")
    archive = archive_of(problem, failed=True, pending=2)
    other = archive_of(problem, trained=30, seed=5)
    used = made(name, problem, proxies=True)
    first = told(used.propose(archive, 5, np.random.default_rng(3)))
    used.propose(other, 4, np.random.default_rng(4))
    again = told(used.propose(archive, 5, np.random.default_rng(3)))
    fresh = told(made(name, problem, proxies=True).propose(archive, 5, np.random.default_rng(3)))
    assert first == again == fresh
    assert told(used.propose(archive, 5, np.random.default_rng(8))) != first


def global_generators_are_neither_read_nor_written(name: str) -> None:
    problem = problem_of("an objective of the built model")
    archive = archive_of(problem)

    def proposed() -> list[object]:
        return told(made(name, problem, proxies=True).propose(archive, 3, np.random.default_rng(0)))

    def states() -> list[object]:
        return [random.getstate(), pickle.dumps(np.random.get_state()), torch.get_rng_state().tolist()]  # noqa: NPY002

    before = states()
    reference = proposed()
    assert states() == before
    random.random()
    np.random.rand()  # noqa: NPY002
    torch.rand(1)
    assert proposed() == reference


def check_round(problem: Problem, archive: Archive, count: int, proposals: list[Proposal]) -> None:
    assert 1 <= len(proposals) <= count
    keys = [proposal.key for proposal in proposals]
    assert len(set(keys)) == len(keys)
    training = set(problem.predicted_names)
    exact = {objective.name for objective in problem.objectives} - training
    round_number = archive.rounds[-1].round + 1 if archive.rounds else 0
    for proposal in proposals:
        assert proposal.key not in archive
        simplified = problem.space.simplify(proposal.architecture)
        assert proposal.key == simplified.key
        problem.space.check(proposal.architecture)
        assert problem.space.parse(proposal.notation) == proposal.architecture
        assert proposal.exact.keys() == exact
        cost = problem.space.cost(simplified)
        assert proposal.exact.get("macs", cost.macs) == cost.macs
        assert proposal.exact.get("parameters", cost.parameters) == cost.parameters
        assert proposal.predicted.keys() in (set(), training)
        assert all(np.isfinite([one.mean, one.std]).all() and one.std > 0 for one in proposal.predicted.values())
        assert proposal.funnel.round == round_number
        assert proposal.funnel.counts["chosen"] == len(proposals)
        assert all(constraint.holds(proposal.exact[constraint.objective]) for constraint in problem.constraints)


def whole_campaigns_keep_the_contract(name: str) -> None:
    """Whatever the objectives are, with failures in between: also, nothing is ever proposed twice."""
    for goals in GOALS:
        problem = problem_of(goals)
        searcher = made(name, problem, proxies=goals == "three objectives")
        archive = campaign(
            searcher,
            *(problem, 34, 14, 5),
            watch=lambda *seen, problem=problem: check_round(problem, *seen),
            fails=lambda number: number % 6 == 4,
        )
        assert len(archive) == 34, goals
        assert len({trial.proposal.key for trial in archive.trials}) == 34


def the_archive_is_left_as_it_was(name: str) -> None:
    problem = problem_of()
    archive = archive_of(problem, failed=True, pending=3)
    before = (list(archive.trials), list(archive.rounds), archive.front())
    made(name, problem, proxies=True).propose(archive, 4, np.random.default_rng(0))
    assert (list(archive.trials), list(archive.rounds), archive.front()) == before


def the_failed_and_the_pending_are_no_parents_and_teach_nothing(name: str) -> None:
    space = WatchedSpace()
    problem = problem_of("two that need training", space)
    for trained, failed, pending in ((30, True, 4), (12, True, 0), (20, False, 6)):
        archive = archive_of(problem, trained, failed, pending)
        space.forget()
        taught = WatchedPredictor()
        made(name, problem, predictor=taught.factory).propose(archive, 5, np.random.default_rng(1))
        assert space.parents.isdisjoint({trial.proposal.key for trial in [*archive.failed, *archive.pending]})
        for keys, targets, column in taught.lessons:
            assert keys == [trial.proposal.key for trial in archive.trained]
            assert targets.tolist() == archive.values()[:, column].tolist()


def what_was_trained_several_times_teaches_its_mean_once(name: str) -> None:
    problem = problem_of("two that need training")
    archive = archive_of(problem, trained=20)
    first = {trial.proposal.key: dict(trial.values) for trial in archive.trials}
    for trial in archive.trials[:3]:
        number = archive.propose(replace(trial.proposal, replicate=1)).number
        worse = {name: first[trial.proposal.key][name] + 2.0 for name in ("error", "second")}
        archive.record(number, Evaluation(worse, 1.0))
    taught = WatchedPredictor()
    made(name, problem, predictor=taught.factory).propose(archive.without_replicates(), 5, np.random.default_rng(1))
    again = {trial.proposal.key for trial in archive.trials[:3]}
    for keys, targets, column in taught.lessons:
        assert sorted(keys) == sorted(first)
        known = [first[key][("error", "second")[column]] + (1.0 if key in again else 0.0) for key in keys]
        np.testing.assert_allclose(targets, known, rtol=1e-12)


def archives_with_little_or_nothing_trained_do(name: str) -> None:
    problem = problem_of()
    for trained, failed, pending in ((0, True, 0), (1, True, 0), (1, False, 14), (0, False, 14), (2, True, 0)):
        archive = archive_of(problem, trained, failed, pending)
        proposals = made(name, problem).propose(archive, 4, np.random.default_rng(2))
        check_round(problem, archive, 4, proposals)
        assert len(proposals) == 4


def what_breaks_a_constraint_is_never_proposed(name: str) -> None:
    for goals, bounds in (
        ("three objectives", {"macs": "<= 40000", "parameters": ">= 300"}),
        ("an objective of the built model", {"layers": "< 40"}),
    ):
        problem = problem_of(goals, **bounds)
        archive = campaign(
            made(name, problem), problem, 30, batch=6, watch=lambda *seen, problem=problem: check_round(problem, *seen)
        )
        assert len(archive) == 30


def an_impossible_constraint_is_named_with_its_count(name: str) -> None:
    problem = problem_of("three objectives", macs="<= 1", parameters="<= 1e9")
    with pytest.raises(SearchError, match=r"no feasible .* 10,000 samples: macs <= 1 rejected 10,000 \(nearest value"):
        made(name, problem).propose(Archive(problem.objectives), 4, np.random.default_rng(0))


def an_impossible_constraint_on_the_model_is_found_out_soon(name: str) -> None:
    built: list[int] = []
    problem = Problem(SPACE, [error(), built_layers(built)], [Constraint.parse("layers", "<= 1")])
    with pytest.raises(SearchError, match=r"no feasible .* samples: layers <= 1 rejected \d"):
        made(name, problem).propose(Archive(problem.objectives), 4, np.random.default_rng(0))
    assert 50 < len(built) <= 1000


def a_mutation_that_never_changes_anything_is_named(name: str) -> None:
    """Only for searchers that mutate, which a watched space tells."""
    space = WatchedSpace()
    problem = problem_of(space=space)
    archive = archive_of(problem)
    made(name, problem).propose(archive, 3, np.random.default_rng(0))
    stubborn = problem_of(space=StubbornSpace())
    searcher = made(name, stubborn)
    if space.mutations == 0:
        check_round(stubborn, archive, 3, searcher.propose(archive, 3, np.random.default_rng(0)))
        return
    with pytest.raises(SearchError, match=r"StubbornSpace\.mutate returned its parent 100 times in a row for '\|"):
        searcher.propose(archive, 3, np.random.default_rng(0))


LAWS = (
    a_fresh_searcher_and_a_used_one_propose_the_same,
    global_generators_are_neither_read_nor_written,
    whole_campaigns_keep_the_contract,
    the_archive_is_left_as_it_was,
    the_failed_and_the_pending_are_no_parents_and_teach_nothing,
    what_was_trained_several_times_teaches_its_mean_once,
    archives_with_little_or_nothing_trained_do,
    what_breaks_a_constraint_is_never_proposed,
    an_impossible_constraint_is_named_with_its_count,
    an_impossible_constraint_on_the_model_is_found_out_soon,
    a_mutation_that_never_changes_anything_is_named,
)
