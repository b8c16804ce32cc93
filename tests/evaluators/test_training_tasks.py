"""Tables, text and pixels, from a dataset's file to an objective's figure."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evonas.campaign.planning.assemble import assemble
from evonas.campaign.planning.parts import Parts
from evonas.cli.check import check_campaign
from evonas.core.evaluation import Evaluation


def evaluation(seed: int = 0, test: bool = False, **parts: Any) -> Evaluation:
    """One sampled architecture's, in a campaign of these parts."""
    plan = assemble(Parts(**{"name": "tasks", "budget": 1, "executor": "serial", "proxies": (), **parts}))
    space = plan.problem.space
    architecture = space.simplify(space.sample(np.random.default_rng(seed)))
    evaluator = plan.final_evaluator if test else plan.evaluator
    assert evaluator is not None
    found = evaluator.evaluate(architecture, seed)
    assert found.failure is None, found.failure
    return found


@pytest.fixture
def table(tmp_path: Path) -> str:
    """The target is 3 times the first column, plus 5 where the second says so."""
    rng = np.random.default_rng(0)
    rows = [(rng.normal(), rng.choice(["yes", "no"])) for _ in range(300)]
    lines = [f"{x:.6f},{says},{3 * x + 5 * (says == 'yes'):.6f}" for x, says in rows]
    (tmp_path / "table.csv").write_text("\n".join(["x,says,y", *lines]))
    return str(tmp_path / "table.csv")


def test_a_regression_of_a_table_is_learnt(table: str) -> None:
    found = evaluation(
        test=True,
        space={"name": "mlp", "depth": [2], "width": 32, "normalisation": "none"},
        dataset={"name": "tabular", "path": table, "target": "y", "regression": True},
        trainer={"name": "regressor", "epochs": 20},
        objectives=("validation_error", "validation_loss"),
    )
    assert found.values["validation_error"] == pytest.approx(math.sqrt(found.values["validation_loss"]))
    assert 0 < found.values["validation_error"] < 0.2, "in deviations of the target; 1 tells the mean alone"
    assert 0 < found.values["test_error"] < 0.2


@pytest.mark.parametrize("predict", ["last", "every"])
def test_the_next_byte_of_a_text_is_learnt(tmp_path: Path, predict: str) -> None:
    (tmp_path / "text.txt").write_text("abcd" * 1500)
    found = evaluation(
        test=True,
        space={
            "name": "transformer",
            "embed_dims": 16,
            "layers": 1,
            "heads": 2,
            "mlp_ratios": [2, 3],
            "predict": predict,
        },
        dataset={"name": "text", "path": str(tmp_path / "text.txt"), "tokens": 8},
        trainer={"name": "classifier", "optimiser": "adamw", "learning_rate": 0.01, "epochs": 6, "clip": 1.0},
        objectives=("bits_per_byte", "validation_error"),
    )
    assert 0 < found.values["bits_per_byte"] < 1, "8 where nothing is known"
    assert found.values["test_error"] == found.values["validation_error"] == 0


def test_pixels_train_augmented_with_the_recipe_that_is_searched() -> None:
    recipe = {"epochs": [1, 2], "learning_rate": 0.05, "augmentation": [0.5]}
    found = [
        evaluation(
            seed,
            space={"name": "mixed_precision", "space": {"name": "cell201", "skeleton": "compact"}, "recipe": recipe},
            dataset={"name": "digits_canvas", "train": 100},
            trainer={"name": "classifier", "crop": 1, "cutout": 2},
            objectives=("validation_error",),
        ).epochs
        for seed in range(6)
    ]
    assert set(found) == {1, 2}, "the architecture's epochs, not the trainer's 15"


def test_check_says_what_it_found_in_the_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.yaml").write_text(
        "name: own\nspace: {name: cell201, skeleton: compact, channels: 4}\nbudget: 2\n"
        "dataset: {name: digits_canvas, train: 100}\ntrainer: {name: classifier, epochs: 1}\n"
    )
    check_campaign("own.yaml", as_json=False)
    told = "data: 100 train, 848 validation, 849 test examples of 1x12x12 uint8; 10 classes, "
    assert told in capsys.readouterr().out
