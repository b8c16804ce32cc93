"""Running, stopping and going on."""

from __future__ import annotations

import math
import shutil
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from quick import SPACE, Recorder, Scripted, quick_plan, sequence

from evonas.benchmarks.sleeping import Sleeping
from evonas.campaign.recall import recall
from evonas.campaign.results_folder import JOURNAL
from evonas.campaign.session import ChangedCampaign, execute
from evonas.core.archive import Archive, Proposal
from evonas.core.evaluation import Evaluation, Evaluator
from evonas.core.failure import Failure
from evonas.core.observer import Silent
from evonas.core.searcher import Exhausted, Searcher, SearchError
from evonas.journal.errors import JournalError
from evonas.journal.journal import Journal
from evonas.objectives.function import Function
from evonas.report.contents import contents
from spaces.architecture import Architecture
from spaces.cell201 import Cell201


class Killed(BaseException):
    """Stands in for SIGKILL: nothing of the campaign handles it."""


def test_the_whole_budget_is_evaluated_once_and_no_architecture_twice() -> None:
    observer = Recorder()
    record, finished = execute(quick_plan(), None, observer)
    assert finished
    assert observer.ended
    assert [trial.number for trial in record.archive.trials] == list(range(24))
    assert len({trial.proposal.key for trial in record.archive.trials}) == 24
    assert [len(trials) for trials in observer.rounds] == [10, 4, 4, 4, 2]
    assert Counter(trial.proposal.origin for trial in record.archive.trials)["screened"] >= 12


def test_predictions_are_written_down_before_the_evaluation_and_never_for_exact_costs(tmp_path: Path) -> None:
    record, _ = execute(quick_plan(), tmp_path, Silent())
    later = [trial for trial in record.archive.trials if trial.proposal.funnel.round > 0]
    assert later
    assert all(set(trial.proposal.predicted) == {"validation_error"} for trial in later)
    assert all(set(trial.proposal.exact) == {"macs", "parameters"} for trial in record.archive.trials)


@pytest.mark.parametrize("killed_after", [1, 9, 10, 11, 15, 23])
def test_a_campaign_killed_at_any_evaluation_goes_on_to_the_same_sequence(tmp_path: Path, killed_after: int) -> None:
    def kill(count: int) -> None:
        if count == killed_after:
            raise Killed

    whole, _ = execute(quick_plan(), tmp_path / "whole", Silent())
    with pytest.raises(Killed):
        execute(quick_plan(), tmp_path / "killed", Recorder(kill))
    observer = Recorder()
    resumed, finished = execute(quick_plan(), tmp_path / "killed", observer)
    assert finished
    assert len(observer.evaluations) == 24 - killed_after
    assert sequence(resumed.archive) == sequence(whole.archive)


def test_every_round_draws_from_its_own_generator_and_from_the_same_after_a_kill(tmp_path: Path) -> None:
    drawn: list[tuple[int, float]] = []
    plan = quick_plan(searcher="random", proxies=(), retrain_seeds=0)

    class Watched(Searcher):
        def propose(self, archive: Archive, count: int, rng: np.random.Generator) -> list[Proposal]:
            drawn.append((len(archive), rng.random()))
            return plan.searcher.propose(archive, count, rng)

    def kill(count: int) -> None:
        if count == 15:
            raise Killed

    watched = replace(plan, searcher=Watched())
    execute(watched, tmp_path / "whole", Silent())
    whole = drawn.copy()
    assert [number for number, _ in whole] == [0, 10, 14, 18, 22]
    assert len({number for _, number in whole}) == 5, "no two rounds draw alike"
    drawn.clear()
    with pytest.raises(Killed):
        execute(watched, tmp_path / "killed", Recorder(kill))
    execute(watched, tmp_path / "killed", Silent())
    assert drawn == whole
    drawn.clear()
    execute(replace(watched, seed=1, resolved={**plan.resolved, "seed": 1}), None, Silent())
    assert not set(drawn) & set(whole), "nor do two campaigns"


class SeedTold(Evaluator):
    """Brings its seed home."""

    def __init__(self, test: bool = False) -> None:
        self.test = test

    def evaluate(self, architecture: Architecture, seed: int) -> Evaluation:
        return Evaluation({"validation_error": seed / 2**31}, 0.0)


def test_no_two_trainings_have_one_seed_be_they_of_two_campaigns() -> None:
    told: list[float] = []
    for seed in (0, 1):
        plan = quick_plan(
            {"name": f"{__name__}.SeedTold"},  # type: ignore[arg-type]
            searcher="random",
            proxies=(),
            budget=12,
            seed=seed,
            retrain_seeds=2,
            replicates=3,
            replicate_share=1.0,
            initial=4,
        )
        record, _ = execute(plan, None, Silent())
        evaluations = [trial.evaluation for trial in record.archive.trials]
        again = [one for found in record.retrainings.values() for one in found]
        assert record.archive.replicated
        assert len(again) >= 2
        told += [one.values["validation_error"] for one in (*evaluations, *again) if one is not None]
    assert len(told) > 28
    assert len(set(told)) == len(told)


