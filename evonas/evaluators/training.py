"""Evaluates by training."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch

from evonas.core.evaluation import Evaluation, StoppableEvaluator
from evonas.core.failure import Failure, is_out_of_memory, told
from evonas.core.objective import Objective, Subject, Training, measured
from evonas.core.stop import Stop
from evonas.core.stopping import StoppingRule
from evonas.datasets.dataset import Dataset, Splits
from evonas.trainers.score import score
from evonas.trainers.trainer import Trainer
from spaces.architecture import Architecture
from spaces.space import Space
from surrogates.threads import one_torch_thread

TEST_ERROR = "test_error"


class TrainingEvaluator(StoppableEvaluator):
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
        return self.evaluate_until(architecture, seed, None)

    def evaluate_until(self, architecture: Architecture, seed: int, rule: StoppingRule | None) -> Evaluation:
        started = time.perf_counter()
        try:
            with one_torch_thread():
                splits = self._data()
                with _generators_seeded(seed):
                    outcome = self._evaluate(architecture, splits, seed, rule)
        except Exception as error:
            outcome = Failure("out_of_memory" if is_out_of_memory(error) else "invalid", told(error))
        seconds = time.perf_counter() - started
        if isinstance(outcome, Failure):
            return Evaluation({}, seconds, outcome)
        if isinstance(outcome, Stop):
            curve = tuple({"train_loss": loss} for loss in outcome.losses)
            return Evaluation({}, seconds, None, len(curve), curve, outcome)
        values, training = outcome
        return Evaluation(values, seconds, None, training.epochs, training.curve)

    def estimated_seconds(self, architecture: Architecture, examples: int = 128) -> float:
        """Seconds that a training of ``architecture`` would take, from one on ``examples`` examples, scaled up."""
        with one_torch_thread():
            splits = self._data()
            train, validation = splits.train, splits.validation
            few = min(examples, len(train))
            share = few / len(train)
            held = max(1, int(share * len(validation)))
            with _generators_seeded(0):
                started = time.perf_counter()
                self.trainer.train(
                    self.space.build(architecture),
                    train.first(few),
                    validation.first(held),
                    seed=0,
                    settings=dict(architecture.settings),
                )
                return (time.perf_counter() - started) / share

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
        model = self.space.build(architecture)
        given = {} if rule is None else {"stopping": rule}  # a trainer of one's own may not take it
        training = self.trainer.train(
            model, splits.train, splits.validation, seed, dict(architecture.settings), **given
        )
        if self.test and isinstance(training, Training):
            test_error = score(training.model, splits.test)[1]
            training = replace(training, metrics={**training.metrics, TEST_ERROR: test_error})
        return training

    def _evaluate(
        self, architecture: Architecture, splits: Splits, seed: int, rule: StoppingRule | None
    ) -> Failure | Stop | tuple[dict[str, float], Training]:
        training = self._trained(architecture, splits, seed, rule)
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


@contextmanager
def _generators_seeded(seed: int) -> Iterator[None]:
    """Runs its block with torch's generators seeded, and puts them back."""
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        yield
