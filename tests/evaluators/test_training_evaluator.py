"""Evaluating by training: seeds, failures, test data."""

import math
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import cloudpickle
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from evonas.campaign.planning.assemble import assemble
from evonas.campaign.planning.parts import Parts
from evonas.campaign.reading.fault import CampaignError
from evonas.core.evaluation import Evaluation
from evonas.core.failure import Failure
from evonas.core.objective import Objective, Subject, Training
from evonas.core.stopping import StoppingRule
from evonas.datasets.dataset import Dataset, Split, Splits
from evonas.datasets.digits import Digits
from evonas.evaluators.training import TrainingEvaluator
from evonas.objectives.function import Function
from evonas.objectives.macs import Macs
from evonas.objectives.validation_error import ValidationError
from evonas.trainers.classifier import Classifier
from evonas.trainers.trainer import NO_SETTINGS, Trainer
from spaces.architecture import Architecture
from spaces.cell201 import Cell201

SPACE = Cell201(skeleton="compact", channels=4, input_shape=(1, 8, 8))
ARCHITECTURE = SPACE.simplify(SPACE.parse("|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|nor_conv_1x1~2|"))
ERROR = ValidationError()


def evaluator(*objectives: Objective, **changed: Any) -> TrainingEvaluator:
    arguments = {"dataset": Digits(train=100), "trainer": Classifier(epochs=2, device="cpu"), **changed}
    return TrainingEvaluator(arguments.pop("space", SPACE), objectives=objectives or (ERROR,), **arguments)


def failed(evaluation: Evaluation) -> Failure:
    assert evaluation.failure is not None
    assert dict(evaluation.values) == {}
    assert evaluation.seconds > 0
    return evaluation.failure


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_the_same_in_another_process() -> None:
    script = """
from evonas.datasets.digits import Digits
from evonas.evaluators.training import TrainingEvaluator
from evonas.objectives.validation_error import ValidationError
from evonas.trainers.classifier import Classifier
from spaces.cell201 import Cell201
space = Cell201(skeleton="compact", channels=4, input_shape=(1, 8, 8))
cell = space.simplify(space.parse("|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|nor_conv_1x1~2|"))
made = TrainingEvaluator(space, Digits(train=100), Classifier(epochs=2, device="cpu"), [ValidationError()])
found = made.evaluate(cell, 5)
print(dict(found.values), found.curve)
"""
    environment = {**os.environ, "PYTHONHASHSEED": "77"}
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)
    here = evaluator().evaluate(ARCHITECTURE, 5)
    assert run.stdout.strip() == f"{dict(here.values)} {here.curve}"


def test_the_seed_fixes_weights_and_order() -> None:
    made = evaluator()
    curves = {repr(made.evaluate(ARCHITECTURE, seed).curve) for seed in range(4)}
    assert len(curves) == 4


def test_a_training_is_that_of_the_trainer_on_the_network_of_the_seed() -> None:
    splits = Digits(train=100).load()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(8)
        expected = Classifier(epochs=2, device="cpu").train(
            SPACE.build(ARCHITECTURE),
            splits.train,
            splits.validation,
            seed=8,
        )
    assert isinstance(expected, Training)
    evaluation = evaluator().evaluate(ARCHITECTURE, 8)
    assert dict(evaluation.values) == {"validation_error": expected.validation_error}
    assert (evaluation.curve, evaluation.epochs) == (expected.curve, 2)


def test_networks_train_on_one_thread(two_threads: None) -> None:
    threads = Function(lambda training: torch.get_num_threads(), "threads")
    assert evaluator(threads).evaluate(ARCHITECTURE, 0).values["threads"] == 1.0
    assert torch.get_num_threads() == 2


def test_the_process_is_as_it_was_after_a_failure(two_threads: None) -> None:
    before = torch.get_rng_state()
    failed(evaluator(Function(lambda training: math.nan, "broken")).evaluate(ARCHITECTURE, 0))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == 2


def test_objectives_that_need_no_training_are_left_out() -> None:
    depth = Function(lambda model: len(model), "depth")
    made = evaluator(Macs(), depth, ERROR, Function(lambda training: 7.0, "seven"))
    assert set(made.evaluate(ARCHITECTURE, 0).values) == {"validation_error", "seven"}


def test_objectives_look_at_the_trained_network() -> None:
    def recomputed(training: Training, model: nn.Module) -> float:
        assert model is training.model
        with torch.no_grad():
            answers = model(training.inputs).argmax(dim=1)
        return float((answers != training.targets).double().mean())

    evaluation = evaluator(ERROR, Function(recomputed)).evaluate(ARCHITECTURE, 2)
    assert evaluation.values["recomputed"] == evaluation.values["validation_error"] > 0


