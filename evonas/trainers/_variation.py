"""Random changes of training batches, drawn and made on the device that holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evonas.trainers._recipe import Recipe

if TYPE_CHECKING:
    import torch
    from torch import Tensor

STREAM = 0x9E3779B9  # another stream than the order of the batches, which has the same seed


class Variation:
    """Augments images and mixes examples, as a recipe asks for.

    Crop, flip and cutout are drawn for each example of a batch and made for all at once. What leaves the image is 0,
    which in standardised pixels is the mean.

    Sources: DeVries and Taylor 2017 (arXiv:1708.04552) for cutout, Zhang et al., ICLR 2018 for mixup.

    Args:
        recipe: Says what.
        seed: Fixes all draws.
        device: Of the batches.
    """

    def __init__(self, recipe: Recipe, seed: int, device: torch.device) -> None:
        import torch

        self.recipe = recipe
        self.rng = np.random.default_rng([seed, STREAM])
        self.generator = torch.Generator(device).manual_seed(seed ^ STREAM)
        self.augments = recipe.augments and recipe.augmentation > 0

    def augmented(self, images: Tensor) -> Tensor:
        """Images ``(batch, channels, height, width)``, channels last; the share ``augmentation`` of them changed.

        Raises:
            ValueError: They are no images.
        """
        import torch
        from torch.nn.functional import pad

        if images.ndim != 4:
            raise ValueError(
                f"crop, flip and cutout are for images; inputs are of shape {tuple(images.shape[1:])}: leave them out"
            )
        batch, _, height, width = images.shape
        chosen = self._uniform(batch) < self.recipe.augmentation
        rows = torch.arange(height, device=images.device).expand(batch, height)
        columns = torch.arange(width, device=images.device).expand(batch, width)
        if self.recipe.flip:
            flipped = ((self._uniform(batch) < 0.5) & chosen)[:, None]
            columns = torch.where(flipped, width - 1 - columns, columns)
        if self.recipe.crop:
            margin = self.recipe.crop
            rows = rows + torch.where(chosen, self._whole(2 * margin + 1, batch), margin)[:, None]
            columns = columns + torch.where(chosen, self._whole(2 * margin + 1, batch), margin)[:, None]
            images = pad(images, (margin, margin, margin, margin))
        if self.recipe.crop or self.recipe.flip:
            example = torch.arange(batch, device=images.device)[:, None, None]
            images = images.permute(0, 2, 3, 1)[example, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
        if self.recipe.cutout:
            inside = self._band(height, batch)[:, :, None] & self._band(width, batch)[:, None, :]
            images = images.masked_fill((inside & chosen[:, None, None])[:, None], 0.0)
        return images

    def mixture(self, count: int) -> tuple[float, Tensor]:
        """Weight of a batch's own examples, drawn from Beta(mixup, mixup), and the rows of those mixed in."""
        import torch

        weight = float(self.rng.beta(self.recipe.mixup, self.recipe.mixup))
        return weight, torch.randperm(count, generator=self.generator, device=self.generator.device)

    def _band(self, length: int, batch: int) -> Tensor:
        """For each example which rows (or columns) its cutout covers, ``(batch, length)``; cut off at the border."""
        import torch

        centre = self._whole(length, batch)[:, None]
        start = centre - self.recipe.cutout // 2
        place = torch.arange(length, device=centre.device)
        return (place >= start) & (place < start + self.recipe.cutout)

    def _uniform(self, count: int) -> Tensor:
        import torch

        return torch.rand(count, generator=self.generator, device=self.generator.device)

    def _whole(self, below: int, count: int) -> Tensor:
        import torch

        return torch.randint(below, (count,), generator=self.generator, device=self.generator.device)
