"""Ranks from predicted dominance."""

from collections.abc import Sequence

import numpy as np
from searcher_stories import archive_of, problem_of, true_error

from evonas.core.problem import Rejections
from evonas.searchers.inner_nsga2 import InnerNsga2
from evonas.searchers.predicted_dominance import PredictedDominance, peeled
from spaces.architecture import Architecture
from surrogates.dominance import Dominance
from surrogates.predictor import FloatArray

PROBLEM = problem_of()


class Oracle(Dominance):
    """Knows errors and costs."""

    def fit(self, architectures: Sequence[Architecture], values: FloatArray, rng: np.random.Generator) -> None:
        pass

    def probability(self, left: Sequence[Architecture], right: Sequence[Architecture]) -> FloatArray:
        first, second = (
            np.array([[true_error(one), PROBLEM.space.cost(one).macs] for one in side]) for side in (left, right)
        )
        no_worse = (first[:, None] <= second[None]).all(axis=2)
        return np.where(no_worse & (first[:, None] < second[None]).any(axis=2), 0.9, 0.1)


def test_ranks_of_a_relation_are_peeled_and_circles_are_broken() -> None:
    relation = np.zeros((5, 5), bool)
    relation[0, 1] = relation[0, 2] = relation[1, 2] = True  # 0 before 1 before 2; 3 and 4 stand alone
    assert peeled(relation).tolist() == [0, 1, 2, 0, 0]
    circle = np.roll(np.eye(3, dtype=bool), 1, axis=1)
    circle[0, 2] = True  # 0 beats 1 and 2, 1 beats 2, 2 beats 0: 2 is beaten twice
    assert peeled(circle).tolist() == [0, 0, 1]
    assert peeled(np.zeros((0, 0), bool)).tolist() == []


def test_with_an_oracle_the_first_places_are_the_front() -> None:
    archive = archive_of(PROBLEM)
    rng = np.random.default_rng(0)
    found = [PROBLEM.candidate(PROBLEM.sample(rng), Rejections()) for _ in range(60)]
    candidates = list({one.key: one for one in found if one is not None}.values())
    places = PredictedDominance(PROBLEM, archive, Oracle(), rng).places(candidates)
    assert sorted(places[:, 0].tolist()) == list(range(len(candidates)))
    values = [(true_error(one.simplified), one.exact["macs"]) for one in candidates]
    front = {
        index
        for index, (error, macs) in enumerate(values)
        if not any(e <= error and m <= macs and (e, m) != (error, macs) for e, m in values)
    }
    assert set(np.argsort(places[:, 0])[: len(front)].tolist()) == front
    assert PredictedDominance(PROBLEM, archive, Oracle(), rng).places([]).shape == (0, 1)


def test_the_inner_search_may_be_judged_by_a_network_alone() -> None:
    archive = archive_of(PROBLEM, trained=24)
    searcher = InnerNsga2(PROBLEM, population=6, generations=2, judge="dominance")
    twice = [searcher.propose(archive, 4, np.random.default_rng(1)) for _ in range(2)]
    assert [one.key for one in twice[0]] == [one.key for one in twice[1]]
    assert len({one.key for one in twice[0]}) == 4
    assert not any(one.key in archive for one in twice[0])
    assert [one.origin for one in twice[0]] == ["screened"] * 4
