"""Operators earn their share by what the predictor says of their children, and a predictor its children by its past."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from scipy.stats import kendalltau
from searcher_stories import SPACE, archive_of, distinct, made, problem_of, proposal_of, told

from evonas.core.archive import Archive, Estimate
from evonas.core.evaluation import Evaluation
from evonas.core.problem import Candidate
from evonas.searchers.forecast import Forecast
from evonas.searchers.self_tuning import LEAST, OPERATORS, trust, tuned_offspring
from evonas.searchers.variation import Parents
from spaces.architecture import Architecture
from surrogates.encoding import Encoding
from surrogates.encodings.log_cost import LogCost
from surrogates.predictor import FloatArray, Prediction, Predictor

NOTATION = "|{0}~0|+|{0}~0|{0}~1|+|{0}~0|{0}~1|{0}~2| channels=4"
ENDS = [SPACE.parse(NOTATION.format(op)) for op in ("nor_conv_3x3", "avg_pool_3x3")]


def edits(child: Architecture) -> int:
    """How many operations are not the first end's."""
    return sum(node.op not in ("input", "output", "nor_conv_3x3") for node in child.nodes)


def offspring_of(
    parents: Sequence[Architecture], error: Callable[[Architecture], float]
) -> tuple[list[Candidate], str]:
    """Children by a predictor whose error is a function of the simplified graph."""

    class Judge(Predictor):
        def __init__(self, encoding: Encoding) -> None:
            pass

        def fit(self, architectures: Sequence[Architecture], targets: FloatArray, rng: np.random.Generator) -> None:
            pass

        def predict(self, architectures: Sequence[Architecture]) -> Prediction:
            return Prediction(np.array([error(one) for one in architectures]), np.ones(len(architectures)))

    problem = problem_of("one objective")
    archive = archive_of(problem)
    forecast = Forecast(problem, archive, Judge, LogCost(SPACE), np.random.default_rng(0))
    pool = Parents(parents, np.zeros((len(parents), 1)), 2)
    return tuned_offspring(problem, archive, pool, 600, forecast, np.random.default_rng(0), Counter(), ())


def rates(sentence: str) -> tuple[float, float]:
    found = re.fullmatch(r"self-tuning: crossover rate (\S+), (\S+) edits a child, [\d,]+ children wanted", sentence)
    assert found is not None
    return float(found[1]), float(found[2])


def test_mutations_are_as_strong_as_the_predictor_likes_them() -> None:
    near = offspring_of(ENDS[:1], edits)
    far = offspring_of(ENDS[:1], lambda graph: -edits(graph))
    assert rates(near[1])[1] + 0.3 < rates(far[1])[1]
    strength = [np.mean([edits(child.architecture) for child in children]) for children, _ in (near, far)]
    assert strength[0] < strength[1]


def test_crossover_comes_as_often_as_the_predictor_likes_it() -> None:
    def of_both(graph: Architecture) -> float:
        counts = Counter(node.op for node in graph.nodes)
        return -float(min(counts["nor_conv_3x3"], counts["avg_pool_3x3"]))

    liked = rates(offspring_of(ENDS, of_both)[1])[0]
    disliked = rates(offspring_of(ENDS, lambda graph: -of_both(graph))[1])[0]
    assert disliked <= 0.4 < 0.6 <= liked


def test_every_operator_keeps_its_least_share_and_all_are_equal_where_nothing_tells_them_apart() -> None:
    assert 0 < LEAST * len(OPERATORS) < 0.5
    children, sentence = offspring_of(ENDS, lambda graph: 0.0)
    assert len({child.key for child in children}) == len(children)
    crossed, strength = rates(sentence)
    assert 0.3 <= crossed <= 0.7
    assert 1.5 <= strength <= 2.5


def predicted(order: Sequence[float], measured: Sequence[float]) -> Archive:
    problem = problem_of("one objective")
    archive = Archive(problem.objectives)
    for architecture, told_before, value in zip(distinct(SPACE, len(order), 0), order, measured, strict=True):
        proposal = proposal_of(problem, architecture, predicted={"error": Estimate(told_before, 1.0)})
        archive.record(archive.propose(proposal).number, Evaluation({"error": value}, 0.0))
    return archive


def test_a_predictor_is_trusted_as_it_ranked_what_was_trained() -> None:
    rising = list(range(12))
    assert trust(predicted(rising, rising)) == pytest.approx(2)
    assert trust(predicted(rising, rising[::-1])) == 0.25
    assert trust(predicted(rising[:7], rising[:7])) == 1, "too few to know"
    assert trust(archive_of(problem_of())) == 1, "nothing was predicted"
    mixed = [3, 0, 1, 5, 2, 4, 9, 6, 11, 7, 8, 10]
    assert trust(predicted(rising, mixed)) == pytest.approx(2 * kendalltau(rising, mixed).statistic)


def test_the_funnel_tunes_itself_from_the_archive_alone_and_says_how() -> None:
    problem = problem_of()
    archive, other = archive_of(problem), archive_of(problem, trained=30, seed=5)
    used = made("screened_nsga2", problem, self_tuning=True)
    used.propose(other, 4, np.random.default_rng(4))
    first = used.propose(archive, 5, np.random.default_rng(3))
    fresh = made("screened_nsga2", problem, self_tuning=True).propose(archive, 5, np.random.default_rng(3))
    assert told(first) == told(fresh)
    (note,) = first[0].funnel.notes
    rates(note)
    fixed = made("screened_nsga2", problem).propose(archive, 5, np.random.default_rng(3))
    assert not fixed[0].funnel.notes
