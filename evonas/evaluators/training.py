"""Evaluates by training."""

from __future__ import annotations

import gc
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from evonas.core.evaluation import Evaluation, StoppableEvaluator
from evonas.core.failure import Failure, is_out_of_memory, told
from evonas.core.joint_evaluator import JointEvaluator
from evonas.core.objective import Objective, Subject, Training, measured
from evonas.core.split import Split
from evonas.core.stop import Stop
from evonas.core.stopping import StoppingRule
from evonas.datasets.dataset import Dataset, Splits
from evonas.trainers.joint_trainer import JointTrainer
from evonas.trainers.score import score
from evonas.trainers.trainer import Trainer
from spaces.architecture import Architecture
from spaces.space import Space
from surrogates.threads import one_torch_thread

TEST_ERROR = "test_error"

Outcome = Failure | Stop | tuple[dict[str, float], Training]


class TrainingEvaluator(JointEvaluator, StoppableEvaluator):
    """Builds the network under the trial's seed, trains it and measures the objectives that need training.

    Runs on one torch thread; the process's generators and thread setting are as before afterwards. Candidates that are
    handed over together train as one program where the trainer can do that and memory allows; the others, and all
    whose common training fails, train one at a time.

    Args:
        space: Builds the network.
        dataset: Gives the data; loaded once a process.
        trainer: Trains.
        objectives: Those that need no training are left out here.
        test: Also measure ``test_error`` on the test split. Only the final retraining of a front does.

    Raises:
        ValueError: An objective is called ``test_error``.
    """

    def __init__(
        self, space: Space, dataset: Dataset, trainer: Trainer, objectives: Sequence[Objective], test: bool = False
    ) -> None:
        self.space = space
        self.dataset = dataset
        self.trainer = trainer
        self.objectives = tuple(objective for objective in objectives if objective.needs == "training")
        if any(objective.name == TEST_ERROR for objective in self.objectives):
            raise ValueError(
                f"no objective may be called {TEST_ERROR!r}: that is the final retraining's figure on test data; "
                "give it another name"
            )
        self.test = test
        self._splits: Splits | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_splits": None}

    def evaluate(self, architecture: Architecture, seed: int) -> Evaluation:
        return self._brought_home(architecture, seed)

    def evaluate_until(self, architecture: Architecture, seed: int, rule: StoppingRule | None) -> Evaluation:
        return self._brought_home(architecture, seed, rule=rule)

    def rehearse(self, architecture: Architecture, examples: int = 128) -> Evaluation:
        """Trains on ``examples`` examples and measures as ``evaluate`` does; the seconds are scaled up to all of them.

        So it is known before a campaign what a training takes, and that trainer and objectives work on these data.
        """
        return self._brought_home(architecture, 0, examples)

    def _brought_home(
        self, architecture: Architecture, seed: int, examples: int | None = None, rule: StoppingRule | None = None
    ) -> Evaluation:
        """An evaluation on all examples, or on the first ``examples``; given up where ``rule`` says so."""
        started, share = time.perf_counter(), 1.0
        outcome: Outcome
        try:
            with one_torch_thread():
                splits = self._data()
                if examples is not None:
                    splits, share = _first(splits, examples)
                    started = time.perf_counter()
                with _generators_seeded(seed):
                    outcome = self._measured(architecture, self._trained(architecture, splits, seed, rule))
        except Exception as error:
            outcome = Failure("out_of_memory" if is_out_of_memory(error) else "invalid", told(error))
        return _evaluation(outcome, (time.perf_counter() - started) / share)

    def evaluate_together(
        self, architectures: Sequence[Architecture], seeds: Sequence[int], rules: Sequence[StoppingRule | None] = ()
    ) -> list[Evaluation]:
        started = time.perf_counter()
        rules = rules or [None] * len(seeds)
        outcomes: dict[int, Outcome] = {}
        if len(architectures) > 1 and isinstance(self.trainer, JointTrainer):
            broken = ""
            try:
                with one_torch_thread():
                    for number, outcome in self._outcomes_together(self.trainer, architectures, seeds, rules):
                        outcomes[number] = outcome
            except Exception as error:
                broken = told(error)
            if broken:
                gc.collect()  # what the common training held is not to be in the way
                left = len(architectures) - len(outcomes)
                warnings.warn(f"{left} candidates train one at a time, not together: {broken}", stacklevel=2)
        share = (time.perf_counter() - started) / max(1, len(architectures))
        evaluations = []
        for number, (architecture, seed) in enumerate(zip(architectures, seeds, strict=True)):
            if number in outcomes:
                evaluations.append(_evaluation(outcomes[number], share))
            else:
                alone = self.evaluate_until(architecture, seed, rules[number])
                evaluations.append(replace(alone, seconds=alone.seconds + share))
        return evaluations

    def _data(self) -> Splits:
        """The splits, loaded under a seed of their own: the first training of a process draws as every other does."""
        if self._splits is None:
            with _generators_seeded(0):
                self._splits = self.dataset.load()
        return self._splits

    def train(self, architecture: Architecture, seed: int) -> Training | Failure:
        """Trains one architecture and hands the network over, as ``evaluate`` does before it measures.

        Args:
            architecture: Simplified.
            seed: Fixes initial weights and batch order.

        Returns:
            The training, with ``test_error`` among its metrics where ``test`` was asked for; or why there is none.
        """
        try:
            with one_torch_thread():
                splits = self._data()
                with _generators_seeded(seed):
                    trained = self._trained(architecture, splits, seed, None)
        except Exception as error:
            return Failure("out_of_memory" if is_out_of_memory(error) else "invalid", told(error))
        assert not isinstance(trained, Stop)  # nothing said when
        return trained

    def _trained(
        self, architecture: Architecture, splits: Splits, seed: int, rule: StoppingRule | None
    ) -> Training | Failure | Stop:
        model = self._built(architecture, splits)
        given = {} if rule is None else {"stopping": rule}  # a trainer of one's own may not take it
        training = self.trainer.train(
            model, splits.train, splits.validation, seed, dict(architecture.settings), **given
        )
        return self._tested(training, splits)

    def _built(self, architecture: Architecture, splits: Splits) -> nn.Module:
        model = self.space.build(architecture)
        if not self.dataset.regression:
            _check_answers(model, splits.train, self.dataset.classes)
        return model

    def _tested(self, training: Training | Failure | Stop, splits: Splits) -> Training | Failure | Stop:
        if self.test and isinstance(training, Training):
            test_error = score(training.model, splits.test)[1]
            training = replace(training, metrics={**training.metrics, TEST_ERROR: test_error})
        return training

    def _outcomes_together(
        self,
        trainer: JointTrainer,
        architectures: Sequence[Architecture],
        seeds: Sequence[int],
        rules: Sequence[StoppingRule | None],
    ) -> Iterator[tuple[int, Outcome]]:
        """Of each that could be trained with others its number and what came of it, one after the other."""
        splits = self._data()
        built: list[tuple[int, nn.Module, Tensor]] = []
        for number, (architecture, seed) in enumerate(zip(architectures, seeds, strict=True)):
            # What cannot be built says so when it is evaluated alone.
            with _generators_seeded(seed), suppress(Exception):
                built.append((number, self._built(architecture, splits), torch.get_rng_state()))
        numbers, models, states = zip(*built, strict=True) if built else ((), (), ())
        own_seeds = [seeds[number] for number in numbers]
        settings = [dict(architectures[number].settings) for number in numbers]
        own_rules = [rules[number] for number in numbers]
        given = {"stopping": own_rules} if any(own_rules) else {}  # as in _trained
        for place, training in trainer.train_together(
            models, splits.train, splits.validation, own_seeds, settings, **given
        ):
            with _generators_seeded(own_seeds[place]):
                torch.set_rng_state(states[place])  # what is drawn now is drawn as after a training of its own
                yield numbers[place], self._measured(architectures[numbers[place]], self._tested(training, splits))

    def _measured(self, architecture: Architecture, training: Training | Failure | Stop) -> Outcome:
        if isinstance(training, Failure | Stop):
            return training
        # Test data were looked at before the objectives, which may change the network.
        values: dict[str, float] = {}
        subject = Subject(architecture, self.space, trained=training)
        for objective in self.objectives:
            value = measured(objective, subject)
            if isinstance(value, Failure):
                return value
            values[objective.name] = value
        if self.test:
            values[TEST_ERROR] = training.metrics[TEST_ERROR]
        return values, training


