"""Screening by proxies alone."""

from dataclasses import replace

import numpy as np
import pytest
from searcher_stories import archive_of, campaign, made, problem_of

from evonas.core.archive import Archive, Trial
from evonas.searchers.combined_proxies import expected_by_proxies

PROBLEM = problem_of()


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
    expected, notes = expected_by_proxies(archive, [{"seer": 1.0}, {"seer": 3.0}, {"seer": 2.0}, {}])
    column = archive.values()[:, archive.names.index("error")]
    np.testing.assert_allclose(expected["error"], np.quantile(column, [2 / 3, 0.0, 1 / 3, 0.5]))
    assert set(expected) == {one.name for one in PROBLEM.objectives if one.needs == "training"}
    assert notes == ()


def test_a_proxy_that_anti_correlated_is_turned_over_and_told() -> None:
    expected, notes = expected_by_proxies(scored(1.0), [{"seer": 1.0, "blind": 1.0}, {"seer": 3.0, "blind": 1.0}])
    assert expected["error"][0] < expected["error"][1]
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


@pytest.mark.parametrize("scores", [[], [{}, {}]])
def test_nothing_known_is_expected_to_be_typical(scores: list[dict[str, float]]) -> None:
    archive = scored(-1.0)
    expected, _ = expected_by_proxies(archive, scores)
    middle = np.median(archive.values()[:, archive.names.index("error")])
    np.testing.assert_allclose(expected["error"], np.full(len(scores), middle))
