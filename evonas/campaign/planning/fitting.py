"""Whether a campaign's space, dataset, trainer and objectives fit together."""

from __future__ import annotations

from collections.abc import Sequence

from evonas.campaign.reading.fault import CampaignError, Fault
from evonas.core.objective import Objective
from evonas.datasets.dataset import Dataset
from evonas.objectives.column import Column
from evonas.trainers.trainer import Trainer
from spaces.space import Space


def check_shapes(space: Space, dataset: Dataset) -> None:
    """Refuses a space whose networks take other inputs, or give other outputs, than the dataset's.

    Raises:
        CampaignError: It does; says what to change.
    """
    if (tuple(space.input_shape), space.classes) != (tuple(dataset.input_shape), dataset.classes):
        raise CampaignError(
            [
                Fault(
                    ("space",),
                    f"the space builds networks for inputs {tuple(space.input_shape)} and {space.classes} classes, "
                    f"but the dataset has {tuple(dataset.input_shape)} and {dataset.classes}. Make the space with "
                    f"input_shape={tuple(dataset.input_shape)} and classes={dataset.classes}, "
                    "or name it and leave them out",
                )
            ]
        )
    if space.vocabulary != dataset.vocabulary:
        kinds = [
            "real numbers" if part.vocabulary is None else f"token ids below {part.vocabulary}"
            for part in (space, dataset)
        ]
        raise CampaignError(
            [Fault(("space",), f"the space's networks take {kinds[0]}, but the dataset gives {kinds[1]}; change one")]
        )


def check_trainer(trainer: Trainer, dataset: Dataset) -> None:
    """Refuses a trainer of classes for a regression, and the reverse.

    Raises:
        CampaignError: It is; says which to take.
    """
    if trainer.regression != dataset.regression:
        kinds = ["numbers" if part.regression else "classes" for part in (trainer, dataset)]
        remedy = "regressor" if dataset.regression else "classifier"
        raise CampaignError(
            [Fault(("trainer",), f"trains on {kinds[0]}, but the dataset's targets are {kinds[1]}; take {remedy!r}")]
        )


def refuse_columns(objectives: Sequence[Objective], trains: bool) -> None:
    """Refuses objectives that read a table where there is none; an evaluator of one's own may give their values.

    Raises:
        CampaignError: There is one.
    """
    for index, objective in enumerate(objectives):
        if isinstance(objective, Column) and (trains or objective.needs == "architecture"):
            message = f"column {objective.column!r} is read from a table; write evaluator: {{name: table, path: …}}"
            raise CampaignError([Fault(("objectives", index), message)])