@pytest.mark.parametrize(
    ("function", "kind", "message"),
    [
        (lambda training: 1 / 0, "invalid", "objective 'bad' raised ZeroDivisionError: division by zero"),
        (lambda training: math.nan, "invalid", "objective 'bad' returned nan; it must return a finite number"),
        (lambda training: -math.inf, "invalid", "objective 'bad' returned -inf; it must return a finite number"),
        (lambda training: "good", "invalid", "objective 'bad' returned 'good' (str); it must return a finite number"),
        (lambda training: None, "invalid", "objective 'bad' returned None (NoneType); it must return a finite number"),
        (lambda training: torch.empty(2**50), "out_of_memory", "objective 'bad' ran out of memory: RuntimeError"),
    ],
)
def test_an_objective_that_fails_is_the_trials_failure(function: Callable[..., Any], kind: str, message: str) -> None:
    failure = failed(evaluator(ERROR, Function(function, "bad")).evaluate(ARCHITECTURE, 0))
    assert failure.kind == kind
    assert failure.message.startswith(message)


class Misbuilt(Cell201):
    """Raises where it should build."""

    def __init__(self, error: Callable[[], object]) -> None:
        super().__init__(skeleton="compact", channels=4, input_shape=(1, 8, 8))
        self.error = error

    def build(self, architecture: Architecture) -> nn.Module:
        self.error()
        raise AssertionError("no error was raised")


def raising(error: Exception) -> Callable[[], object]:
    def fail() -> object:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (raising(KeyError("conv9x9")), "invalid", "KeyError: 'conv9x9'"),
        (raising(RuntimeError("mat1 and mat2 shapes")), "invalid", "RuntimeError: mat1 and mat2 shapes"),
        (raising(NotImplementedError()), "invalid", "NotImplementedError"),
        (raising(MemoryError()), "out_of_memory", "MemoryError"),
        (
            raising(torch.OutOfMemoryError("CUDA out of memory")),
            "out_of_memory",
            "OutOfMemoryError: CUDA out of memory",
        ),
        (raising(RuntimeError("CUDA error: out of memory")), "out_of_memory", "RuntimeError: CUDA error"),
        (lambda: torch.empty(2**50), "out_of_memory", "RuntimeError: "),
        (lambda: np.empty(2**50), "out_of_memory", "MemoryError: Unable to allocate"),
    ],
)
def test_a_network_that_cannot_be_built_is_a_failure(error: Callable[[], object], kind: str, message: str) -> None:
    failure = failed(evaluator(space=Misbuilt(error)).evaluate(ARCHITECTURE, 0))
    assert failure.kind == kind
    assert failure.message.startswith(message)


def test_a_network_of_the_wrong_shape_is_a_failure() -> None:
    other = Cell201(skeleton="compact", channels=4, input_shape=(3, 8, 8))
    failure = failed(evaluator(space=other).evaluate(ARCHITECTURE, 0))
    assert failure.kind == "invalid"
    assert failure.message.startswith("RuntimeError: ")


def test_a_network_with_fewer_answers_than_there_are_classes_is_a_failure_before_it_is_trained() -> None:
    class Untouched(Classifier):  # on a GPU an answer out of range would end every later training of the process
        def train(self, *arguments: Any, **keywords: Any) -> Training | Failure:
            raise AssertionError("trained")

    narrow = Cell201(skeleton="compact", channels=4, input_shape=(1, 8, 8), classes=7)
    failure = failed(evaluator(space=narrow, trainer=Untouched()).evaluate(ARCHITECTURE, 0))
    assert failure.kind == "invalid"
    assert "gives outputs (2, 7) for 2 examples, and there are 10 classes" in failure.message


def test_a_training_that_diverges_is_a_failure() -> None:
    class Infinite(Digits):
        def load(self) -> Splits:
            splits = super().load()
            splits.train.inputs[3] = math.inf
            return splits

    failure = failed(evaluator(dataset=Infinite(train=100)).evaluate(ARCHITECTURE, 0))
    assert failure.kind == "divergence"
    assert "a learning_rate below 0.1 may help" in failure.message


def test_interruptions_are_not_swallowed() -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt("Ctrl-C")

    with pytest.raises(KeyboardInterrupt, match="Ctrl-C"):
        evaluator(space=Misbuilt(interrupt)).evaluate(ARCHITECTURE, 0)


