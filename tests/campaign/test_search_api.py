"""``evonas.search``: the Python API with objectives of one's own."""

from __future__ import annotations

import math
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from quick import SPACE

import evonas
from evonas.benchmarks.sleeping import Sleeping
from evonas.campaign.fault import CampaignError
from evonas.campaign.result import Result
from evonas.core.searcher import SearchError
from evonas.trainers.classifier import Classifier
from spaces.cell201 import Cell201

QUICK = {
    "evaluator": Sleeping(0.0),
    "searcher": {"name": "screened_nsga2", "offspring": 40, "shortlist": 20, "proxied": 10},
    "predictor": {"name": "trees", "bags": 2, "trees": 10},
    "proxies": ["parameters"],
    "workers": 0,
    "budget": 14,
    "initial": 10,
    "batch": 4,
    "progress": False,
}
COMPACT = {"name": "cell201", "skeleton": "compact"}


def quick_search(*args: object, **changes: object) -> Result:
    return evonas.search(*(args or (SPACE,)), **{**QUICK, **changes})  # type: ignore[arg-type]


def edges(architecture: object) -> int:
    return len(architecture.edges)  # type: ignore[attr-defined]


def test_functions_and_lambdas_are_objectives_and_those_without_training_are_exact() -> None:
    result = quick_search(objectives=["validation_error", lambda cost: cost.macs / 1e6, edges])
    assert result.archive.names == ("validation_error", "objective", "edges")
    for trial in result.archive.trials:
        simplified = result.simplified(trial)
        assert trial.proposal.exact["edges"] == len(simplified.edges)
        assert trial.proposal.exact["objective"] == result.space.cost(simplified).macs / 1e6


def test_two_lambdas_have_two_names() -> None:
    result = quick_search(objectives=[lambda cost: cost.macs, lambda cost: cost.parameters, "validation_error"])
    assert result.archive.names == ("objective_1", "objective_2", "validation_error")


def test_an_objective_of_the_built_model_is_known_before_training() -> None:
    def modules(model: object) -> int:
        return sum(1 for _ in model.modules())  # type: ignore[attr-defined]

    result = quick_search(objectives=["validation_error", modules])
    for trial in result.archive.trials:
        assert trial.proposal.exact["modules"] == sum(1 for _ in result.build(trial).modules())


def test_a_goal_of_max_keeps_its_own_direction_outside() -> None:
    size = evonas.Function(lambda cost: cost.parameters, name="size", goal="max")
    result = quick_search(objectives=["validation_error", size])
    largest = max(trial.values["size"] for trial in result.archive.trained)
    assert any(trial.values["size"] == largest for trial in result.front)
    assert result.best(size="max").values["size"] == largest


def test_best_minds_its_bounds_and_says_what_cannot_be_met() -> None:
    result = quick_search()
    trained = result.archive.trained
    bound = sorted(trial.values["macs"] for trial in trained)[len(trained) // 2]
    best = result.best(validation_error="min", macs=f"<= {bound}")
    meeting = [trial.values["validation_error"] for trial in trained if trial.values["macs"] <= bound]
    assert best.values["macs"] <= bound
    assert best.values["validation_error"] == min(meeting)
    with pytest.raises(ValueError, match=r"none of \d+ trained candidates meets macs <= 1; macs ranges from"):
        result.best(validation_error="min", macs="<= 1")
    with pytest.raises(ValueError, match="no objective is named 'latency'; this search has validation_error, macs"):
        result.best(latency="min")
    with pytest.raises(ValueError, match="say 'min' or 'max' for exactly one objective"):
        result.best(macs="<= 2e5")
    with pytest.raises(ValueError, match="a constraint is a comparison with a number"):
        result.best(validation_error="min", macs="small")


def test_a_result_shows_itself_in_a_notebook_and_writes_its_report(tmp_path: Path) -> None:
    result = quick_search()
    shown = result._repr_html_()
    assert shown.count("<tr>") == len(result.front) + 1
    assert "&lt;" not in shown.replace(result.front[0].proposal.notation, "")
    assert result.report(tmp_path / "report.html").read_text().startswith("<!")
    assert "14 trained, 0 failed" in repr(result)


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        (math.nan, "returned nan; it must return a finite number"),
        (math.inf, "returned inf; it must return a finite number"),
        ("big", r"returned 'big' \(str\); it must return a finite number"),
        (None, r"returned None \(NoneType\); it must return a finite number"),
    ],
)
def test_a_free_objective_that_gives_no_number_for_some_costs_only_those(returned: object, said: str) -> None:
    def picky(cost: object) -> object:
        return returned if cost.parameters % 2 else cost.parameters  # type: ignore[attr-defined]

    result = quick_search(objectives=["validation_error", picky])
    assert all(trial.values["picky"] % 2 == 0 for trial in result.archive.trials)
    with pytest.raises(SearchError, match=rf"objective picky rejected 10,000 \(objective 'picky' {said}\)"):
        quick_search(objectives=["validation_error", evonas.Function(lambda cost: returned, name="picky")])


