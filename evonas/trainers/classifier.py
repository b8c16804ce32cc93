"""Trains classifiers of images, tables and text."""

from __future__ import annotations

from typing import Literal

from evonas.trainers._recipe import Recipe
from evonas.trainers._recipe_trainer import RecipeTrainer


class Classifier(RecipeTrainer):
    """Stochastic gradient descent on cross-entropy: of images, tables, and the next token of a text.

    Every number of epochs has its own full schedule: a long schedule read early ranks candidates far worse than a short
    schedule read at its end. Data stay resident on the device where they fit, uint8 pixels as they are; images are laid
    out channels last, and augmented there a batch at a time. For language, ``optimiser: adamw``, a ``learning_rate``
    of about 1e-3 and ``clip: 1`` are usual.

    Sources: Smith and Topin, "Super-Convergence", 2019, for the one-cycle schedule; Loshchilov and Hutter, ICLR 2017
    and 2019, for cosine and AdamW; Szegedy et al., CVPR 2016, for label smoothing.

    Args:
        epochs: At least 1.
        batch_size: Examples a step, at least 2; a last batch that is smaller is left out of the epoch.
        learning_rate: Peak of the schedule.
        momentum: Nesterov momentum in [0, 1), the same throughout the schedule; AdamW's first beta.
        weight_decay: Not negative.
        device: ``"auto"`` (CUDA where there is one), or a torch device such as ``"cpu"`` or ``"cuda:0"``.
        optimiser: ``sgd`` or ``adamw``, both fused.
        schedule: ``one_cycle``: up over 30 % of the steps, then down to nothing; ``cosine``: down from the first step.
        label_smoothing: In [0, 1); the validation loss is without it.
        mixup: Parameter of the Beta distribution; 0 for none.
        crop: Pixels that an image is shifted by at most, each way; 0 for none.
        flip: Whether every second image is mirrored.
        cutout: Side in pixels of the square that is taken out of an image; 0 for none.
        augmentation: Share of the examples that crop, flip and cutout apply to, in [0, 1].
        ema: Decay a step of the moving average of the weights that is measured in their place; 0 for none.
        clip: Norm that gradients are cut to; 0 for any.
        precision: ``bfloat16`` (autocast) or ``float32``; ``auto`` is the former on GPUs that have it.
        halve_batch: Whether to start anew with half the batch size where memory runs out; else that is a failure.

    Raises:
        ValueError: An argument breaks its rule.
    """

    def __init__(
        self,
        epochs: int = 15,
        batch_size: int = 64,
        learning_rate: float = 0.1,
        momentum: float = 0.9,
        weight_decay: float = 5e-4,
        device: str = "auto",
        optimiser: Literal["sgd", "adamw"] = "sgd",
        schedule: Literal["one_cycle", "cosine"] = "one_cycle",
        label_smoothing: float = 0.0,
        mixup: float = 0.0,
        crop: int = 0,
        flip: bool = False,
        cutout: int = 0,
        augmentation: float = 1.0,
        ema: float = 0.0,
        clip: float = 0.0,
        precision: Literal["auto", "float32", "bfloat16"] = "auto",
        halve_batch: bool = False,
    ) -> None:
        recipe = Recipe(
            title="classifier",
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            momentum=momentum,
            weight_decay=weight_decay,
            device=device,
            optimiser=optimiser,
            schedule=schedule,
            label_smoothing=label_smoothing,
            mixup=mixup,
            crop=crop,
            flip=flip,
            cutout=cutout,
            augmentation=augmentation,
            ema=ema,
            clip=clip,
            precision=precision,
            halve_batch=halve_batch,
        )
        super().__init__(recipe)