class Trap(Tensor):
    """Whoever computes with it, or asks how long it is, is told off."""

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise PermissionError(f"test data were touched by {func.__name__}")


class Trapped(Digits):
    def load(self) -> Splits:
        splits = super().load()
        inputs, targets = (tensor.as_subclass(Trap) for tensor in (splits.test.inputs, splits.test.targets))
        return Splits(splits.train, splits.validation, Split(inputs, targets))


def test_the_search_never_touches_test_data() -> None:
    made = evaluator(ERROR, Function(lambda training: float(len(training.targets)), "held"), dataset=Trapped(train=100))
    evaluation = made.evaluate(ARCHITECTURE, 0)
    assert evaluation.failure is None
    assert set(evaluation.values) == {"validation_error", "held"}
    assert made.rehearse(ARCHITECTURE).failure is None
    final = evaluator(dataset=Trapped(train=100), test=True).evaluate(ARCHITECTURE, 0)
    assert failed(final).message.startswith("PermissionError: test data were touched by "), "else the trap is none"


def test_the_final_training_measures_test_error_beside_the_same_values() -> None:
    splits = Digits(train=100).load()

    def spied(training: Training) -> float:
        with torch.no_grad():
            answers = training.model(splits.test.inputs).argmax(dim=1)
        return float((answers != splits.test.targets).double().mean())

    search = evaluator(Function(spied), ERROR).evaluate(ARCHITECTURE, 3)
    final = evaluator(Function(spied), ERROR, test=True).evaluate(ARCHITECTURE, 3)
    assert dict(final.values) == {**search.values, "test_error": search.values["spied"]}
    assert final.values["test_error"] != final.values["validation_error"]
    assert final.curve == search.curve


def test_test_error_is_measured_before_objectives_can_change_the_network() -> None:
    def vandalise(training: Training) -> float:
        with torch.no_grad():
            for parameter in training.model.parameters():
                parameter.zero_()
        return 0.0

    plain = evaluator(test=True).evaluate(ARCHITECTURE, 3)
    changed = evaluator(Function(vandalise), test=True).evaluate(ARCHITECTURE, 3)
    assert changed.values["test_error"] == plain.values["test_error"]


def test_the_name_of_the_test_figure_is_taken() -> None:
    with pytest.raises(ValueError, match=r"no objective may be called 'test_error'.*give it another name"):
        evaluator(Function(lambda training: 0.0, "test_error"))


def test_an_objective_cannot_spoil_the_data_of_the_next_training() -> None:
    def careless(training: Training) -> float:
        training.inputs.requires_grad_(True)
        loss = training.model(training.inputs).square().mean()
        loss.backward()
        assert training.inputs.grad is not None
        steepness = float(training.inputs.grad.abs().sum())
        with torch.no_grad():
            training.inputs.add_(100.0)
            training.targets.zero_()
        return steepness

    made = evaluator(ERROR, Function(careless))
    first, second = (made.evaluate(ARCHITECTURE, 1) for _ in range(2))
    assert first.failure is None
    assert dict(first.values) == dict(second.values)


class Careless(Dataset):
    """Draws its data from the global generator, as a split without a generator of its own does."""

    input_shape = (1, 8, 8)
    classes = 10

    def load(self) -> Splits:
        splits = [Split(torch.randn(40, 1, 8, 8), torch.randint(10, (40,))) for _ in range(3)]
        return Splits(*splits)


def test_loading_the_data_changes_no_training() -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    made = evaluator(dataset=Careless())
    first, second = (made.evaluate(ARCHITECTURE, 4) for _ in range(2))
    torch.manual_seed(2)
    other = evaluator(dataset=Careless())
    other.evaluate(ARCHITECTURE, 5)
    third = other.evaluate(ARCHITECTURE, 4)
    assert first.curve == second.curve == third.curve
    torch.manual_seed(1)
    assert torch.equal(torch.get_rng_state(), before)
    other = evaluator(dataset=Careless())
    other.rehearse(ARCHITECTURE)
    assert torch.equal(torch.get_rng_state(), before)


def test_data_are_loaded_once_and_pickled_never() -> None:
    loads = []

    class Counted(Digits):
        def load(self) -> Splits:
            loads.append(1)
            return super().load()

    made = evaluator(dataset=Counted(train=100))
    assert loads == []
    made.evaluate(ARCHITECTURE, 0)
    made.evaluate(ARCHITECTURE, 1)
    made.rehearse(ARCHITECTURE)
    assert len(loads) == 1
    assert len(cloudpickle.dumps(evaluator(Function(lambda training: 0.0)))) < 5000


