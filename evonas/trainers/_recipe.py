"""How one network is trained: everything that the descent is told."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Integral
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

OPTIMISERS = ("sgd", "adamw")
SCHEDULES = ("one_cycle", "cosine")
PRECISIONS = ("auto", "float32", "bfloat16")
SEARCHED = ("learning_rate", "weight_decay", "epochs", "augmentation")


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one network is trained. See ``Classifier`` for what each setting is; ``title`` is the trainer's in errors."""

    title: str
    epochs: int
    batch_size: int
    learning_rate: float
    momentum: float
    weight_decay: float
    optimiser: str
    schedule: str
    precision: str
    ema: float
    clip: float
    halve_batch: bool
    device: str
    label_smoothing: float = 0.0
    mixup: float = 0.0
    crop: int = 0
    flip: bool = False
    cutout: int = 0
    augmentation: float = 1.0

    def __post_init__(self) -> None:
        for name, holds, rule in (
            ("epochs", _is_whole(self.epochs) and self.epochs >= 1, "a whole number of at least 1"),
            (
                "batch_size",
                _is_whole(self.batch_size) and self.batch_size >= 2,
                "a whole number of at least 2, for batch normalisation",
            ),
            ("learning_rate", 0 < self.learning_rate < math.inf, "positive and finite"),
            ("momentum", 0 <= self.momentum < 1, "in [0, 1)"),
            ("weight_decay", 0 <= self.weight_decay < math.inf, "finite and not negative"),
            ("optimiser", self.optimiser in OPTIMISERS, f"one of {', '.join(OPTIMISERS)}"),
            ("schedule", self.schedule in SCHEDULES, f"one of {', '.join(SCHEDULES)}"),
            ("precision", self.precision in PRECISIONS, f"one of {', '.join(PRECISIONS)}"),
            ("ema", 0 <= self.ema < 1, "in [0, 1)"),
            ("clip", 0 <= self.clip < math.inf, "finite and not negative"),
            ("label_smoothing", 0 <= self.label_smoothing < 1, "in [0, 1)"),
            ("mixup", 0 <= self.mixup < math.inf, "finite and not negative"),
            ("crop", _is_whole(self.crop) and self.crop >= 0, "a whole number of pixels, 0 for none"),
            ("cutout", _is_whole(self.cutout) and self.cutout >= 0, "a whole number of pixels, 0 for none"),
            ("augmentation", 0 <= self.augmentation <= 1, "a share of the examples, in [0, 1]"),
        ):
            if not holds:
                raise ValueError(f"{self.title}: {name} must be {rule}; got {getattr(self, name)}")
        self.torch_device()

    @property
    def augments(self) -> bool:
        """Whether there is something to augment images by."""
        return bool(self.crop or self.flip or self.cutout)

    def changed(self, settings: Mapping[str, float]) -> Recipe:
        """The recipe with an architecture's own settings; those of the space are left out.

        Raises:
            ValueError: A setting breaks its rule, or would change nothing.
        """
        own: dict[str, float] = {name: value for name, value in settings.items() if name in SEARCHED}
        if not own:
            return self
        if "augmentation" in own and not self.augments:
            raise ValueError(
                f"{self.title}: the architecture sets augmentation={own['augmentation']:g}, the share of examples that "
                "are augmented, but nothing is: give the trainer crop, flip or cutout, or search no augmentation"
            )
        if "epochs" in own and float(own["epochs"]).is_integer():
            own["epochs"] = int(own["epochs"])
        return replace(self, **own)  # type: ignore[arg-type]

    def torch_device(self) -> torch.device:
        """The device; a GPU with its number, as the tensors on it tell theirs.

        Raises:
            ValueError: There is none of that name on this machine.
        """
        import torch

        if self.device == "auto":
            return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")
        try:
            device = torch.device(self.device)
        except (RuntimeError, TypeError) as error:
            raise ValueError(
                f"{self.title}: device must be 'auto' or a torch device such as 'cpu' or 'cuda:0'; got {self.device!r}"
            ) from error
        count = torch.cuda.device_count()
        if device.type == "cuda" and (device.index or 0) >= count:
            raise ValueError(
                f"{self.title}: device must exist on this machine, which has {count} CUDA devices; "
                f"got {self.device!r}: take 'auto' or 'cpu'"
            )
        return torch.device("cuda", device.index or 0) if device.type == "cuda" else device

    def is_half(self, device: torch.device) -> bool:
        """Whether forward passes run in bfloat16: asked for, or on a GPU that has it."""
        import torch

        if self.precision == "auto":
            return device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
        return self.precision == "bfloat16"


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral)  # numpy's integers, too