def test_killed_while_the_front_is_retrained_it_goes_on_with_the_retrainings_that_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill(observer: Recorder, done: int, total: int) -> None:
        told.append((done, total))
        if done == 2 and len(told) == 2:
            raise Killed

    told: list[tuple[int, int]] = []
    plan = quick_plan(
        {"name": f"{__name__}.SeedTold"},  # type: ignore[arg-type]
        searcher="random",
        proxies=(),
        budget=6,
        retrain_seeds=3,
    )
    whole, _ = execute(plan, None, Silent())
    total = sum(map(len, whole.retrainings.values()))
    assert total >= 3
    monkeypatch.setattr(Recorder, "retrained", kill)
    with pytest.raises(Killed):
        execute(plan, tmp_path, Recorder())
    record, finished = execute(plan, tmp_path, Recorder())
    assert finished
    assert told == [(1, total), (2, total), *((done, total - 2) for done in range(1, total - 1))]
    assert record.retrainings == whole.retrainings
    assert execute(plan, tmp_path, Recorder())[1]
    assert len(told) == total, "what is finished is not trained again"


def test_a_proposal_that_was_not_evaluated_is_evaluated_next_and_not_left_pending(tmp_path: Path) -> None:
    begun: list[int] = []

    def dies_once(architecture: object, seed: int) -> Evaluation:
        begun.append(seed)
        if len(begun) == 1:
            raise Killed
        return Evaluation({"validation_error": seed % 7 / 7}, 0.0)

    plan = quick_plan(Scripted(dies_once))
    with pytest.raises(Killed):
        execute(plan, tmp_path, Silent())
    record, _ = execute(plan, tmp_path, Silent())
    assert begun[0] == begun[1], "the trial that was being evaluated comes first, with its own seed"
    assert record.archive.pending == []
    assert len(record.archive.trained) == 24


def test_another_seed_is_another_campaign_and_the_folder_is_left_as_it_is(tmp_path: Path) -> None:
    execute(quick_plan(budget=12), tmp_path, Silent())
    before = (tmp_path / JOURNAL).read_bytes()
    with pytest.raises(ChangedCampaign, match=r"(?s)holds another campaign.*seed: 0 -> 1.*another name"):
        execute(quick_plan(budget=12, seed=1), tmp_path, Silent())
    assert (tmp_path / JOURNAL).read_bytes() == before


def test_a_changed_default_of_a_component_is_seen_and_one_written_out_is_no_change(tmp_path: Path) -> None:
    execute(quick_plan(budget=12), tmp_path, Silent())
    predictor = {"name": "trees", "bags": 2, "trees": 10, "depth": 4}
    assert execute(quick_plan(budget=12, predictor=predictor), tmp_path, Silent())[1]
    with pytest.raises(ChangedCampaign, match=r"predictor\.depth: 4 -> 5"):
        execute(quick_plan(budget=12, predictor={**predictor, "depth": 5}), tmp_path, Silent())


def test_a_campaign_that_an_older_version_began_is_told_so(tmp_path: Path) -> None:
    execute(quick_plan(budget=14), tmp_path, Silent())
    with Journal.open(tmp_path / JOURNAL) as journal:
        campaign = journal.manifest["campaign"]
        older = {name: value for name, value in campaign["searcher"].items() if name != "flatness"}
        journal.update_campaign({**campaign, "searcher": older})
    with pytest.raises(ChangedCampaign, match=r"(?s)searcher.flatness: added .*take the evonas that began it"):
        execute(quick_plan(budget=14), tmp_path, Silent())


def test_the_budget_may_be_raised_but_not_lowered(tmp_path: Path) -> None:
    first, _ = execute(quick_plan(budget=14), tmp_path, Silent())
    with pytest.raises(
        ChangedCampaign,
        match=r"(?s)budget: 14 -> 13 \(it may be raised, not lowered; as it was: --budget 14\).*go on with it\.$",
    ):
        execute(quick_plan(budget=13), tmp_path, Silent())
    observer = Recorder()
    second, finished = execute(quick_plan(budget=18), tmp_path, observer)
    assert finished
    assert observer.begun_with == 14
    assert sequence(second.archive)[:14] == sequence(first.archive)
    assert len(second.archive.trained) == 18


