"""A campaign that starts from another: what it takes over, what it never does, and that it needs the other no more."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from quick import SPACE, Recorder, Scripted, quick_plan, sequence

import evonas
from evonas.benchmarks.sleeping import Sleeping
from evonas.campaign.reading.document import read
from evonas.campaign.reading.fault import CampaignError
from evonas.campaign.running.merge import merge
from evonas.campaign.running.session import JOURNAL, ChangedCampaign, execute
from evonas.cli.run import plan_of
from evonas.core.constraint import Constraint
from evonas.core.evaluation import Evaluation
from evonas.core.observer import Silent
from evonas.core.record import Record
from evonas.journal.journal import Journal
from evonas.report.page import render
from spaces.architecture import Architecture
from spaces.cell201 import Cell201
from surrogates.encoding import Encoding
from surrogates.predictor import FloatArray, Prediction, Predictor

CELL = Cell201("compact", [4, 8], input_shape=(1, 8, 8))
GOALS = ["validation_error", "macs"]
EARLIER: dict[str, Any] = {"objectives": GOALS, "searcher": "random", "predictor": None, "proxies": ()}


class Killed(BaseException):
    pass


def other_target(architecture: Architecture, seed: int) -> Evaluation:
    """Another dataset: the same order, on a scale that no value of the earlier campaign is on."""
    evaluation = Sleeping(0.0).evaluate(architecture, seed)
    return Evaluation({"validation_error": 1000 + 50 * evaluation.values["validation_error"]}, 0.0)


def run(folder: Path, earlier: Path | None, observer: Any = None, **changes: Any) -> Record:
    plan = quick_plan(
        Scripted(other_target),
        folder,
        **{
            "objectives": GOALS,
            "warm_start": None if earlier is None else str(earlier),
            "seed": 5,
            "budget": 18,
            **changes,
        },
    )
    return execute(plan, folder, observer if observer is not None else Silent())[0]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("earlier")
    execute(quick_plan(**EARLIER, budget=40), folder, Silent())
    return folder


@pytest.fixture
def earlier(finished: Path, tmp_path: Path) -> Path:
    """One's own copy of a finished campaign."""
    return shutil.copytree(finished, tmp_path / "earlier")


def trained_before(earlier: Path) -> dict[str, dict[str, float]]:
    """Values by notation, read without the code under test."""
    from evonas.campaign.running.recall import recall

    return {trial.proposal.notation: dict(trial.values) for trial in recall(earlier).archive.trained}


def test_half_of_the_first_sample_are_the_earlier_best_spread_over_cost_and_trained_anew(
    earlier: Path, tmp_path: Path
) -> None:
    before = trained_before(earlier)
    points = {notation: (values["validation_error"], values["macs"]) for notation, values in before.items()}
    front = {
        one
        for one, (error, macs) in points.items()
        if not any(e <= error and m <= macs and (e, m) != (error, macs) for e, m in points.values())
    }
    assert len(front) > 5
    record = run(tmp_path / "new", earlier)
    first = record.archive.trials[:10]
    assert [trial.proposal.origin for trial in first] == ["warm_start"] * 5 + ["random"] * 5
    assert "warm_start" not in {trial.proposal.origin for trial in record.archive.trials[10:]}
    taken = [trial.proposal.notation for trial in first[:5]]
    assert set(taken) <= front
    # The best and the cheapest are among them, and no cost lies far from all of theirs.
    costs = sorted(points[one][1] for one in front)
    chosen = np.array([points[one][1] for one in taken])
    assert min(front, key=lambda one: points[one]) in taken
    assert chosen.min() == costs[0]
    assert max(np.abs(chosen - cost).min() for cost in costs) <= (costs[-1] - costs[0]) / 4
    assert len(record.archive) == 18, "what is taken over counts against the budget like any other"
    assert min(trial.values["validation_error"] for trial in record.archive.trained) >= 1000


def test_nothing_measured_before_is_a_value_a_target_or_a_trial_now(earlier: Path, tmp_path: Path) -> None:
    learned: list[float] = []

    class Watching(Predictor):
        def __init__(self, encoding: Encoding) -> None:
            self.names = encoding.names

        def fit(self, architectures: Sequence[Architecture], targets: FloatArray, rng: np.random.Generator) -> None:
            if "earlier(validation_error)" in self.names:
                learned.extend(targets.tolist())

        def predict(self, architectures: Sequence[Architecture]) -> Prediction:
            return Prediction(np.zeros(len(architectures)), np.ones(len(architectures)))

    record = run(tmp_path / "new", earlier, predictor=Watching)
    assert min(learned) >= 1000
    assert record.manifest["warm_start"]["trials"], "and yet they are there to be looked at"
    values = np.array([trial.values["validation_error"] for trial in record.archive.trained])
    assert (values >= 1000).all()


