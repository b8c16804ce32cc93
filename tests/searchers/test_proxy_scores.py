"""Proxy scores of candidates: cached, a function of the candidate alone, and failures as values."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from searcher_stories import archive_of, distinct, problem_of, proposal_of
from watched_space import WatchedSpace

from evonas.core.archive import Archive
from evonas.core.problem import Candidate, Problem, Rejections
from evonas.searchers.proxy_scores import ProxyScores
from surrogates.proxies.nwot import Nwot
from surrogates.proxies.parameters import Parameters
from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy import Proxy
from surrogates.proxies.synflow import Synflow


class Moody(Proxy):
    """Raises for every network."""

    def score(self, probe: Probe) -> float:
        raise ZeroDivisionError("no rows")


class Infinite(Proxy):
    def score(self, probe: Probe) -> float:
        return float("inf")


def scores_of(space: WatchedSpace, **proxies: Proxy) -> ProxyScores:
    rng = np.random.default_rng(0)
    inputs = torch.from_numpy(rng.standard_normal((4, 1, 8, 8), dtype=np.float32))
    return ProxyScores(space, proxies, inputs, torch.from_numpy(rng.integers(10, size=4)))


@pytest.fixture
def problem() -> Problem:
    return problem_of(space=WatchedSpace())


def some(problem: Problem, count: int = 4) -> list[Candidate]:
    found = [problem.candidate(one, Rejections()) for one in distinct(problem.space, count, 2)]
    return [one for one in found if one is not None]


def builds(problem: Problem) -> int:
    assert isinstance(problem.space, WatchedSpace)
    return problem.space.builds


def test_a_network_is_built_once_for_all_proxies_and_scored_once(problem: Problem) -> None:
    scores = scores_of(problem.space, nwot=Nwot(), synflow=Synflow())  # type: ignore[arg-type]
    first = scores.of(some(problem))
    assert builds(problem) == 4
    assert scores.of(some(problem)[::-1]) == first[::-1]
    assert builds(problem) == 4
    assert [set(row) for row in first] == [{"nwot", "synflow"}] * 4
    assert len({row["nwot"] for row in first}) > 1


def test_a_score_is_the_same_whatever_else_is_scored_and_whoever_drew_before(problem: Problem) -> None:
    candidates = some(problem)
    together = scores_of(problem.space, nwot=Nwot(), synflow=Synflow()).of(candidates)  # type: ignore[arg-type]
    for candidate, expected in zip(reversed(candidates), reversed(together), strict=True):
        torch.rand(3)
        before = torch.get_rng_state()
        alone = scores_of(problem.space, synflow=Synflow(), nwot=Nwot()).of([candidate])[0]  # type: ignore[arg-type]
        assert alone == expected
        assert torch.equal(torch.get_rng_state(), before)


def test_several_draws_of_weights_are_scored_and_the_first_is_the_one_draw(problem: Problem) -> None:
    candidates = some(problem)
    one = scores_of(problem.space, nwot=Nwot(), parameters=Parameters()).of(candidates)  # type: ignore[arg-type]
    three = scores_of(problem.space, parameters=Parameters(), nwot=Nwot()).of(candidates, draws=3)  # type: ignore[arg-type]
    for row, drawn in zip(one, three, strict=True):
        assert {name: drawn[name] for name in row} == row
        assert drawn["parameters"] == drawn["parameters (2)"] == drawn["parameters (3)"]
        assert len(drawn) == 6
    assert all(len({row["nwot"], row["nwot (2)"], row["nwot (3)"]}) == 3 for row in three if row["nwot"] > 1)
    assert any(row["nwot"] > 1 for row in three)


def test_what_failed_is_absent_and_told(problem: Problem) -> None:
    candidates = some(problem)
    scores = scores_of(problem.space, moody=Moody(), nwot=Nwot(), endless=Infinite())  # type: ignore[arg-type]
    assert [set(row) for row in scores.of(candidates)] == [{"nwot"}] * 4
    notes = scores.failures(candidates)
    assert len(notes) == 2
    assert notes[0].startswith("proxy moody could not be computed for 4 of 4 candidates: ")
    assert "ZeroDivisionError: no rows" in notes[0]
    assert notes[1].startswith("proxy endless could not be computed for 4 of 4 candidates: ")
    assert "finite" in notes[1]
    assert scores.failures([]) == ()
    assert [set(row) for row in scores.of(candidates)] == [{"nwot"}] * 4
    assert builds(problem) == 4  # a failure is remembered, too


def test_a_network_that_cannot_be_built_fails_every_proxy(problem: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(architecture: object) -> None:
        raise RuntimeError("no such layer")

    monkeypatch.setattr(problem.space, "build", broken)
    scores = scores_of(problem.space, nwot=Nwot())  # type: ignore[arg-type]
    candidates = some(problem, 2)
    assert scores.of(candidates) == [{}, {}]
    assert scores.failures(candidates) == (
        "proxy nwot could not be computed for 2 of 2 candidates: RuntimeError: no such layer",
    )


def test_what_the_archive_knows_is_not_scored_again(problem: Problem) -> None:
    candidates = some(problem)
    archive = Archive(problem.objectives)
    for number, candidate in enumerate(candidates[:3]):
        proposal = proposal_of(problem, candidate.architecture)
        archive.propose(replace(proposal, proxies={"nwot": 100.0 + number} if number < 2 else {}))
    scores = scores_of(problem.space, nwot=Nwot())  # type: ignore[arg-type]
    scores.remember(archive)
    found = scores.of(candidates)
    assert [row["nwot"] for row in found[:2]] == [100.0, 101.0]
    assert builds(problem) == 2


def test_what_was_scored_stays_when_the_archive_is_remembered(problem: Problem) -> None:
    scores = scores_of(problem.space, nwot=Nwot())  # type: ignore[arg-type]
    candidate = some(problem, 1)[0]
    own = scores.of([candidate])
    archive = Archive(problem.objectives)
    archive.propose(replace(proposal_of(problem, candidate.architecture), proxies={"nwot": -1.0}))
    scores.remember(archive)
    assert scores.of([candidate]) == own


def test_without_proxies_nothing_is_built(problem: Problem) -> None:
    scores = scores_of(problem.space)  # type: ignore[arg-type]
    assert not scores
    assert scores.of(some(problem)) == [{}] * 4
    scores.remember(archive_of(problem))
    assert builds(problem) == 0