def test_a_finished_campaign_is_not_run_again(tmp_path: Path) -> None:
    execute(quick_plan(), tmp_path, Silent())
    observer = Recorder()
    record, finished = execute(quick_plan(), tmp_path, observer)
    assert finished
    assert observer.evaluations == []
    assert len(record.archive.trained) == 24


def test_failures_are_values_and_the_campaign_goes_on() -> None:
    healthy = Sleeping(0.0)

    def sometimes(architecture: object, seed: int) -> Evaluation:
        kinds = ("out_of_memory", "divergence", "timeout", "crash", "preemption", "invalid", None, None)
        kind = kinds[seed % len(kinds)]
        if kind is not None:
            return Evaluation({}, 0.1, Failure(kind, "as scripted"))
        return healthy.evaluate(architecture, seed)  # type: ignore[arg-type]

    record, finished = execute(quick_plan(Scripted(sometimes)), None, Silent())
    assert finished
    archive = record.archive
    assert len(archive.trials) == 24
    assert len(archive.failed) + len(archive.trained) == 24
    assert archive.failed
    assert not any("validation_error" in trial.values for trial in archive.failed)
    assert all(math.isfinite(value) for value in archive.values().ravel())
    assert not {trial.number for trial in archive.front()} & {trial.number for trial in archive.failed}


def test_a_campaign_whose_every_evaluation_fails_ends_with_every_failure_recorded() -> None:
    failing = Scripted(lambda architecture, seed: Evaluation({}, 0.0, Failure("divergence", "always")))
    record, finished = execute(quick_plan(failing), None, Silent())
    assert finished
    assert len(record.archive.failed) == 24
    assert record.archive.front() == []


def test_what_an_evaluator_raises_is_a_failure_of_the_one_trial() -> None:
    def raising(architecture: object, seed: int) -> Evaluation:
        if seed % 2:
            raise ZeroDivisionError("as scripted")
        return Evaluation({"validation_error": seed % 7 / 7}, 0.0)

    record, _ = execute(quick_plan(Scripted(raising)), None, Silent())
    messages = {trial.failure.message for trial in record.archive.failed if trial.failure is not None}
    assert messages == {"ZeroDivisionError: as scripted"}
    assert record.archive.trained


@pytest.mark.parametrize("value", [math.nan, math.inf, "0.1", None, True])
def test_an_evaluator_that_brings_no_number_home_fails_only_that_trial(value: object) -> None:
    def sometimes(architecture: object, seed: int) -> Evaluation:
        return Evaluation({"validation_error": seed % 7 / 7 if seed % 3 else value}, 0.0)  # type: ignore[dict-item]

    record, finished = execute(quick_plan(Scripted(sometimes)), None, Silent())
    assert finished
    messages = {trial.failure.message for trial in record.archive.failed if trial.failure is not None}
    assert messages == {f"the evaluator gave {value!r} for 'validation_error'; it must give a finite number"}
    assert record.archive.trained


def test_an_evaluator_that_returns_something_else_fails_every_trial_and_says_so() -> None:
    record, _ = execute(quick_plan(Scripted(lambda architecture, seed: 0.3)), None, Silent())  # type: ignore[arg-type, return-value]
    messages = {trial.failure.message for trial in record.archive.failed if trial.failure is not None}
    assert messages == {"the evaluator returned float; it must return an Evaluation"}


def test_a_searcher_that_repeats_itself_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    plan = quick_plan()

    class Stuck(Searcher):
        def propose(self, archive: Archive, count: int, rng: np.random.Generator) -> list[Proposal]:
            return plan.searcher.propose(Archive(archive.objectives), 10, np.random.default_rng(0))[:count]

    observer = Recorder()
    with pytest.raises(SearchError, match="must not propose an architecture twice"):
        execute(replace(plan, searcher=Stuck()), tmp_path, observer)
    assert [len(trials) for trials in observer.rounds] == [10]


def test_what_is_out_when_the_space_runs_out_may_bring_more_home() -> None:
    """As where a candidate on a rung climbs, or a member of the front is trained again, once its result is there."""
    plan = quick_plan()

    class Patient(Searcher):
        def propose(self, archive: Archive, count: int, rng: np.random.Generator) -> list[Proposal]:
            if archive.pending or len(archive) >= 6:
                raise Exhausted("nothing is left")
            return plan.searcher.propose(archive, 3, rng)

    observer = Recorder()
    plan_of_two = replace(plan, searcher=Patient(), workers=2, executor=lambda: ThreadPoolExecutor(2))
    record, _ = execute(plan_of_two, None, observer)
    assert len(record.archive.trained) == 6
    assert observer.notes == ["the search ends before its budget: nothing is left"]