def test_what_the_earlier_campaign_lets_expect_is_a_column_and_is_written_down_first(
    earlier: Path, tmp_path: Path
) -> None:
    """A predictor whose word is known: the mean of its targets, and a thousandth for each node."""

    class Plain(Predictor):
        def __init__(self, encoding: Encoding) -> None:
            self.encoding = encoding

        def fit(self, architectures: Sequence[Architecture], targets: FloatArray, rng: np.random.Generator) -> None:
            self.mean = float(targets.mean())

        def predict(self, architectures: Sequence[Architecture]) -> Prediction:
            if "earlier(validation_error)" in self.encoding.names:
                rows = self.encoding.encode(architectures)
                seen.append((architectures, rows[:, self.encoding.names.index("earlier(validation_error)")]))
            mean = np.array([self.mean + len(one.nodes) / 1000 for one in architectures])
            return Prediction(mean, np.ones(len(mean)))

    seen: list[tuple[Sequence[Architecture], FloatArray]] = []
    record = run(tmp_path / "new", earlier, predictor=Plain, proxies=())
    level = np.mean([values["validation_error"] for values in trained_before(earlier).values()])
    assert len(seen) >= 4
    for architectures, column in seen:
        np.testing.assert_allclose(column, [level + len(one.nodes) / 1000 for one in architectures], rtol=1e-6)
    for trial in record.archive.trials:
        nodes = len(CELL.simplify(trial.proposal.architecture).nodes)
        assert trial.proposal.proxies == {"earlier(validation_error)": pytest.approx(-level - nodes / 1000, rel=1e-6)}


@pytest.mark.parametrize("killed_after", [3, 15])
def test_it_goes_on_bit_for_bit_when_the_earlier_campaign_is_gone_or_grew(
    earlier: Path, tmp_path: Path, killed_after: int
) -> None:
    def kill(count: int) -> None:
        if count == killed_after:
            raise Killed

    whole = run(tmp_path / "whole", earlier)
    with pytest.raises(Killed):
        run(tmp_path / "new", earlier, Recorder(kill))
    if killed_after == 3:
        execute(quick_plan(**EARLIER, budget=60), earlier, Silent())
        assert len(trained_before(earlier)) == 60
    else:
        shutil.rmtree(earlier)
    resumed = run(tmp_path / "new", earlier)
    assert sequence(resumed.archive) == sequence(whole.archive)
    assert [trial.proposal.proxies for trial in resumed.archive.trials] == [
        trial.proposal.proxies for trial in whole.archive.trials
    ]


def test_another_or_no_earlier_campaign_is_another_campaign(earlier: Path, tmp_path: Path) -> None:
    run(tmp_path / "new", earlier, budget=10)
    with pytest.raises(ChangedCampaign, match=r"warm_start: removed .*earlier"):
        run(tmp_path / "new", None, budget=10)
    run(tmp_path / "cold", None, budget=10)
    with pytest.raises(ChangedCampaign, match=r"warm_start: added .*earlier"):
        run(tmp_path / "cold", earlier, budget=10)


def test_other_objectives_and_bounds_are_this_campaigns_own(earlier: Path, tmp_path: Path) -> None:
    before = trained_before(earlier)
    bound = float(np.median([values["macs"] for values in before.values()]))
    constraints = [Constraint.parse("macs", f"<= {bound}")]
    objectives = ["macs", "parameters", {"name": "validation_error"}]
    record = run(tmp_path / "new", earlier, objectives=objectives, constraints=constraints, budget=12)
    taken = [trial for trial in record.archive.trials if trial.proposal.origin == "warm_start"]
    assert len(taken) == 5
    for trial in taken:
        assert trial.proposal.notation in before
        assert trial.proposal.exact["macs"] <= bound
        assert trial.proposal.exact.keys() == {"macs", "parameters"}


def test_any_searcher_starts_warm_and_rungs_do_not_hold_it_up(earlier: Path, tmp_path: Path) -> None:
    for searcher in ("random", {"name": "nsga2", "population": 8}):
        record = run(tmp_path / str(searcher)[:8], earlier, searcher=searcher, predictor=None, proxies=(), budget=14)
        assert [trial.proposal.origin for trial in record.archive.trials].count("warm_start") == 5
        assert not record.archive.trials[0].proposal.proxies
    climbing = {"evaluator": {"name": "climbing.Climbing"}, "rungs": [2], "budget": 12, "directory": tmp_path / "rungs"}
    archive = evonas.search(
        SPACE, GOALS, **climbing, warm_start=earlier, initial=8, workers=0, predictor=None, proxies=(), progress=False
    ).archive
    assert [(trial.proposal.origin, trial.proposal.rung) for trial in archive.trials[:4]] == [("warm_start", None)] * 4


