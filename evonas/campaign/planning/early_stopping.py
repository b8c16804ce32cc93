"""Early stopping: which trainings may be given up, and by what they are judged."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from evonas.campaign.planning.parts import Parts
from evonas.campaign.planning.rungs import searches_epochs
from evonas.campaign.planning.workers import Workers
from evonas.campaign.reading.fault import CampaignError, Fault
from evonas.core.archive import Archive, FloatArray, Trial
from evonas.core.evaluation import Evaluator, StoppableEvaluator
from evonas.core.joint_evaluator import JointEvaluator
from evonas.core.searcher import Searcher
from evonas.core.stopping import StoppingRule
from evonas.evaluators.training import TrainingEvaluator
from evonas.searchers.random import Random
from evonas.trainers.joint_trainer import JointTrainer
from spaces.space import Space

_PATH = ("early_stopping",)


class EarlyStopping:
    """Makes the rule that a proposed training is stopped by.

    Full trainings alone are judged, and judge: rungs have other schedules, and what is trained again is of the front.
    What is drawn at random is trained to its end, for it is what the predictor, the report and this rule learn the
    truth from.

    Args:
        error_rate: Rate at which trainings may be stopped that would have ended better than they were read, in (0, 1).
    """

    def __init__(self, error_rate: float) -> None:
        self.error_rate = error_rate

    def rule(self, archive: Archive, trial: Trial) -> StoppingRule | None:
        """The rule of a pending trial; None where it is to be trained to its end.

        It rests on what earlier rounds brought home. With one worker that is all that there was when the trial was
        proposed, so a campaign that was killed makes the same rules again.
        """
        proposal = trial.proposal
        if proposal.rung is not None or proposal.replicate or proposal.origin == "random":
            return None
        earlier = [one for one in archive.trained if one.proposal.funnel.round < proposal.funnel.round]
        curves = [
            [epoch.get("train_loss", np.nan) for epoch in one.evaluation.curve] for one in earlier if one.evaluation
        ]
        full_epochs = max(map(len, curves), default=0)
        whole = [row for row, curve in enumerate(curves) if len(curve) == full_epochs and np.isfinite(curve).all()]
        if full_epochs < 2 or not whole:
            return None
        losses = np.array([curves[row] for row in whole])
        values = archive.values([earlier[row] for row in whole])
        doubtful = np.array([objective.needs == "training" for objective in archive.objectives])
        rivals = values[(values[:, ~doubtful] <= self._known(archive, trial)).all(axis=1)][:, doubtful]
        return StoppingRule.learned(losses, values[:, doubtful], rivals, full_epochs, self.error_rate)

    def _known(self, archive: Archive, trial: Trial) -> FloatArray:
        """The trial's objectives that need no training, minimised."""
        known = [
            sign * trial.proposal.exact[objective.name]
            for objective, sign in zip(archive.objectives, archive.signs, strict=True)
            if objective.needs != "training"
        ]
        return np.array(known, np.float64)


def early_stopping(
    parts: Parts, evaluator: Evaluator, searcher: Searcher, space: Space, workers: Workers
) -> EarlyStopping | None:
    """The campaign's early stopping; None where it asks for none.

    Raises:
        CampaignError: The rate is none, what evaluates cannot be stopped, or is all drawn at random.
    """
    if parts.early_stopping is None:
        return None
    if not 0 < parts.early_stopping <= 0.5:
        raise _refusal(f"expected a rate of wrongly stopped trainings in (0, 0.5]. Got {parts.early_stopping}")
    if not isinstance(evaluator, StoppableEvaluator):
        raise _refusal(f"{type(evaluator).__name__} trains nothing that can be stopped; leave early_stopping out")
    for function, parameter in _takers(evaluator, workers.pack != 1):
        if parameter not in inspect.signature(function).parameters:
            raise _refusal(f"{function.__qualname__} must take {parameter!r}, as its contract has it; or leave it out")
    if isinstance(searcher, Random):
        raise _refusal(
            "what is drawn at random is trained to its end, and random search draws everything; leave it out"
        )
    if searches_epochs(space):
        raise _refusal("architectures of this space say themselves how many epochs they are trained; leave one out")
    return EarlyStopping(parts.early_stopping)


def _takers(evaluator: Evaluator, packs: bool) -> Iterator[tuple[Callable[..., Any], str]]:
    """The functions of components that a rule is handed to, and as what; those that anyone may leave out."""
    if packs and isinstance(evaluator, JointEvaluator):
        yield evaluator.evaluate_together, "rules"
    if isinstance(evaluator, TrainingEvaluator):
        yield evaluator.trainer.train, "stopping"
        if packs and isinstance(evaluator.trainer, JointTrainer):
            yield evaluator.trainer.train_together, "stopping"


def _refusal(message: str) -> CampaignError:
    return CampaignError([Fault(_PATH, message)])