def test_an_objective_of_the_training_that_raises_for_some_fails_only_those(tmp_path: Path) -> None:
    def calibration(training: object) -> float:
        if sum(parameter.numel() for parameter in training.model.parameters()) > 2000:  # type: ignore[attr-defined]
            raise ZeroDivisionError("no bins")
        return float(training.metrics["validation_loss"])  # type: ignore[attr-defined]

    result = evonas.search(
        {**COMPACT, "channels": [2, 8]},
        ["validation_error", calibration],
        budget=8,
        workers=0,
        initial=8,
        trainer={"name": "classifier", "epochs": 1},
        proxies=[],
        progress=False,
        directory=tmp_path,
    )
    assert result.archive.failed
    assert result.archive.trained
    messages = {trial.failure.message for trial in result.archive.failed if trial.failure is not None}
    assert messages == {"objective 'calibration' raised ZeroDivisionError: no bins"}


def test_a_training_that_diverges_is_a_failure_with_a_remedy() -> None:
    result = evonas.search(
        COMPACT,
        budget=3,
        initial=3,
        workers=0,
        trainer={"name": "classifier", "epochs": 2, "learning_rate": 1e30},
        proxies=[],
        progress=False,
    )
    assert {trial.failure.kind for trial in result.archive.failed if trial.failure is not None} == {"divergence"}
    assert result.front == []


def test_workers_that_die_or_hang_cost_one_trial_each() -> None:
    def deadly(training: object) -> float:
        import os
        import signal
        import time

        size = sum(parameter.numel() for parameter in training.model.parameters())  # type: ignore[attr-defined]
        if size % 3 == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        if size % 3 == 1 and size < 300:
            time.sleep(600)
        return float(size)

    result = evonas.search(
        {**COMPACT, "channels": [2, 4]},
        ["validation_error", deadly],
        budget=10,
        initial=10,
        workers=2,
        timeout_seconds=15,
        trainer={"name": "classifier", "epochs": 1},
        proxies=[],
        progress=False,
    )
    for trial in result.archive.trials:
        size = result.space.cost(result.simplified(trial)).parameters
        kind = trial.failure.kind if trial.failure is not None else None
        expected = "crash" if size % 3 == 0 else "timeout" if size % 3 == 1 and size < 300 else None
        assert kind == expected, (size, trial.failure)
    assert {trial.failure.kind for trial in result.archive.failed if trial.failure is not None} >= {"crash"}


def test_the_search_is_the_same_in_this_process_and_in_a_worker() -> None:
    def run(workers: int) -> list[tuple[str, float]]:
        result = evonas.search(
            COMPACT,
            budget=11,
            initial=8,
            batch=3,
            workers=workers,
            trainer={"name": "classifier", "epochs": 1},
            searcher={"name": "screened_nsga2", "offspring": 40, "shortlist": 20, "proxied": 5},
            progress=False,
        )
        return [(trial.proposal.key, trial.values["validation_error"]) for trial in result.archive.trials]

    assert run(0) == run(1)


