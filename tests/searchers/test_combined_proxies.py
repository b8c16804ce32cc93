"""Screening by proxies alone."""

from dataclasses import replace

import numpy as np
import pytest
from searcher_stories import archive_of, campaign, distinct, made, problem_of

from evonas.core.archive import Archive, FloatArray, Trial
from evonas.core.problem import Candidate, Rejections
from evonas.searchers.combined_proxies import CombinedProxies
from spaces.discovery import UnknownComponent, discover
from surrogates import COMBINATIONS
from surrogates.combination import Scored, Trained
from surrogates.combinations.stochastic_ordering import StochasticOrdering

PROBLEM = problem_of()
LEARNING = [name for name, kind in discover(COMBINATIONS).items() if kind().least_trained]


def some(count: int, seed: int = 9) -> list[Candidate]:
    found = (PROBLEM.candidate(one, Rejections()) for one in distinct(PROBLEM.space, count, seed))
    return [one for one in found if one is not None]


def expected(
    archive: Archive, scores: list[dict[str, float]], combination: str = "rank_aggregation"
) -> tuple[dict[str, FloatArray], tuple[str, ...]]:
    combined = CombinedProxies(PROBLEM.space, combination)
    return combined.expected(archive, some(len(scores)), scores, np.random.default_rng(0))


def scored(sign: float) -> Archive:
    """Trained trials of which one proxy knows the error exactly; with sign -1 it puts the better higher."""
    told = archive_of(PROBLEM)
    archive = Archive(PROBLEM.objectives)
    for number, trial in enumerate(told.trials):
        proxies = {"seer": sign * float(trial.values["error"]), "blind": 1.0}
        archive.propose(replace(trial.proposal, proxies=proxies))
        if trial.evaluation is not None:
            archive.record(number, trial.evaluation)
    return archive


def test_the_better_scored_are_expected_to_be_better_at_what_was_measured() -> None:
    archive = scored(-1.0)
    found, notes = expected(archive, [{"seer": 1.0}, {"seer": 3.0}, {"seer": 2.0}, {}])
    column = archive.values()[:, archive.names.index("error")]
    np.testing.assert_allclose(found["error"], np.quantile(column, [2 / 3, 0.0, 1 / 3, 0.5]))
    assert set(found) == {one.name for one in PROBLEM.objectives if one.needs == "training"}
    assert notes == ()


def test_a_proxy_that_anti_correlated_is_turned_over_and_told() -> None:
    found, notes = expected(scored(1.0), [{"seer": 1.0, "blind": 1.0}, {"seer": 3.0, "blind": 1.0}])
    assert found["error"][0] < found["error"][1]
    assert notes == ("proxy seer anti-correlated with error and was turned over",)


def test_without_a_predictor_proxies_choose_and_not_cost_alone() -> None:
    """By cost alone the smallest networks would be all that is ever trained after the first round."""
    archive = campaign(made("screened_nsga2", PROBLEM, predictor=None, proxies=True), PROBLEM, 40)
    later = [trial for trial in archive.trials if trial.proposal.origin == "screened"]
    assert len(later) > 10
    told = [trial for trial in archive.trials if "nwot" in trial.proposal.proxies]
    drawn = [trial for trial in told if trial.proposal.funnel.round == 0]

    def of_like_cost(chosen: Trial) -> Trial:
        return min(drawn, key=lambda one: abs(one.proposal.exact["macs"] - chosen.proposal.exact["macs"]))

    pairs = [(one.proposal.proxies["nwot"], of_like_cost(one).proposal.proxies["nwot"]) for one in told if one in later]
    assert np.mean([chosen - typical for chosen, typical in pairs]) > 0
    blind = campaign(made("screened_nsga2", PROBLEM, predictor=None), PROBLEM, 40)
    sizes = [[trial.proposal.exact["macs"] for trial in one.trials[16:]] for one in (archive, blind)]
    assert np.median(sizes[0]) > np.median(sizes[1])
    assert all(trial.proposal.predicted == {} for trial in archive.trials)


@pytest.mark.parametrize("combination", LEARNING)
def test_what_learns_turns_a_proxy_by_itself(combination: str) -> None:
    for sign in (1.0, -1.0):
        archive = scored(sign)
        truths = np.quantile(archive.values()[:, archive.names.index("error")], [0.4, 0.1, 0.9, 0.6])
        found, notes = expected(archive, [{"seer": sign * truth, "blind": 1.0} for truth in truths], combination)
        assert np.argsort(found["error"]).tolist() == [1, 0, 3, 2]
        assert notes == ()


@pytest.mark.parametrize("combination", sorted(discover(COMBINATIONS)))
@pytest.mark.parametrize("scores", [[], [{}, {}]])
def test_nothing_known_is_expected_to_be_typical(scores: list[dict[str, float]], combination: str) -> None:
    archive = scored(-1.0)
    found, _ = expected(archive, scores, combination)
    middle = np.median(archive.values()[:, archive.names.index("error")])
    np.testing.assert_allclose(found["error"], np.full(len(scores), middle))


def test_repeated_scores_are_ordered_for_each_proxy_and_then_aggregated() -> None:
    """A lucky draw makes the largest mean; the two proxies are on scales that cannot be compared."""
    draws = {"": [3.0, 2.0, 9.0], " (2)": [3.1, 2.1, 0.0], " (3)": [3.2, 2.2, 0.1], " (4)": [3.3, 2.3, 0.2]}
    scores = [
        {f"one{draw}": values[row] for draw, values in draws.items()} | {"other": 1000.0 * value}
        for row, value in enumerate([3.0, 2.0, 1.0])
    ]
    found, _ = expected(scored(-1.0), scores, "stochastic_ordering")
    assert np.argsort(found["error"]).tolist() == [0, 1, 2]
    alone = [{name: value for name, value in row.items() if name != "other"} for row in scores]
    ordered, _ = expected(scored(-1.0), alone, "stochastic_ordering")
    reference = StochasticOrdering()
    known = Scored.by_scores(np.array([list(row.values()) for row in alone]))
    direct = reference.combine(known, Trained.none(known), np.random.default_rng(0))
    assert np.argsort(-direct).tolist() == np.argsort(ordered["error"]).tolist()


def test_an_unknown_combination_is_refused() -> None:
    with pytest.raises(UnknownComponent, match=r"expected a combination: one of .* Did you mean 'random_forest'"):
        CombinedProxies(PROBLEM.space, "random_forrest")
