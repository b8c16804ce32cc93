"""Evaluates by training."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch

from evonas.core.evaluation import Evaluation, Evaluator
from evonas.core.failure import Failure, is_out_of_memory, told
from evonas.core.objective import Objective, Subject, Training, measured
from evonas.core.split import Split
from evonas.datasets.dataset import Dataset, Splits
from evonas.trainers.score import score
from evonas.trainers.trainer import Trainer
from spaces.architecture import Architecture
from spaces.space import Space
from surrogates.threads import one_torch_thread

TEST_ERROR = "test_error"


class TrainingEvaluator(Evaluator):
    """Builds the network under the trial's seed, trains it and measures the objectives that need training.

    Runs on one torch thread; the process's generators and thread setting are as before afterwards.

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

    def rehearse(self, architecture: Architecture, examples: int = 128) -> Evaluation:
        """Trains on ``examples`` examples and measures as ``evaluate`` does; the seconds are scaled up to all of them.

        So it is known before a campaign what a training takes, and that trainer and objectives work on these data.
        """
        return self._brought_home(architecture, 0, examples)

    def _brought_home(self, architecture: Architecture, seed: int, examples: int | None = None) -> Evaluation:
        """An evaluation on all examples, or on the first ``examples``."""
        started, share = time.perf_counter(), 1.0
        try:
            with one_torch_thread():
                splits = self._data()
                if examples is not None:
                    splits, share = _first(splits, examples)
                    started = time.perf_counter()
                with _generators_seeded(seed):
                    outcome = self._evaluate(architecture, splits, seed)
        except Exception as error:
            outcome = Failure("out_of_memory" if is_out_of_memory(error) else "invalid", told(error))
        seconds = (time.perf_counter() - started) / share
        if isinstance(outcome, Failure):
            return Evaluation({}, seconds, outcome)
        values, training = outcome
        return Evaluation(values, seconds, None, training.epochs, training.curve)

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
                    return self._trained(architecture, splits, seed)
        except Exception as error:
            return Failure("out_of_memory" if is_out_of_memory(error) else "invalid", told(error))

    def _trained(self, architecture: Architecture, splits: Splits, seed: int) -> Training | Failure:
        model = self.space.build(architecture)
        if not self.dataset.regression:
            _check_answers(model, splits.train, self.dataset.classes)
        training = self.trainer.train(model, splits.train, splits.validation, seed, dict(architecture.settings))
        if self.test and isinstance(training, Training):
            test_error = score(training.model, splits.test)[1]
            training = replace(training, metrics={**training.metrics, TEST_ERROR: test_error})
        return training

    def _evaluate(
        self, architecture: Architecture, splits: Splits, seed: int
    ) -> Failure | tuple[dict[str, float], Training]:
        training = self._trained(architecture, splits, seed)
        if isinstance(training, Failure):
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


def _check_answers(model: torch.nn.Module, train: Split, classes: int) -> None:
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


@contextmanager
def _generators_seeded(seed: int) -> Iterator[None]:
    """Runs its block with torch's generators seeded, and puts them back."""
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        yield
