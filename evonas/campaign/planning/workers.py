"""What a campaign's executor is told of its workers, and whether they can do it."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evonas.campaign.reading.fault import CampaignError, Fault
from evonas.core.evaluation import Evaluator
from evonas.core.joint_evaluator import JointEvaluator
from evonas.core.objective import Objective
from evonas.evaluators.training import TrainingEvaluator
from evonas.executors.processes import WORKERS
from evonas.executors.serial import Serial
from evonas.trainers.joint_trainer import JointTrainer


@dataclass(frozen=True, slots=True)
class Workers:
    """A campaign's workers.

    Attributes:
        count: Evaluations, or packs of them, at a time.
        pack: Candidates that a worker is given to train together, at most; None for all that wait.
        devices: Their devices; empty where they take what they find.
        apart: Whether they are processes of their own.
    """

    count: int
    pack: int | None
    devices: tuple[str, ...]
    apart: bool

    @classmethod
    def of(cls, executor: type, arguments: Mapping[str, Any]) -> Workers:
        """The workers of an executor that is made with these arguments."""
        parameter = inspect.signature(executor).parameters.get("workers")
        default = 1 if parameter is None else parameter.default or WORKERS
        devices = tuple(arguments.get("devices") or ())
        pack = arguments.get("pack", 1)
        count = int(arguments.get("workers") or len(devices) or default)
        return cls(count, None if pack == "auto" else int(pack), devices, executor is not Serial)

    def check(self, evaluator: Evaluator, objectives: Sequence[Objective]) -> None:
        """Passes where the workers can train together as they are asked to, and leave alone what is measured.

        Raises:
            CampaignError: They cannot, or do not.
        """
        trains = evaluator.trainer if isinstance(evaluator, TrainingEvaluator) else evaluator
        if self.pack != 1 and not isinstance(trains, JointTrainer | JointEvaluator):
            raise _refusal(
                f"pack: {type(trains).__name__} evaluates one candidate at a time; leave it out, or let it implement "
                "JointTrainer or JointEvaluator"
            )
        for objective in objectives:
            device = objective.alone_on
            if device is not None and self.apart and (not self.devices or device in self.devices):
                raise _refusal(
                    f"{objective.name} is measured on {device} while workers may train there, so that no figure would "
                    "hold; give the workers 'devices' of their own: [cpu] or [cuda:1], or take executor 'serial', "
                    "which trains and measures in turn"
                )


def _refusal(message: str) -> CampaignError:
    return CampaignError([Fault(("executor",), message)])
