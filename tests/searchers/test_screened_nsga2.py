"""The funnel: its random share, its counts, its use of the predictor, and its settings."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from searcher_stories import SPACE, archive_of, campaign, made, nwot_scores, problem_of, proposal_of, true_error

from evonas.campaign.planning.assemble import assemble
from evonas.campaign.planning.parts import Parts
from evonas.core.archive import Archive, Proposal
from evonas.core.evaluation import Evaluation
from evonas.searchers.nsga2 import Nsga2
from evonas.searchers.screened_nsga2 import ScreenedNsga2
from spaces.architecture import Architecture
from spaces.cell201 import Cell201
from surrogates.encoding import Encoding
from surrogates.predictor import FloatArray, Prediction, Predictor


class Seer(Predictor):
    """Knows every error, and is a little in doubt."""

    def __init__(self, encoding: Encoding) -> None:
        pass

    def fit(self, architectures: Sequence[Architecture], targets: FloatArray, rng: np.random.Generator) -> None:
        np.testing.assert_allclose(targets, [true_error(one) for one in architectures])

    def predict(self, architectures: Sequence[Architecture]) -> Prediction:
        return Prediction(np.array([true_error(one) for one in architectures]), np.full(len(architectures), 0.01))


def funnel(**settings: Any) -> ScreenedNsga2:
    searcher = made("screened_nsga2", settings.pop("problem", problem_of()), **settings)
    assert isinstance(searcher, ScreenedNsga2)
    return searcher


@pytest.mark.parametrize("share", [0.0, 0.1, 0.25, 1.0])
@pytest.mark.parametrize("batch", [1, 4, 7])
def test_the_random_share_is_what_it_says(share: float, batch: int) -> None:
    problem = problem_of()
    archive = campaign(funnel(random_share=share, predictor=Seer), problem, 56, initial=16, batch=batch)
    assert [trial.proposal.origin for trial in archive.trials[:16]] == ["random"] * 16
    later = archive.trials[16:]
    for done in range(batch, 40 + 1, batch):
        random = sum(trial.proposal.origin == "random" for trial in later[:done])
        assert abs(random - share * done) <= 0.5
    assert {trial.proposal.origin for trial in later} <= {"random", "screened"}
    # Random ones are predicted too, before they are trained.
    assert all(trial.proposal.predicted.keys() == {"error"} for trial in later)
    assert all(not trial.proposal.predicted for trial in archive.trials[:16])


def test_the_random_share_does_not_depend_on_what_screening_picks() -> None:
    """Drawn from what screening leaves over, it would say too little of what random search reaches."""
    problem = problem_of()
    archive = archive_of(problem)
    blind = funnel(predictor=None, random_share=0.5).propose(archive, 8, np.random.default_rng(0))
    seeing = funnel(predictor=Seer, random_share=0.5).propose(archive, 8, np.random.default_rng(0))
    drawn = [[one.key for one in proposals if one.origin == "random"] for proposals in (blind, seeing)]
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) == 4
    assert {one.key for one in blind} != {one.key for one in seeing}


def test_the_random_share_is_kept_where_screening_could_take_all_that_is_left() -> None:
    small = Cell201("compact", channels=(4,), ops=("none", "nor_conv_1x1", "skip_connect"), input_shape=(1, 8, 8))
    problem = problem_of(space=small)
    searcher = funnel(problem=problem, random_share=0.5, offspring=2000, shortlist=2000, proxied=2000)
    proposals = searcher.propose(archive_of(problem), 8, np.random.default_rng(0))
    assert [one.origin for one in proposals] == ["screened"] * 4 + ["random"] * 4


def test_the_counts_only_shrink_along_the_funnel() -> None:
    problem = problem_of("an objective of the built model", macs="<= 60000")
    archive = archive_of(problem)
    searcher = funnel(problem=problem, proxies=True)
    proposals = searcher.propose(archive, 6, np.random.default_rng(0))
    counts = dict(proposals[0].funnel.counts)
    order = ["drawn", "distinct", "feasible", "shortlisted", "proxied", "passed the gate"]
    assert list(counts) == [*order, "chosen"]
    values = [counts[stage] for stage in order]
    assert values == sorted(values, reverse=True)
    assert counts["drawn"] <= 2 * 120 + 2 * 12
    assert (counts["shortlisted"], counts["proxied"], counts["chosen"]) == (40, 10, 6)
    assert proposals[0].funnel.seconds.keys() == {"draw", "vary", "predict", "build", "proxies", "choose"}
    assert all(one.proxies.keys() == {"nwot"} for one in proposals)
    assert all(one.funnel == proposals[0].funnel for one in proposals)


def test_only_the_shortlist_is_built_and_only_the_proxied_are_scored() -> None:
    problem = problem_of()
    scores = nwot_scores()
    searcher = ScreenedNsga2(problem, Seer, scores, population=10, offspring=120, shortlist=40, proxied=10)
    archive = archive_of(problem)
    searcher.propose(archive, 6, np.random.default_rng(0))
    assert len(scores._scores) == 10 + 1  # and the random one


def test_with_a_seer_every_choice_is_on_the_front_of_what_was_left_to_find() -> None:
    problem = problem_of()
    archive = archive_of(problem)
    searcher = funnel(problem=problem, predictor=Seer, random_share=0.0, offspring=400, shortlist=100)
    before = archive.values()
    proposals = searcher.propose(archive, 5, np.random.default_rng(0))
    for one in proposals:
        point = np.array([true_error(SPACE.simplify(one.architecture)), one.exact["macs"]])
        assert not ((before <= point).all(axis=1)).any()
    points = [(one.predicted["error"].mean, one.exact["macs"]) for one in proposals]
    assert not any(a != b and a[0] <= b[0] and a[1] <= b[1] for a in points for b in points)


def test_what_is_pending_counts_at_its_prediction_when_the_next_are_chosen() -> None:
    """Else two batches that are chosen one after the other, with nothing come home between, would chase the same."""
    problem = problem_of()
    archive = archive_of(problem)
    searcher = funnel(problem=problem, predictor=Seer, random_share=0.0, offspring=400, shortlist=200)
    for one in searcher.propose(archive, 4, np.random.default_rng(0)):
        archive.propose(proposal_of(problem, one.architecture))  # as the first round's, without a prediction
    expected = [[true_error(SPACE.simplify(one.proposal.architecture)), one.proposal.exact["macs"]]
                for one in archive.pending]  # fmt: skip
    for one in searcher.propose(archive, 3, np.random.default_rng(1)):
        point = [one.predicted["error"].mean, one.exact["macs"]]
        assert not (np.array(expected) <= point).all(axis=1).any()


def test_an_archive_with_the_first_round_still_running_is_screened() -> None:
    problem = problem_of()
    archive = archive_of(problem, trained=14, pending=2)
    proposals = funnel(problem=problem).propose(archive, 4, np.random.default_rng(0))
    assert [one.origin for one in proposals].count("screened") >= 3


def test_a_round_of_which_nothing_is_new_to_screen_is_drawn_and_says_so() -> None:
    problem = problem_of()
    archive = archive_of(problem)
    searcher = funnel(problem=problem, offspring=1, shortlist=1, proxied=1, fresh_share=0.0, random_share=0.0)
    proposals = searcher.propose(archive, 4, np.random.default_rng(0))
    assert len(proposals) == 4
    assert [one.origin for one in proposals].count("random") >= 3


def test_it_is_the_default_and_gets_its_predictor_and_proxies_from_the_campaign() -> None:
    plan = assemble(Parts("quick", SPACE, 24, evaluator={"name": "evonas.benchmarks.sleeping.Sleeping", "seconds": 0}))
    archive = Archive(plan.problem.objectives)
    for count in (16, 4):
        proposals = plan.searcher.propose(archive, count, np.random.default_rng(count))
        for one in proposals:
            number = archive.propose(one).number
            value = true_error(SPACE.simplify(one.architecture))
            archive.record(number, Evaluation({"validation_error": value}, 0.0))
    assert isinstance(plan.searcher, ScreenedNsga2)
    assert all("parameters" in trial.proposal.proxies for trial in archive.trials)
    # A cell that lets nothing through is on the front of the fewest MACs, and neither synflow nor nwot can score it.
    assert sum(len(trial.proposal.proxies) == 3 for trial in archive.trials) >= 18
    assert [trial.proposal.origin for trial in archive.trials[16:]] == ["screened"] * 4
    assert all(trial.proposal.predicted.keys() == {"validation_error"} for trial in archive.trials[16:])
    assert archive.trials[-1].proposal.funnel.counts["drawn"] >= 2000


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"population": 1}, "population must be at least 2; got 1"),
        ({"offspring": 0}, "offspring must be at least 1; got 0"),
        ({"shortlist": 3000}, "shortlist must be from 1 to offspring=2000; got 3000"),
        ({"proxied": 201}, "proxied must be from 1 to shortlist=200; got 201"),
        ({"random_share": 1.5}, r"random_share must be in \[0, 1\]; got 1.5"),
        ({"fresh_share": -0.1}, r"fresh_share must be in \[0, 1\]; got -0.1"),
        ({"crossover_rate": math.nan}, r"crossover_rate must be in \[0, 1\]; got nan"),
        ({"gate_error_rate": 0.0}, r"gate_error_rate must be in \(0, 0.5\]; got 0.0"),
        ({"improvement_share": 2.0}, r"improvement_share must be in \[0, 1\]; got 2.0"),
        ({"flatness": -1.0}, r"flatness must be in \[0, 1\]; got -1.0"),
    ],
)
def test_settings_out_of_range_are_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"screened_nsga2: {message}"):
        ScreenedNsga2(problem_of(), **settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"population": 1}, "population must be at least 2; got 1"),
        ({"crossover_rate": 1.01}, r"crossover_rate must be in \[0, 1\]; got 1.01"),
    ],
)
def test_settings_of_plain_nsga2_out_of_range_are_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"nsga2: {message}"):
        Nsga2(problem_of(), **settings)


def test_no_proposal_of_a_round_is_mistaken_for_another_rounds() -> None:
    problem = problem_of()
    numbers: list[set[int]] = []

    def watch(archive: Archive, count: int, proposals: list[Proposal]) -> None:
        numbers.append({one.funnel.round for one in proposals})

    campaign(funnel(problem=problem), problem, 28, initial=12, batch=4, watch=watch)
    assert numbers == [{0}, {1}, {2}, {3}, {4}]
