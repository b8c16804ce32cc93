"""Flat neighbourhoods: neighbours count by their weight, and nothing else of the funnel changes."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import numpy as np
import pytest
from searcher_stories import SPACE, archive_of, distinct, made, problem_of, told, true_error

from evonas.core.archive import FloatArray
from evonas.core.problem import Candidate, Rejections
from evonas.searchers.flatness import Flatness


class Knowing:
    """Forecasts true errors, and costs that nobody may touch."""

    def means(self, candidates: Sequence[Candidate]) -> FloatArray:
        return np.array([[true_error(one.simplified), 7.0] for one in candidates])


def test_the_penalty_is_the_neighbours_mean_beyond_the_median_of_all() -> None:
    """By brute force: every one-edit neighbour, twins of one function each counted."""
    problem = problem_of()
    found = [problem.candidate(one, Rejections()) for one in distinct(SPACE, 9, seed=3)]
    candidates = [one for one in found if one is not None]
    around = []
    for one in candidates:
        errors = [true_error(SPACE.simplify(neighbour)) for neighbour in SPACE.neighbours(one.architecture)]
        around.append(statistics.fmean(errors) - true_error(one.simplified))
    expected = [0.3 * (one - statistics.median(around)) for one in around]
    rng = np.random.default_rng(0)
    penalty = Flatness(problem, 0.3).penalty(Knowing(), candidates, rng)  # type: ignore[arg-type]
    assert len(candidates) == 9
    if all(len(list(SPACE.neighbours(one.architecture))) <= 24 for one in candidates):
        np.testing.assert_allclose(penalty[:, 0], expected, rtol=1e-9, atol=1e-12)
    else:
        assert np.corrcoef(penalty[:, 0], expected)[0, 1] > 0.9
    assert (penalty[:, 1] == 0).all()


def test_without_weight_nothing_is_asked_and_nothing_changes() -> None:
    problem = problem_of()
    archive = archive_of(problem)
    plain = made("screened_nsga2", problem).propose(archive, 6, np.random.default_rng(3))
    off = made("screened_nsga2", problem, flatness=0.0).propose(archive, 6, np.random.default_rng(3))
    assert told(plain) == told(off)
    rng = np.random.default_rng(0)
    assert Flatness(problem, 0.0).penalty(None, [None], rng).tolist() == [[0.0, 0.0]]  # type: ignore[arg-type,list-item]
    assert rng.random() == np.random.default_rng(0).random()


def test_what_is_journalled_is_the_prediction_and_not_what_was_chosen_by() -> None:
    problem = problem_of()
    archive = archive_of(problem)
    by_weight = [
        {
            one.key: one.predicted["error"]
            for one in made("screened_nsga2", problem, flatness=weight).propose(archive, 8, np.random.default_rng(5))
        }
        for weight in (1e-9, 0.9)
    ]
    both = by_weight[0].keys() & by_weight[1].keys()
    assert both
    assert by_weight[0].keys() != by_weight[1].keys(), "a heavy weight chooses others"
    assert all(by_weight[0][key].mean == pytest.approx(by_weight[1][key].mean, abs=1e-12) for key in both)