def _check_answers(model: nn.Module, train: Split, classes: int) -> None:
    """Refuses a network that answers for too few classes, on the processor: a GPU would fail for the whole process.

    Raises:
        ValueError: It does.
    """
    with torch.no_grad():
        outputs = model.eval()(train.ready(train.inputs[:2].clone()))
    model.train()
    if outputs.ndim < 2 or outputs.shape[1] < classes:
        raise ValueError(
            f"the network gives outputs {tuple(outputs.shape)} for 2 examples, and there are {classes} classes: "
            "its head must give a figure for each"
        )


def _first(splits: Splits, examples: int) -> tuple[Splits, float]:
    """The first examples to train on and as large a share of those to search on; and that share."""
    few = min(examples, len(splits.train))
    share = few / len(splits.train)
    held = max(1, int(share * len(splits.validation)))
    return replace(splits, train=splits.train.first(few), validation=splits.validation.first(held)), share


def _evaluation(outcome: Outcome, seconds: float) -> Evaluation:
    if isinstance(outcome, Failure):
        return Evaluation({}, seconds, outcome)
    if isinstance(outcome, Stop):
        curve = tuple({"train_loss": loss} for loss in outcome.losses)
        return Evaluation({}, seconds, None, len(curve), curve, outcome)
    values, training = outcome
    return Evaluation(values, seconds, None, training.epochs, training.curve)


@contextmanager
def _generators_seeded(seed: int) -> Iterator[None]:
    """Runs its block with torch's generators seeded, and puts them back."""
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        yield