def test_one_at_a_time_half_of_the_first_are_taken_over_too(earlier: Path) -> None:
    with evonas.Search(CELL, ["accuracy:max", "macs"], searcher="nsga2", warm_start=earlier) as search:
        for _ in range(20):
            (trial,) = search.propose()
            search.report(trial, {"accuracy": trial.number / 100})
        origins = [trial.proposal.origin for trial in search.archive.trials]
    assert origins.count("warm_start") == 8
    assert origins[:4].count("warm_start") == 2


def test_the_report_says_what_it_was_started_from_and_whether_that_helped(earlier: Path, tmp_path: Path) -> None:
    record = run(tmp_path / "new", earlier, replicates=3, replicate_share=0.4)
    assert any(trial.proposal.replicate for trial in record.archive.trials)
    page = render(record)
    assert "Warm start" in page
    for said in (
        f"This campaign was started from quick ({earlier}), of which 40 full trainings were taken note of",
        "5 of its best were trained anew in the first sample: 5 trained, of which ",
        "candidates drawn at random, the order by what it lets expect, earlier(validation_error), and by the measured "
        "validation_error agrees to Kendall tau 0.",
        "architectures that both trained, the order by its validation_error and by this campaign&#39;s "
        "validation_error agrees to Kendall tau ",
    ):
        assert said in page
    assert "Warm start" not in render(run(tmp_path / "cold", None, budget=10))


def test_a_merged_journal_keeps_what_it_was_started_from(earlier: Path, tmp_path: Path) -> None:
    run(tmp_path / "a", earlier, budget=12)
    run(tmp_path / "b", earlier, budget=12, seed=6)
    merged = merge(tmp_path / "a", tmp_path / "b", tmp_path / "c")
    shutil.rmtree(earlier)
    more = len(merged.archive) + 4
    assert len(run(tmp_path / "c", earlier, budget=more).archive) == more


def refused(folder: Path, line: str, **changes: Any) -> str:
    """What a campaign file with one more line is refused with."""
    text = "name: new\nspace: {name: cell201, skeleton: compact, channels: [4, 8]}\nbudget: 12\nproxies: []\n"
    (folder / "campaign.yaml").write_text(text + line + "\n")
    document = read(folder / "campaign.yaml")
    with pytest.raises(CampaignError, match=r"campaign.yaml:5 warm_start: ") as refusal:
        plan_of(document, folder / "new")
    return str(refusal.value)


def test_refusals_have_rule_value_remedy_and_line(
    earlier: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    nowhere = refused(tmp_path, "warm_start: nowhere")
    assert "expected the results folder of a campaign. Got 'nowhere'" in nowhere
    assert "there is no journal here. Start the campaign first, or check the folder's name" in nowhere
    (tmp_path / "empty").mkdir()
    assert "Got 'empty': " in refused(tmp_path, "warm_start: empty")
    (tmp_path / "list").mkdir()
    (tmp_path / "list" / JOURNAL).write_text("my shopping list\n" * 100)
    assert "is not an evonas journal" in refused(tmp_path, "warm_start: list")
    assert "campaign.yaml, this campaign" not in refused(tmp_path, "warm_start: campaign.yaml")
    itself = refused(tmp_path, "warm_start: ./new")
    assert "expected another campaign's results folder. Got './new', this campaign's own" in itself
    assert "leave warm_start out" in itself
    execute(quick_plan(**EARLIER, budget=7), tmp_path / "few", Silent())
    few = refused(tmp_path, "warm_start: few")
    assert "expected a campaign with at least 8 full trainings. Got 'few', which has 7; let it train more" in few
    wide = {**SPACE, "channels": [16]}
    execute(quick_plan(**EARLIER, space=wide, budget=12), tmp_path / "wide", Silent())
    other = refused(tmp_path, "warm_start: wide")
    assert "expected a campaign over the same space. Got 'wide', whose architecture '|" in other
    assert "is not in this campaign's: " in other
    assert "leave warm_start out" in other
    mlp = {"name": "mlp", "input_shape": [1, 8, 8], "classes": 10}
    execute(quick_plan(**EARLIER, space=mlp, budget=12), tmp_path / "mlp", Silent())
    assert "Got 'mlp', whose architecture" in refused(tmp_path, "warm_start: mlp")
    with Journal.open(earlier / JOURNAL) as journal:
        database = journal._database
        from evonas.journal import schema

        with database.writing() as connection:
            connection.execute(schema.campaign.update().values(format_version=99))
    assert "has journal format 99; this evonas reads up to" in refused(tmp_path, "warm_start: earlier")
