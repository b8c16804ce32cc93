"""Trains networks that tell numbers."""

from __future__ import annotations

from typing import Literal

from evonas.trainers._recipe import Recipe
from evonas.trainers._recipe_trainer import RecipeTrainer


class Regressor(RecipeTrainer):
    """AdamW on the squared error, with a full schedule for its number of epochs; for datasets of regressions.

    ``validation_error`` is the root of the mean squared error, in the unit of the dataset's targets: in standard
    deviations where they are standardised, so that telling the mean alone has an error of about 1.

    Source: Loshchilov and Hutter, ICLR 2019.

    Args:
        epochs: At least 1.
        batch_size: Examples a step, at least 2; a last batch that is smaller is left out of the epoch.
        learning_rate: Peak of the schedule.
        weight_decay: Not negative.
        device: ``"auto"`` (CUDA where there is one), or a torch device such as ``"cpu"`` or ``"cuda:0"``.
        schedule: ``one_cycle``: up over 30 % of the steps, then down to nothing; ``cosine``: down from the first step.
        ema: Decay a step of the moving average of the weights that is measured in their place; 0 for none.
        clip: Norm that gradients are cut to; 0 for any.
        precision: ``bfloat16`` (autocast) or ``float32``; ``auto`` is the former on GPUs that have it.
        halve_batch: Whether to start anew with half the batch size where memory runs out; else that is a failure.

    Raises:
        ValueError: An argument breaks its rule.
    """

    regression = True

    def __init__(
        self,
        epochs: int = 30,
        batch_size: int = 64,
        learning_rate: float = 0.003,
        weight_decay: float = 0.01,
        device: str = "auto",
        schedule: Literal["one_cycle", "cosine"] = "one_cycle",
        ema: float = 0.0,
        clip: float = 0.0,
        precision: Literal["auto", "float32", "bfloat16"] = "auto",
        halve_batch: bool = False,
    ) -> None:
        recipe = Recipe(
            title="regressor",
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            momentum=0.9,
            weight_decay=weight_decay,
            device=device,
            optimiser="adamw",
            schedule=schedule,
            ema=ema,
            clip=clip,
            precision=precision,
            halve_batch=halve_batch,
        )
        super().__init__(recipe)
