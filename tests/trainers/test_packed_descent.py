"""Training together is training alone."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from evonas.core.failure import Failure
from evonas.core.split import Split
from evonas.datasets.digits import Digits
from evonas.trainers._descent import descend
from evonas.trainers._packed_descent import descend_together
from evonas.trainers._recipe import Recipe
from spaces.cell201 import Cell201
from spaces.grammar import Grammar

RECIPE = Recipe(
    title="classifier",
    epochs=2,
    batch_size=32,
    learning_rate=0.05,
    momentum=0.9,
    weight_decay=5e-4,
    optimiser="sgd",
    schedule="one_cycle",
    precision="float32",
    ema=0.0,
    clip=1.0,
    halve_batch=False,
    device="cpu",
)
SPACE = Cell201(skeleton="compact", channels=4, input_shape=(1, 8, 8))


def networks(count: int) -> list[nn.Module]:
    rng = np.random.default_rng(0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return [SPACE.build(SPACE.simplify(SPACE.sample(rng))).double() for _ in range(count)]


def examples(count: int) -> tuple[Split, Split]:
    splits = Digits().load()
    train, validation = (split.first(count) for split in (splits.train, splits.validation))
    return tuple(Split(split.ready(split.inputs).double(), split.targets) for split in (train, validation))  # type: ignore[return-value]


@pytest.mark.parametrize("changes", [{}, {"optimiser": "adamw", "crop": 1, "label_smoothing": 0.1}, {"ema": 0.5}])
def test_the_outcomes_are_those_of_one_at_a_time(changes: dict[str, object]) -> None:
    recipe = replace(RECIPE, **changes)  # type: ignore[arg-type]
    train, validation = examples(200)
    models = networks(3)
    alone = [descend(model, train, validation, recipe, seed) for seed, model in enumerate(copy.deepcopy(models))]
    together = descend_together(models, train, validation, recipe, seeds=range(3))
    for one, other in zip(alone, together, strict=True):
        assert not isinstance(one, Failure)
        assert not isinstance(other, Failure)
        assert dict(other.metrics) == pytest.approx(dict(one.metrics), abs=1e-6)  # the mean loss is kept in float32
        assert [*other.curve[-1]] == [*one.curve[-1]]
        assert other.epochs == one.epochs == 2


def test_one_that_diverges_is_a_failure_and_the_others_train_on() -> None:
    train, validation = examples(100)
    models = networks(3)
    with torch.no_grad():
        next(models[1].parameters()).fill_(float("nan"))
    expected = descend(copy.deepcopy(models[2]), train, validation, RECIPE, seed=2)
    together = descend_together(models, train, validation, RECIPE, seeds=range(3))
    assert isinstance(together[1], Failure)
    assert together[1].kind == "divergence"
    assert "became nan in epoch 1 of 2" in together[1].message
    assert not isinstance(expected, Failure)
    assert not isinstance(together[2], Failure)
    assert together[2].metrics["validation_loss"] == pytest.approx(expected.metrics["validation_loss"], abs=1e-9)


def test_networks_that_cannot_be_packed_train_all_the_same() -> None:
    space = Grammar(channels=4, input_shape=(1, 8, 8))
    rng = np.random.default_rng(1)
    models = [space.build(space.simplify(space.sample(rng))).double() for _ in range(2)]
    train, validation = examples(64)
    outcomes = descend_together(models, train, validation, replace(RECIPE, epochs=1), seeds=[0, 1])
    assert [type(outcome).__name__ for outcome in outcomes] == ["Training", "Training"]
