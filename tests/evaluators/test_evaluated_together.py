"""Candidates that are evaluated together: each brings home what it would alone, and none pays for another."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from evonas.core.failure import Failure
from evonas.core.objective import Training
from evonas.core.split import Split
from evonas.core.stopping import StoppingRule
from evonas.datasets.dataset import Splits
from evonas.datasets.digits import Digits
from evonas.evaluators.training import TrainingEvaluator
from evonas.objectives.function import Function
from evonas.objectives.validation_error import ValidationError
from evonas.objectives.validation_loss import ValidationLoss
from evonas.trainers.classifier import Classifier
from evonas.trainers.joint_trainer import JointTrainer
from evonas.trainers.trainer import NO_SETTINGS, Trainer
from spaces.architecture import Architecture
from spaces.cell201 import Cell201

Built = Callable[[nn.Module, Architecture], nn.Module]


class Doubled(Cell201):
    """In double precision; ``change`` has the last word on what is built."""

    def __init__(self, change: Built = lambda model, architecture: model) -> None:
        super().__init__(skeleton="compact", channels=4, input_shape=(1, 8, 8))
        self.change = change

    def build(self, architecture: Architecture) -> nn.Module:
        return self.change(super().build(architecture).double(), architecture)


class DoubledDigits(Digits):
    def load(self) -> Splits:
        found = super().load()
        return Splits(
            *(Split(each.inputs.double(), each.targets) for each in (found.train, found.validation, found.test))
        )


SPACE = Doubled()
RNG = np.random.default_rng(3)
FOUR = [SPACE.simplify(SPACE.sample(RNG)) for _ in range(4)]
SEEDS = [7, 8, 9, 10]
PACKED = Function(lambda training: training.metrics.get("packed", 1.0), "packed")


def evaluator(change: Built | None = None, trainer: Trainer | None = None, **changed: Any) -> TrainingEvaluator:
    space = SPACE if change is None else Doubled(change)
    objectives = changed.pop("objectives", [ValidationError(), ValidationLoss(), PACKED])
    trainer = trainer or Classifier(epochs=1, device="cpu")
    return TrainingEvaluator(space, DoubledDigits(train=100), trainer, objectives, **changed)


def test_each_brings_home_what_it_would_alone() -> None:
    drawn = Function(lambda training: float(torch.rand(())), "drawn")
    made = evaluator(objectives=[ValidationError(), ValidationLoss(), drawn], test=True)
    alone = [made.evaluate(each, seed) for each, seed in zip(FOUR, SEEDS, strict=True)]
    together = made.evaluate_together(FOUR, SEEDS)
    for one, other in zip(alone, together, strict=True):
        assert dict(other.values) == pytest.approx(dict(one.values), abs=1e-12)
        assert set(other.values) == {"validation_error", "validation_loss", "drawn", "test_error"}
        assert other.curve[-1]["packed"] == 4
    assert len({evaluation.seconds for evaluation in together}) == 1, "each its share"


def test_what_cannot_be_packed_trains_alone_and_the_others_together() -> None:
    def with_dropout(model: nn.Module, architecture: Architecture) -> nn.Module:
        return nn.Sequential(model, nn.Dropout(0.3)) if architecture is FOUR[1] else model

    made = evaluator(with_dropout)
    expected = made.evaluate(FOUR[1], SEEDS[1])
    together = made.evaluate_together(FOUR, SEEDS)
    assert [each.values["packed"] for each in together] == [3, 1, 3, 3]
    assert together[1].values == expected.values
    assert together[1].seconds > together[0].seconds


class Impatient(StoppingRule):
    """Gives up after an epoch."""

    def verdict(self, losses: Sequence[float]) -> str:
        return "as scripted" if len(losses) == 1 else ""


def test_what_is_given_up_is_the_one_whose_rule_says_so_packed_or_not() -> None:
    def with_dropout(model: nn.Module, architecture: Architecture) -> nn.Module:
        return nn.Sequential(model, nn.Dropout(0.3)) if architecture is FOUR[3] else model

    made = evaluator(with_dropout, Classifier(epochs=2, device="cpu"))
    rules = [None, Impatient({}, np.zeros((0, 1))), None, Impatient({}, np.zeros((0, 1)))]
    together = made.evaluate_together(FOUR, SEEDS, rules)
    for each, seed, rule, mine in zip(FOUR, SEEDS, rules, together, strict=True):
        alone = made.evaluate_until(each, seed, rule)
        assert (mine.stop is None) == (alone.stop is None) == (rule is None)
        assert mine.epochs == alone.epochs == (2 if rule is None else 1)
        assert mine.curve[0]["train_loss"] == pytest.approx(alone.curve[0]["train_loss"], abs=1e-6)
    assert [each.values.get("packed") for each in together] == [3, None, 3, None]


def test_what_fails_is_the_failure_of_one() -> None:
    def spoilt(model: nn.Module, architecture: Architecture) -> nn.Module:
        if architecture is FOUR[2]:
            with torch.no_grad():
                next(model.parameters()).fill_(math.nan)
        return model

    measured = Function(lambda training: 1 / 0, "broken")
    together = evaluator(spoilt).evaluate_together(FOUR, SEEDS)
    assert [each.failure.kind if each.failure else None for each in together] == [None, None, "divergence", None]
    assert dict(together[2].values) == {}
    broken = evaluator(objectives=[measured]).evaluate_together(FOUR, SEEDS)
    assert all(each.failure is not None and "ZeroDivisionError" in each.failure.message for each in broken)


class Breaking(JointTrainer):
    """Trains two together, then breaks."""

    epochs = 1

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.own = Classifier(epochs=1, device="cpu")

    def train(
        self, model: nn.Module, train: Split, validation: Split, seed: int, settings: Mapping[str, float] = NO_SETTINGS
    ) -> Training | Failure:
        return self.own.train(model, train, validation, seed, settings)

    def train_together(
        self,
        models: Sequence[nn.Module],
        train: Split,
        validation: Split,
        seeds: Sequence[int],
        settings: Sequence[Mapping[str, float]],
    ) -> Iterator[tuple[int, Training | Failure]]:
        with torch.no_grad():
            next(models[2].parameters()).fill_(math.nan)  # half trained, when it breaks
        yield from self.own.train_together(models[:2], train, validation, seeds[:2], settings[:2])
        raise self.error


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("vmap: not allowed")])
def test_candidates_whose_common_training_breaks_train_anew_and_alone(error: Exception) -> None:
    made = evaluator(trainer=Breaking(error))
    alone = [made.evaluate(each, seed) for each, seed in zip(FOUR[2:], SEEDS[2:], strict=True)]
    with pytest.warns(UserWarning, match=f"2 candidates train one at a time, not together: {type(error).__name__}"):
        together = made.evaluate_together(FOUR, SEEDS)
    assert [each.values["packed"] for each in together] == [2, 2, 1, 1]
    assert [each.values for each in together[2:]] == [each.values for each in alone]


def test_a_network_that_cannot_be_built_is_a_failure_of_its_own() -> None:
    def unbuildable(model: nn.Module, architecture: Architecture) -> nn.Module:
        if architecture is FOUR[0]:
            raise KeyError("conv9x9")
        return model

    together = evaluator(unbuildable).evaluate_together(FOUR, SEEDS)
    assert [each.failure.message if each.failure else "" for each in together] == ["KeyError: 'conv9x9'", "", "", ""]
    assert [each.values.get("packed") for each in together] == [None, 3, 3, 3]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device; this machine has none")
def test_on_a_gpu_too_and_its_memory_is_free_again() -> None:
    from evonas.packing import free_bytes

    device = torch.device("cuda", 0)
    made = evaluator(trainer=Classifier(epochs=1, device="cuda:0", precision="float32"))
    made.evaluate(FOUR[0], 0)
    before = free_bytes(device)
    alone = [made.evaluate(each, seed) for each, seed in zip(FOUR, SEEDS, strict=True)]
    together = made.evaluate_together(FOUR, SEEDS)
    assert [each.values["packed"] for each in together] == [4] * 4
    for one, other in zip(alone, together, strict=True):
        assert other.values["validation_loss"] == pytest.approx(one.values["validation_loss"], abs=1e-4)
    assert free_bytes(device) > before - 2**26
