"""Members of the front trained again: who is, what it costs, what their values are, and that replay tells the same."""

from __future__ import annotations

import itertools
import statistics
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from climbing import EPOCHS
from quick import Recorder, Scripted, quick_plan
from test_rungs import Killed

import evonas
from evonas.campaign.fault import CampaignError
from evonas.campaign.merge import merge
from evonas.campaign.plan import Plan
from evonas.campaign.recall import recall
from evonas.campaign.session import execute
from evonas.core.archive import Archive, Trial
from evonas.core.evaluation import Evaluation
from evonas.core.failure import Failure
from evonas.core.hypervolume import Yardstick
from evonas.core.observer import Silent
from evonas.core.record import Record
from evonas.core.searcher import SearchError
from evonas.report.noise import front_shares, seed_deviations
from evonas.report.page import write_report
from evonas.report.pick import Wish, pick
from evonas.report.progress import hypervolume_course
from spaces.architecture import Architecture

TRAININGS, SHARE = 3, 0.4


def plan_of(evaluator: Any = None, **changes: Any) -> Plan:
    parts = {
        "evaluator": evaluator or {"name": "climbing.Climbing"},
        "objectives": ["validation_error", "macs"],
        "replicates": TRAININGS,
        "replicate_share": SHARE,
        "budget": 50,
        "searcher": {"name": "nsga2", "population": 8},
        "predictor": None,
        "proxies": (),
        **changes,
    }
    return quick_plan(**parts)


def run(folder: Path | None = None, **changes: Any) -> Record:
    return execute(plan_of(**changes), folder, Silent())[0]


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Record:
    return run(tmp_path_factory.mktemp("replicated"))


def told(archive: Archive) -> list[tuple[object, ...]]:
    return [
        (
            trial.proposal.key,
            trial.proposal.rung,
            trial.proposal.replicate,
            repr(trial.rung_values),
            repr(trial.spreads),
        )
        for trial in archive.trials
    ]


def of_key(archive: Archive, key: str) -> list[Trial]:
    return [trial for trial in archive.trials if trial.proposal.key == key]


def by_hand(trials: list[Trial]) -> dict[str, list[tuple[float, float]]]:
    """Error and MACs of every training that came home, by architecture."""
    found: dict[str, list[tuple[float, float]]] = {}
    for trial in trials:
        if trial.evaluation is not None and trial.failure is None:
            pair = trial.evaluation.values["validation_error"], trial.proposal.exact["macs"]
            found.setdefault(trial.proposal.key, []).append(pair)
    return found


def test_of_the_front_whoever_was_trained_least_is_trained_again(record: Record) -> None:
    """By brute force: at every replicate the front of the means, of all that had come home before its round."""
    trials = record.archive.trials
    for _, group in itertools.groupby(trials, key=lambda trial: trial.proposal.funnel.round):
        batch = list(group)
        again = [trial for trial in batch if trial.proposal.replicate]
        earlier = by_hand([trial for trial in trials if trial.number < batch[0].number])
        means = {key: np.mean(pairs, axis=0) for key, pairs in earlier.items()}
        front = {
            key for key, mean in means.items()
            if not any((other <= mean).all() and (other < mean).any() for other in means.values())
        }  # fmt: skip
        counts = {key: len(earlier[key]) for key in front}
        for trial in again:
            assert trial.proposal.replicate == counts[trial.proposal.key] < TRAININGS
            left = [counts[key] for key in front - {one.proposal.key for one in again}]
            assert all(trial.proposal.replicate <= count for count in left)
        assert len({trial.proposal.key for trial in again}) == len(again)
    assert max(trial.proposal.replicate for trial in trials) == TRAININGS - 1


def test_a_share_of_what_is_trained_after_the_first_round_goes_to_them_and_the_budget_counts_them(
    record: Record,
) -> None:
    later = again = 0
    for trial in record.archive.trials:
        later += trial.proposal.funnel.round > 0
        again += trial.proposal.replicate > 0
        assert trial.proposal.replicate == 0 or again <= SHARE * (later + plan_of().batch)
    assert 10 <= again <= SHARE * later
    assert len(record.archive) == record.archive.spent == 50
    assert len(record.archive.trained) == 50 - again


def test_a_value_is_the_mean_over_all_trainings(record: Record) -> None:
    archive = record.archive
    assert {trial.proposal.key for trial in archive.trained} == {trial.proposal.key for trial in archive.trials}
    several = 0
    for trial, row in zip(archive.trained, archive.values(), strict=True):
        errors = [error for error, _ in by_hand(of_key(archive, trial.proposal.key))[trial.proposal.key]]
        assert len(set(errors)) == len(errors), "every training has a seed of its own"
        assert row[0] == pytest.approx(statistics.mean(errors), rel=1e-12)
        assert trial.values["validation_error"] == row[0]
        assert trial.values["macs"] == row[1] == trial.proposal.exact["macs"]
        if len(errors) > 1:
            several += 1
            over = trial.spreads["validation_error"]
            assert (over.n, over.std) == (len(errors), pytest.approx(statistics.stdev(errors)))
        else:
            assert trial.spreads == {}
    assert several >= 5