def test_a_search_space_that_is_exhausted_ends_the_campaign_and_says_so() -> None:
    space = {**SPACE, "channels": [4], "ops": ["none", "skip_connect"]}
    observer = Recorder()
    record, finished = execute(quick_plan(space=space, budget=200), None, observer)
    assert finished
    assert any("the search ends before its budget" in note for note in observer.notes)
    every = Cell201("compact", 4, ops=("none", "skip_connect"), input_shape=(1, 8, 8))
    count = len({every.simplify(every.parse(text)).key for text in _notations(("none", "skip_connect"))})
    assert len(record.archive.trials) == count


def _notations(ops: tuple[str, ...]) -> list[str]:
    from itertools import product

    return [f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|" for a, b, c, d, e, f in product(ops, repeat=6)]


def test_a_constraint_that_nothing_meets_says_which_rejected_how_many() -> None:
    from evonas.core.constraint import Constraint

    plan = quick_plan(constraints=[Constraint.parse("macs", "<= 10")])
    with pytest.raises(SearchError, match=r"no feasible architecture .* macs <= 10 rejected 10,000 \(nearest value"):
        execute(plan, None, Silent())


def test_a_journal_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / JOURNAL).write_text("my shopping list\n" * 100)
    with pytest.raises(JournalError, match="is not an evonas journal"):
        execute(quick_plan(), tmp_path, Silent())
    assert (tmp_path / JOURNAL).read_text().startswith("my shopping list")


def test_a_disk_that_fills_up_ends_the_session_with_everything_before_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, _ = execute(quick_plan(), tmp_path / "whole", Silent())
    add_evaluations = Journal.add_evaluations

    def full(journal: Journal, evaluations: Mapping[int, Evaluation], elapsed_seconds: float) -> None:
        if 12 in evaluations:
            raise JournalError("the disk is full")
        add_evaluations(journal, evaluations, elapsed_seconds)

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "add_evaluations", full)
        with pytest.raises(JournalError, match="the disk is full"):
            execute(quick_plan(), tmp_path / "full", Silent())
    observer = Recorder()
    record, _ = execute(quick_plan(), tmp_path / "full", observer)
    assert observer.begun_with == 14
    assert observer.evaluations[0].number == 12
    assert sequence(record.archive) == sequence(whole.archive)


def test_a_results_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="file"):
        execute(quick_plan(), tmp_path / "file" / "results", Silent())


def test_a_results_folder_can_be_moved_and_gone_on_with(tmp_path: Path) -> None:
    execute(quick_plan(budget=12), tmp_path / "here", Silent())
    shutil.move(tmp_path / "here", tmp_path / "there")
    record, _ = execute(quick_plan(budget=14), tmp_path / "there", Silent())
    assert len(record.archive.trained) == 14


def test_a_campaign_is_recalled_with_its_own_space(tmp_path: Path) -> None:
    """Made anew for the dataset's shape, which the campaign's file does not say, and not a stand-in for it."""
    space = {"name": "cell201", "skeleton": "compact", "channels": [4]}
    plan = quick_plan("training", space=space, trainer={"name": "classifier", "epochs": 1}, budget=1, initial=1)
    execute(plan, tmp_path, Silent())
    recalled = recall(tmp_path).space
    assert isinstance(recalled, Cell201)
    assert recalled.input_shape == (1, 8, 8)
    assert plan.resolved["space"] == {**plan.resolved["space"], **space}


def moody(cost: Any) -> float:
    if cost.parameters % 3:
        raise ArithmeticError(f"{cost.parameters % 3} left over")
    return float(cost.parameters)


def test_candidates_that_an_objective_fails_for_are_told_with_their_number_and_the_first_message() -> None:
    record, _ = execute(quick_plan(budget=10, objectives=("validation_error", Function(moody))), None, Silent())
    (funnel,) = record.archive.rounds
    (note,) = funnel.notes
    assert int(note.removeprefix("objective moody failed for ").split()[0]) >= 3
    assert note.endswith(("ArithmeticError: 1 left over", "ArithmeticError: 2 left over"))
    assert contents(record)[0]["notes"] == [{"text": note, "rounds": "0"}]


def test_a_full_disk_gives_the_terminal_back_and_the_campaign_goes_on_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise JournalError("the disk is full")

    whole, _ = execute(quick_plan(budget=12), tmp_path / "whole", Silent())

    def fill(count: int) -> None:
        if count == 3:
            for method in ("add_evaluations", "add_stage_seconds"):
                monkeypatch.setattr(Journal, method, full)

    observer = Recorder(fill)
    with pytest.raises(JournalError, match="the disk is full"):
        execute(quick_plan(budget=12), tmp_path / "full", observer)
    assert observer.ended
    monkeypatch.undo()
    resumed, _ = execute(quick_plan(budget=12), tmp_path / "full", Silent())
    assert sequence(resumed.archive) == sequence(whole.archive)
