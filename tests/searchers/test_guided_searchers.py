"""Searchers that rank by a predictor or by proxies: what each of their settings does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from searcher_stories import SEARCHERS, SPACE, archive_of, made, nwot_scores, problem_of, true_error

from evonas.core.archive import Archive
from evonas.core.evaluation import Evaluation
from evonas.core.problem import Rejections
from evonas.searchers.inner_nsga2 import InnerNsga2
from evonas.searchers.predictor_guided import PredictorGuided
from evonas.searchers.training_free import TrainingFree
from spaces.architecture import Architecture
from surrogates.encoding import Encoding
from surrogates.predictor import FloatArray, Prediction, Predictor


class Oracle(Predictor):
    """Knows the truth; its deviations are as large as told."""

    def __init__(self, std: float) -> None:
        self.std = std

    def fit(self, architectures: Sequence[Architecture], targets: FloatArray, rng: np.random.Generator) -> None:
        pass

    def predict(self, architectures: Sequence[Architecture]) -> Prediction:
        mean = np.array([true_error(SPACE.simplify(one)) for one in architectures])
        return Prediction(mean, np.full(len(mean), self.std))


def oracle(std: float = 1e-3) -> Any:
    def make(encoding: Encoding) -> Oracle:
        return Oracle(std)

    return make


def errors(proposals: Sequence[Any]) -> list[float]:
    return [true_error(SPACE.simplify(one.architecture)) for one in proposals]


@pytest.fixture
def one() -> Any:
    return problem_of("one objective")


def test_the_best_ranked_of_all_candidates_are_trained(one: Any) -> None:
    archive = archive_of(one, 30)
    searcher = PredictorGuided(one, oracle(), candidates=400, fresh_share=1.0)
    chosen = errors(searcher.propose(archive, 5, np.random.default_rng(0)))
    everything = np.array([true_error(SPACE.simplify(SPACE.sample(np.random.default_rng(n)))) for n in range(2000)])
    assert chosen == sorted(chosen)
    assert max(chosen) < np.quantile(everything, 0.05)
    mutated = PredictorGuided(one, oracle(), population=2, candidates=40).propose(archive, 5, np.random.default_rng(0))
    parents = [archive.trials[index].proposal.architecture for index in np.argsort(archive.values()[:, 0])[:2]]
    near = {SPACE.format(child) for parent in parents for child in SPACE.neighbours(parent)}
    assert {proposal.notation for proposal in mutated} <= near


def test_thompson_sampling_explores_as_deviations_grow(one: Any) -> None:
    archive = archive_of(one, 30)

    def chosen(acquisition: Any, std: float) -> float:
        searcher = PredictorGuided(one, oracle(std), candidates=300, fresh_share=1.0, acquisition=acquisition)
        return float(np.mean([errors(searcher.propose(archive, 5, np.random.default_rng(n))) for n in range(10)]))

    sure, unsure, greedy = chosen("thompson", 1e-6), chosen("thompson", 1000.0), chosen("mean", 1000.0)
    assert sure == pytest.approx(greedy)
    assert unsure > greedy + 5


def test_top_draws_among_the_best_ranked(one: Any) -> None:
    archive = archive_of(one, 30)
    ranked = {}
    for top in (None, 40):
        searcher = PredictorGuided(one, oracle(), candidates=200, fresh_share=1.0, top=top)
        ranked[top] = errors(searcher.propose(archive, 5, np.random.default_rng(0)))
    best = errors(
        PredictorGuided(one, oracle(), candidates=200, fresh_share=1.0).propose(archive, 40, np.random.default_rng(0))
    )
    assert set(ranked[40]) < set(best)
    assert np.mean(ranked[40]) > np.mean(ranked[None])


@pytest.mark.parametrize("searcher", [PredictorGuided, InnerNsga2])
def test_a_share_is_drawn_at_random_and_predicted_too(searcher: Any) -> None:
    problem = problem_of()
    archive = archive_of(problem, 30)
    proposals = searcher(problem, oracle(), random_share=0.5).propose(archive, 8, np.random.default_rng(0))
    assert [proposal.origin for proposal in proposals].count("random") == 4
    assert all(proposal.predicted["error"].mean > 0 for proposal in proposals)


def test_the_inner_search_goes_beyond_one_edit_and_towards_the_front() -> None:
    problem = problem_of()
    archive = archive_of(problem, 20)
    found = {}
    for generations in (1, 15):
        searcher = InnerNsga2(problem, oracle(), population=20, generations=generations)
        found[generations] = searcher.propose(archive, 8, np.random.default_rng(0))
    near = {
        SPACE.simplify(child).key for trial in archive.trials for child in SPACE.neighbours(trial.proposal.architecture)
    }
    assert any(proposal.key not in near for proposal in found[15])
    assert min(errors(found[15])) < min(errors(found[1]))


def test_gaps_spread_what_is_trained_over_the_exact_objective() -> None:
    problem = problem_of()
    archive = archive_of(problem, 12)
    spread = {}
    for choice in ("ranking", "gaps"):
        searcher = InnerNsga2(problem, oracle(), generations=10, choice=choice)  # type: ignore[arg-type]
        macs = [
            sorted(one.exact["macs"] for one in [*searcher.propose(archive, 4, np.random.default_rng(n))])
            for n in range(8)
        ]
        front = [trial.proposal.exact["macs"] for trial in archive.front()]
        nearest = [min(abs(a - b) for b in front + row[:i] + row[i + 1 :]) for row in macs for i, a in enumerate(row)]
        spread[choice] = np.mean(nearest)
    assert spread["gaps"] > spread["ranking"]


def test_no_training_steers_the_training_free() -> None:
    """The same archive with errors turned round gives the same proposals; other proxies give others."""
    problem = problem_of()
    scores = nwot_scores()
    proposed = []
    for sign in (1.0, -1.0):
        archive = archive_of(problem, 24)
        archive = _rescored(archive, scores, sign)
        searcher = TrainingFree(problem, scores, population=10, candidates=20)
        proposed.append([one.key for one in searcher.propose(archive, 5, np.random.default_rng(0))])
    assert proposed[0] == proposed[1]
    blind = TrainingFree(problem, None, population=10, candidates=20)
    assert [one.key for one in blind.propose(archive, 5, np.random.default_rng(0))] != proposed[0]


def _rescored(archive: Any, scores: Any, sign: float) -> Any:
    """The archive once more, with proxy scores, and with other errors."""
    again = Archive(archive.objectives)
    for trial in archive.trials:
        candidate = problem_of().candidate(trial.proposal.architecture, Rejections())
        again.propose(replace(trial.proposal, proxies=scores.of([candidate])[0]))
        again.record(trial.number, Evaluation({"error": 50 + sign * trial.values["error"]}, 1.0))
    return again


def test_the_training_free_prefer_high_scores() -> None:
    problem = problem_of("one objective")
    scores = nwot_scores()
    archive = _rescored(archive_of(problem, 24), scores, 1.0)
    searcher = TrainingFree(problem, scores, population=10, candidates=60)
    proposals = searcher.propose(archive, 5, np.random.default_rng(0))
    known = [trial.proposal.proxies.get("nwot", -np.inf) for trial in archive.trials]
    assert np.mean([proposal.proxies["nwot"] for proposal in proposals]) > np.quantile(known, 0.75)


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("predictor_guided", {"population": 1}, "predictor_guided: population must be at least 2; got 1"),
        ("predictor_guided", {"acquisition": "hope"}, "acquisition must be mean or thompson; got hope"),
        ("predictor_guided", {"top": 0}, "top must be at least 1, or null; got 0"),
        ("inner_nsga2", {"choice": "best"}, "inner_nsga2: choice must be ranking or gaps; got best"),
        ("inner_nsga2", {"generations": 0}, "generations must be at least 1; got 0"),
        ("inner_nsga2", {"warm_up": 3}, "warm_up must be at least 4; got 3"),
        ("training_free", {"crossover_rate": 2}, r"training_free: crossover_rate must be in \[0, 1\]; got 2"),
    ],
)
def test_settings_out_of_range_are_refused(name: str, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        made(name, problem_of(), **settings)
    assert name in SEARCHERS