def test_searchers_see_every_architecture_once(record: Record) -> None:
    archive = record.archive
    seen = archive.without_replicates()
    assert [trial.number for trial in seen.trials] == [t.number for t in archive.trials if not t.proposal.replicate]
    np.testing.assert_array_equal(seen.values(), archive.values())
    assert (seen.rounds, seen.spent) == (archive.rounds, archive.spent)
    with pytest.raises(ValueError, match=r"trial \d+ is a replicate; its values count in the mean of trial \d+"):
        archive.values(archive.replicated[:1])


def test_what_hypervolume_is_measured_in_never_moves(record: Record) -> None:
    growing = Archive(record.archive.objectives)
    seen = []
    for trial in record.archive.trials:
        growing.propose(trial.proposal)
        assert trial.evaluation is not None
        growing.record(trial.number, trial.evaluation)
        yardstick = Yardstick.of(growing)
        if yardstick is not None and trial.proposal.funnel.round > 0:
            seen.append((yardstick.reference.tolist(), yardstick.scale.tolist()))
    assert len(seen) >= 40
    assert all(one == seen[0] for one in seen)
    first = {trial.proposal.key for trial in record.archive.trials[:10]}
    assert first & {trial.proposal.key for trial in record.archive.replicated}, "some of the first round were repeated"
    course = hypervolume_course(record.archive, record.elapsed_seconds)
    assert course is not None
    assert course.counts[-1] == 50
    assert (np.diff(course.hypervolumes) >= 0).all()


FUNNEL = {
    "searcher": {"name": "screened_nsga2", "offspring": 30, "shortlist": 10, "proxied": 5},
    "predictor": {"name": "random_forest"},
    "proxies": ("parameters",),
    "budget": 22,
}


@pytest.mark.parametrize(("killed_after", "changes"), [(12, {}), (23, {}), (41, {}), (17, FUNNEL)])
def test_a_campaign_killed_at_any_evaluation_goes_on_to_the_same_sequence(
    tmp_path: Path, killed_after: int, changes: dict[str, Any]
) -> None:
    def kill(count: int) -> None:
        if count == killed_after:
            raise Killed

    with pytest.raises(Killed):
        execute(plan_of(**changes), tmp_path, Recorder(kill))
    resumed, whole = run(tmp_path, **changes), run(**changes)
    assert whole.archive.replicated
    assert told(resumed.archive) == told(whole.archive) == told(recall(tmp_path).archive)


