"""What trainers that follow a recipe do alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, final

from evonas.core.failure import Failure
from evonas.core.objective import Training
from evonas.core.split import Split
from evonas.core.stop import Stop
from evonas.core.stopping import StoppingRule
from evonas.trainers._descent import descend
from evonas.trainers._recipe import Recipe
from evonas.trainers.joint_trainer import JointTrainer
from evonas.trainers.trainer import NO_SETTINGS

if TYPE_CHECKING:
    from torch import nn


class RecipeTrainer(JointTrainer):
    """Trains by a recipe, which architectures' settings may change: one network, or several packed into one program."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.epochs = recipe.epochs
        self.device = str(recipe.torch_device())

    @final
    def train(
        self,
        model: nn.Module,
        train: Split,
        validation: Split,
        seed: int,
        settings: Mapping[str, float] = NO_SETTINGS,
        stopping: StoppingRule | None = None,
    ) -> Training | Failure | Stop:
        return descend(model, train, validation, self.recipe.changed(settings), seed, stopping)

    @final
    def train_together(
        self,
        models: Sequence[nn.Module],
        train: Split,
        validation: Split,
        seeds: Sequence[int],
        settings: Sequence[Mapping[str, float]],
        stopping: Sequence[StoppingRule | None] = (),
    ) -> Iterator[tuple[int, Training | Failure | Stop]]:
        from evonas.trainers._packed_descent import descend_together

        recipes = [self.recipe.changed(own) for own in settings]
        return descend_together(models, train, validation, recipes, seeds, stopping)
