"""The batches of trainings: which examples, in which order, and how they are changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evonas.core.split import Split
from evonas.trainers._augmentation import DRAWN, augmented
from evonas.trainers._recipe import Recipe

if TYPE_CHECKING:
    import torch
    from torch import Tensor

STREAM = 0x9E3779B9  # another stream than the order of the batches, which has the same seed


@dataclass(frozen=True, slots=True)
class Batch:
    """What K trainings take their next step on, each on its own.

    Attributes:
        inputs: ``(K, size, *input_shape)``, ready for a network.
        targets: ``(K, size, ...)``.
        mixed: Of the examples that are mixed in, the targets, and each training's weight ``(K,)`` of its own examples;
            None without mixup.
    """

    inputs: Tensor
    targets: Tensor
    mixed: tuple[Tensor, Tensor] | None

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """All that the loss takes, the first axis of each being the trainings'."""
        return self.inputs, self.targets, *(self.mixed or ())


class Batches:
    """Draws the batches of K trainings, for each what it would be given alone, and makes them together.

    Everything random is drawn once an epoch, so that a step on a GPU neither waits for the host nor copies from it.

    Source: Zhang et al., ICLR 2018, for mixup.

    Args:
        train: To train on; where its inputs are not on the device, they are streamed to it.
        recipe: Says how large a batch is, and how it is changed.
        seeds: Each training's own, which fix all of its draws.
        device: To train on.
    """

    def __init__(self, train: Split, recipe: Recipe, seeds: Sequence[int], device: torch.device) -> None:
        import torch

        if recipe.mixup and not train.ready(train.inputs[:1].to(device)).is_floating_point():
            raise ValueError("mixup mixes numbers, and token ids are none: leave it out")
        self.train = train
        self.recipe = recipe
        self.device = device
        self.size = min(recipe.batch_size, len(train))
        self.steps = len(train) // self.size
        self._orders = [torch.Generator().manual_seed(seed) for seed in seeds]
        self._changes = [torch.Generator(device).manual_seed(seed ^ STREAM) for seed in seeds]
        self._weights = [np.random.default_rng([seed, STREAM]) for seed in seeds]

    def keep(self, places: Sequence[int]) -> None:
        """Goes on with some of the trainings."""
        self._orders = [self._orders[place] for place in places]
        self._changes = [self._changes[place] for place in places]
        self._weights = [self._weights[place] for place in places]

    def epoch(self) -> Iterator[Batch]:
        """The batches of the next epoch; what does not fill a batch is left out."""
        import torch

        count = len(self._orders)
        whole = self.steps * self.size
        shuffled = [torch.randperm(len(self.train), generator=order)[:whole] for order in self._orders]
        rows = self._by_step(torch.stack(shuffled)[:, None]).flatten(1).to(self.train.inputs.device)
        uniforms = weights = partners = None
        if self.recipe.augments and self.recipe.augmentation > 0:
            uniforms = self._by_step(self._drawn(DRAWN)).transpose(1, 2).flatten(2)
        if self.recipe.mixup:
            alpha = self.recipe.mixup
            drawn = np.stack([rng.beta(alpha, alpha, self.steps) for rng in self._weights], axis=1)
            weights = torch.from_numpy(drawn).to(self.device)
            partners = self._by_step(self._drawn(1))[:, :, 0].argsort(dim=2)
        for step in range(self.steps):
            inputs, targets = self._taken(rows[step])
            if uniforms is not None:
                inputs = augmented(inputs, uniforms[step], self.recipe)
            inputs, targets = (torch.unflatten(each, 0, (count, self.size)) for each in (inputs, targets))
            mixed = None
            if weights is not None and partners is not None:
                of, others = torch.arange(count, device=self.device)[:, None], partners[step]
                weight = weights[step].to(inputs.dtype)
                shares = (1 - weight).view(-1, *[1] * (inputs.ndim - 1))
                inputs, mixed = inputs.lerp(inputs[of, others], shares), (targets[of, others], weight)
            yield Batch(inputs, targets, mixed)

    def _drawn(self, numbers: int) -> Tensor:
        """Uniform numbers ``(K, numbers, examples of an epoch)``, each training's by its own generator."""
        import torch

        shape = (numbers, self.steps * self.size)
        return torch.stack([torch.rand(shape, generator=each, device=self.device) for each in self._changes])

    def _by_step(self, drawn: Tensor) -> Tensor:
        """``(K, numbers, examples of an epoch)`` as ``(steps, K, numbers, size)``."""
        return drawn.view(*drawn.shape[:2], self.steps, self.size).permute(2, 0, 1, 3)

    def _taken(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Examples on the device, inputs as a network takes them."""
        inputs, targets = self.train.inputs[rows], self.train.targets[rows]
        if inputs.device != self.device:
            inputs = inputs.pin_memory().to(self.device, non_blocking=True)
            targets = targets.to(self.device, non_blocking=True)
        return self.train.ready(inputs), targets