CAMPAIGN = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from test_replicates import run
print("begins", flush=True)
run(Path(sys.argv[1]), budget=150)
print("ends", flush=True)
"""


@pytest.mark.slow
def test_killed_by_the_system_it_goes_on_to_the_same_sequence(tmp_path: Path) -> None:
    here = Path(__file__).parent
    command = [sys.executable, "-c", CAMPAIGN, str(tmp_path / "killed"), str(here), str(here.parents[1])]
    rng = np.random.default_rng(0)
    kills = 0
    while True:
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "begins\n"
            if kills < 2:
                time.sleep(float(rng.uniform(0.05, 0.5)))
                process.kill()
                kills += 1
            if "ends" in process.stdout.read():
                break
    whole = run(budget=150).archive
    assert len(whole.replicated) > 40
    assert told(recall(tmp_path / "killed").archive) == told(whole)


def test_with_rungs_only_full_trainings_are_repeated(tmp_path: Path) -> None:
    archive = run(tmp_path, rungs=(1, 4), replicate_share=0.2).archive
    assert archive.replicated
    for trial in archive.replicated:
        assert trial.proposal.rung is None
        assert archive.highest(trial.proposal.key).trained
        assert trial.rung_values["validation_error"] < EPOCHS
    assert 49 < archive.spent <= 50
    assert told(recall(tmp_path).archive) == told(archive)


def failing_again() -> Scripted:
    """Every other training of an architecture fails; which, its seed tells."""

    def evaluate(architecture: Architecture, seed: int) -> Evaluation:
        calls.append((architecture.key, seed))
        if sum(key == architecture.key for key, _ in calls) == 2:
            return Evaluation({}, 1.0, Failure("divergence", "the second time"))
        return Evaluation({"validation_error": 1 + seed % 1000 / 1000}, 1.0)

    calls: list[tuple[str, int]] = []
    return Scripted(evaluate)


def test_a_replicate_that_fails_takes_nothing_away_and_is_not_tried_for_ever() -> None:
    archive = run(evaluator=failing_again()).archive
    assert archive.failed
    for trial in archive.failed:
        assert trial.proposal.replicate == 1
        first, *others = of_key(archive, trial.proposal.key)
        assert first.trained
        assert len(others) < TRAININGS
        good = [one.rung_values["validation_error"] for one in (first, *others) if one.failure is None]
        assert archive.highest(trial.proposal.key).values["validation_error"] == pytest.approx(statistics.mean(good))


def test_without_replicates_nothing_is_different() -> None:
    plain, off = run(replicates=1).archive, run(replicates=TRAININGS, replicate_share=0.0).archive
    assert told(plain) == told(off)
    assert "replicates" not in plan_of(replicates=1).resolved
    assert plan_of().resolved["replicates"] == {"trainings": TRAININGS, "share": SHARE}


def test_who_led_by_luck_falls_back_and_whom_it_pushed_out_returns() -> None:
    archive = Archive(plan_of().problem.objectives)
    luck = {0: [0.5], 1: [0.45, 0.75]}
    template = run(budget=10, replicates=1).archive.trials
    for number, cost in ((0, 100.0), (1, 90.0)):
        proposal = template[number].proposal
        archive.propose(replace(proposal, exact={"macs": cost}))
        archive.record(number, Evaluation({"validation_error": luck[number][0]}, 1.0))
    assert [trial.number for trial in archive.front()] == [1]
    shares = front_shares(archive, {"validation_error": 0.1})
    assert shares[1] == 1
    assert shares[0] == pytest.approx(0.36, abs=0.1)  # that a normal deviate of deviation .1414 exceeds .05
    archive.propose(replace(archive.trials[1].proposal, replicate=1))
    archive.record(2, Evaluation({"validation_error": luck[1][1]}, 1.0))
    assert [trial.number for trial in archive.front()] == [0, 1]
    assert archive.values()[:, 0].tolist() == [0.5, pytest.approx(0.6)]


def test_replicates_out_of_order_are_refused(record: Record) -> None:
    archive = Archive(record.archive.objectives)
    proposal = record.archive.trials[0].proposal
    with pytest.raises(
        ValueError, match=r"cannot be replicate 1: replicates repeat full trainings in order, and .* 0 of"
    ):
        archive.propose(replace(proposal, replicate=1))
    archive.propose(proposal)
    with pytest.raises(ValueError, match=r"cannot be replicate 2: .* had 1 of these"):
        archive.propose(replace(proposal, replicate=2))


def test_a_searcher_that_repeats_what_has_no_value_is_refused() -> None:
    from evonas.campaign.ledger import _check_proposals

    archive = Archive(plan_of().problem.objectives)
    proposal = run(budget=1, replicates=1).archive.trials[0].proposal
    archive.propose(proposal)
    with pytest.raises(SearchError, match="must not propose an architecture twice"):
        _check_proposals([replace(proposal, replicate=1)], archive, 1)


def test_merged_journals_know_every_replicate(tmp_path: Path) -> None:
    one, other = run(tmp_path / "a"), run(tmp_path / "b", seed=1)
    merged = merge(tmp_path / "a", tmp_path / "b", tmp_path / "both").archive
    places = {(t.proposal.key, t.proposal.replicate) for record in (one, other) for t in record.archive.trials}
    assert [(t.proposal.key, t.proposal.replicate) for t in merged.trials if (t.proposal.key, t.proposal.replicate)
            not in places] == []  # fmt: skip
    assert len(merged) == len(places)
    for trial in merged.trained:
        assert 1 + len(trial.replicates) == len(of_key(merged, trial.proposal.key))


def test_the_report_and_the_choice_use_what_was_trained_again(record: Record, tmp_path: Path) -> None:
    archive = record.archive
    groups = [pairs for pairs in by_hand(list(archive.trials)).values() if len(pairs) > 1]
    squares = sum((len(pairs) - 1) * statistics.variance([error for error, _ in pairs]) for pairs in groups)
    pooled = (squares / sum(len(pairs) - 1 for pairs in groups)) ** 0.5
    assert seed_deviations(archive, {}) == {"validation_error": pytest.approx(pooled)}
    picked = pick(record, Wish(objective="validation_error"), np.random.default_rng(0))
    assert picked.deviations == seed_deviations(archive, {})
    assert picked.stability is not None
    assert 0 < picked.stability <= 1
    write_report(record, tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text()
    assert f"{len(archive.replicated)} repeated one of the front with another seed" in text
    assert "under noise" in text
    member = next(trial for trial in archive.front() if trial.replicates)
    over = member.spreads["validation_error"]
    assert f"{over.mean:.4g} ± {over.std:.2g} ({over.n})" in text


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"objectives": ["macs"]}, "replicates: a further training changes nothing, for no objective needs training"),
    ],
)
def test_what_has_no_noise_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(CampaignError, match=message):
        plan_of(**changes)


def test_replicates_from_python() -> None:
    with pytest.raises(ValueError, match=r"replicates must be a whole number of at least 1\. Got 0"):
        evonas.search("cell201", replicates=0)


@pytest.mark.parametrize("trainings", [2, 3])
def test_nobody_is_trained_more_often_than_asked_though_nothing_else_is_left_to_train_again(trainings: int) -> None:
    archive = run(replicates=trainings, replicate_share=1.0, initial=4, budget=30, searcher="random").archive
    counts = Counter(trial.proposal.key for trial in archive.trials)
    assert len(archive.trials) == 30
    assert max(counts.values()) == trainings