@pytest.mark.parametrize("trainer", [Classifier(epochs=4, device="cpu"), Classifier(epochs=4, device="cpu", ema=0.9)])
def test_a_training_that_is_given_up_is_the_beginning_of_the_whole_one(trainer: Classifier) -> None:
    whole = evaluator(trainer=trainer).evaluate(ARCHITECTURE, 3)
    losses = [epoch["train_loss"] for epoch in whole.curve]
    assert len(losses) == 4
    line = np.linspace(0.1, 9.0, 41)
    for rival, epochs in ((losses[1] + 1e-6, 4), (losses[1] - 1e-6, 2)):
        # What finished ended with the loss of its second epoch, and its first foretold too good an end.
        finished = np.stack([9 * line, line, line, line], axis=1)
        rule = StoppingRule.learned(finished, line[:, None], np.array([[rival]]), 4, 0.1)
        found = evaluator(trainer=trainer).evaluate_until(ARCHITECTURE, 3, rule)
        assert [epoch["train_loss"] for epoch in found.curve] == losses[:epochs]
        assert found.epochs == epochs
        assert found.failure is None
        assert (found.stop is None) == (epochs == 4)
        assert found.values == (whole.values if found.stop is None else {})
        assert found.stop is None or found.stop.losses == tuple(losses[:2])
    never = evaluator(trainer=trainer).evaluate_until(ARCHITECTURE, 3, None)
    assert (never.values, never.curve) == (whole.values, whole.curve)


def test_a_trainer_that_cannot_be_stopped_is_refused_where_stopping_was_asked_for() -> None:
    parts = Parts(name="x", space={"name": "cell201", "skeleton": "compact"}, budget=8, early_stopping=0.1)
    assert assemble(parts).stopping is not None
    with pytest.raises(CampaignError, match=r"early_stopping: Clocked.train must take 'stopping', as its contract"):
        assemble(replace(parts, trainer=Clocked()))


class Clocked(Trainer):
    """Takes ten milliseconds an example, by its own clock."""

    epochs = 1

    def __init__(self) -> None:
        self.now = 0.0
        self.seen: list[tuple[int, int]] = []

    def train(
        self, model: nn.Module, train: Split, validation: Split, seed: int, settings: Mapping[str, float] = NO_SETTINGS
    ) -> Training | Failure:
        self.seen.append((len(train.inputs), len(validation.inputs)))
        assert (len(train), len(validation)) == self.seen[-1]
        assert settings == dict(ARCHITECTURE.settings)
        self.now += 0.01 * len(train)
        return Failure("divergence", "of no matter")


@pytest.mark.parametrize(
    ("train", "examples", "seen"), [(600, 128, (128, 127)), (100, 128, (100, 848)), (1597, 128, (128, 8))]
)
def test_an_estimate_is_a_few_examples_scaled_up(
    monkeypatch: pytest.MonkeyPatch, train: int, examples: int, seen: tuple[int, int]
) -> None:
    trainer = Clocked()
    monkeypatch.setattr("evonas.evaluators.training.time", SimpleNamespace(perf_counter=lambda: trainer.now))
    made = evaluator(dataset=Digits(train=train), trainer=trainer)
    assert made.rehearse(ARCHITECTURE, examples).seconds == pytest.approx(0.01 * train)
    assert trainer.seen == [seen]


def test_an_estimate_is_a_time_and_leaves_the_process_as_it_was(two_threads: None) -> None:
    before = torch.get_rng_state()
    seconds = evaluator().rehearse(ARCHITECTURE).seconds
    assert 0 < seconds < 60
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == 2


def test_a_subject_of_the_campaigns_architecture() -> None:
    seen: list[Subject] = []

    class Spy(ValidationError):
        def measure(self, subject: Subject) -> float:
            seen.append(subject)
            return super().measure(subject)

    evaluator(Spy()).evaluate(ARCHITECTURE, 0)
    assert (seen[0].architecture, seen[0].space) == (ARCHITECTURE, SPACE)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")
def test_the_gpus_generator_is_as_it_was() -> None:
    before = torch.cuda.get_rng_state()
    evaluation = evaluator(trainer=Classifier(epochs=2), test=True).evaluate(ARCHITECTURE, 0)
    assert evaluation.failure is None
    assert torch.equal(torch.cuda.get_rng_state(), before)
