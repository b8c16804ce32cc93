"""Evaluates by training."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import torch

from evonas.core.evaluation import Evaluation, Evaluator
from evonas.core.failure import Failure
from evonas.core.objective import Objective, Subject, Training, measured
from evonas.core.threads import one_torch_thread
from evonas.datasets.dataset import Dataset, Splits
from evonas.trainers.classifier import score
from evonas.trainers.trainer import Trainer
from spaces.architecture import Architecture
from spaces.space import Space


class TrainingEvaluator(Evaluator):
    """Builds the network under the trial's seed, trains it and measures the objectives that need training.

    Runs on one torch thread; the process's generators and thread setting are as before afterwards.

    Args:
        space: Builds the network.
        dataset: Gives the data; loaded once a process.
        trainer: Trains.
        objectives: Those that need no training are left out here.
        test: Also measure ``test_error`` on the test split. Only the final retraining of a front does.
    """

    def __init__(
        self, space: Space, dataset: Dataset, trainer: Trainer, objectives: Sequence[Objective], test: bool = False
    ) -> None:
        self.space = space
        self.dataset = dataset
        self.trainer = trainer
        self.objectives = tuple(objective for objective in objectives if objective.needs == "training")
        self.test = test
        self._splits: Splits | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_splits": None}

    def evaluate(self, architecture: Architecture, seed: int) -> Evaluation:
        started = time.perf_counter()
        try:
            with one_torch_thread(), torch.random.fork_rng(devices=range(torch.cuda.device_count())):
                torch.manual_seed(seed)
                outcome = self._evaluate(architecture, seed)
        except Exception as error:
            outcome = _failure(error)
        seconds = time.perf_counter() - started
        if isinstance(outcome, Failure):
            return Evaluation({}, seconds, outcome)
        values, training = outcome
        return Evaluation(values, seconds, None, training.epochs, training.curve)

    def estimated_seconds(self, architecture: Architecture, examples: int = 128) -> float:
        """Seconds that a training of ``architecture`` would take, from one on ``examples`` examples, scaled up."""
        if self._splits is None:
            self._splits = self.dataset.load()
        train, validation = self._splits.train, self._splits.validation
        share = min(1.0, examples / len(train))
        few = int(share * len(train)), max(1, int(share * len(validation)))
        with one_torch_thread(), torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            started = time.perf_counter()
            self.trainer.train(
                self.space.build(architecture),
                (train.inputs[: few[0]], train.targets[: few[0]]),
                (validation.inputs[: few[1]], validation.targets[: few[1]]),
                seed=0,
            )
            return (time.perf_counter() - started) / share

    def _evaluate(self, architecture: Architecture, seed: int) -> Failure | tuple[dict[str, float], Training]:
        if self._splits is None:
            self._splits = self.dataset.load()
        train, validation = self._splits.train, self._splits.validation
        model = self.space.build(architecture)
        training = self.trainer.train(
            model, (train.inputs, train.targets), (validation.inputs, validation.targets), seed
        )
        if isinstance(training, Failure):
            return training
        values: dict[str, float] = {}
        subject = Subject(architecture, self.space, trained=training)
        for objective in self.objectives:
            value = measured(objective, subject)
            if isinstance(value, Failure):
                return value
            values[objective.name] = value
        if self.test:
            values["test_error"] = self._test_error(training)
        return values, training

    def _test_error(self, training: Training) -> float:
        assert self._splits is not None
        test, device = self._splits.test, training.inputs.device
        return score(training.model, test.inputs.to(device), test.targets.to(device))[1]


def _failure(error: Exception) -> Failure:
    text = f"{type(error).__name__}: {error}"
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)) or "can't allocate memory" in text:
        return Failure("out_of_memory", text)
    return Failure("invalid", text)