def test_parts_that_do_not_fit_say_what_to_do() -> None:
    with pytest.raises(CampaignError, match=r"inputs \(3, 32, 32\) and 10 classes, but the dataset has \(1, 8, 8\)"):
        evonas.search(Cell201(), progress=False)
    for wrong in ({"objectives": "macs"}, {"proxies": "synflow"}):
        with pytest.raises(CampaignError, match=r"(objectives|proxies): expected a list, as in \['(macs|synflow)'\]"):
            evonas.search("cell201", **wrong)
        with pytest.raises(CampaignError, match="expected a list"):
            evonas.Search("cell201", **wrong)
    with pytest.raises(CampaignError, match="Did you mean 'cell201'"):
        evonas.search("cell210", progress=False)
    with pytest.raises(CampaignError, match=r"space.skeletn: unknown argument.*Did you mean 'skeleton'"):
        evonas.search({"name": "cell201", "skeletn": "compact"}, progress=False)
    with pytest.raises(CampaignError, match="a component is a name, or a mapping with one under 'name'"):
        evonas.search({"skeleton": "compact"}, progress=False)
    with pytest.raises(CampaignError, match=r"expected a space: a name or an object\. Got 3"):
        evonas.search(3, progress=False)
    with pytest.raises(CampaignError, match="known only after training"):
        evonas.search(COMPACT, constraints={"validation_error": "<= 0.1"}, progress=False)
    with pytest.raises(CampaignError, match="names no objective of this campaign"):
        evonas.search(COMPACT, constraints={"latency": "<= 0.1"}, progress=False)
    with pytest.raises(CampaignError, match="objective 'macs' is named 2 times"):
        evonas.search(COMPACT, ["validation_error", "macs", lambda cost: 1.0, "macs"], progress=False)
    with pytest.raises(CampaignError, match="its parameters may be architecture, space, cost, model, training"):
        evonas.search(COMPACT, [lambda accuracy, latency: 1.0], progress=False)
    for what, number in (("budget", 0), ("budget", -3), ("seed", -1), ("workers", -1), ("batch", 0), ("budget", 2.5)):
        with pytest.raises(ValueError, match=rf"search: {what} must be a whole number of at least \d. Got {number}"):
            evonas.search(COMPACT, progress=False, **{what: number})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="timeout_seconds needs workers of at least 1"):
        evonas.search(COMPACT, workers=0, timeout_seconds=3, progress=False)


def test_own_objects_take_the_place_of_names() -> None:
    space = Cell201("compact", input_shape=(1, 8, 8))
    result = evonas.search(
        space, budget=2, initial=2, workers=0, trainer=Classifier(epochs=1), proxies=[], progress=False
    )
    assert len(result.archive.trained) == 2
    assert result.space is space


def test_a_space_of_tokens_is_searched_with_its_proxies() -> None:
    space = {"name": "transformer", "embed_dims": [4, 8], "layers": [1, 2], "heads": [1, 2], "input_shape": [6]}
    result = quick_search({**space, "classes": 9}, proxies=["synflow", "parameters"], budget=6, initial=6)
    for trial in result.archive.trials:
        assert trial.proposal.proxies["parameters"] == trial.values["parameters"]
        assert math.isfinite(trial.proposal.proxies["synflow"])


def test_a_script_needs_no_main_guard_and_its_lambdas_work(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            """
            import evonas

            print("once")

            def half_error(training):
                return training.validation_error / 2

            result = evonas.search(
                {"name": "cell201", "skeleton": "compact"},
                [half_error, lambda cost: cost.macs],
                budget=4, initial=4, workers=2, proxies=[], progress=False,
                trainer={"name": "classifier", "epochs": 1},
            )
            print(len(result.archive.trained))
            """
        )
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "once\n4\n", "")


def test_the_search_never_looks_at_test_data(monkeypatch: pytest.MonkeyPatch) -> None:
    from evonas.datasets.dataset import Splits
    from evonas.datasets.digits import Digits

    whole = Digits().load()

    class Forbidden:
        def __getattribute__(self, name: str) -> object:
            raise AssertionError("the search looked at test data")

    monkeypatch.setattr(Digits, "load", lambda self: Splits(whole.train, whole.validation, Forbidden()))  # type: ignore[arg-type]
    result = evonas.search(
        COMPACT,
        budget=6,
        initial=6,
        workers=0,
        retrain_seeds=0,
        trainer={"name": "classifier", "epochs": 1},
        progress=False,
    )
    assert len(result.archive.trained) == 6
