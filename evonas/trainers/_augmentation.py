"""Random changes of training images, made on the device that holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evonas.trainers._recipe import Recipe

if TYPE_CHECKING:
    from torch import Tensor

DRAWN = 6
"""Random numbers that are drawn for an image."""


def augmented(images: Tensor, uniforms: Tensor, recipe: Recipe) -> Tensor:
    """Crops, flips and cuts out, each image by its own draws and all of them at once.

    What leaves the image is 0, which in standardised pixels is the mean.

    Source: DeVries and Taylor 2017 (arXiv:1708.04552) for cutout.

    Args:
        images: ``(n, channels, height, width)``; comes out channels last where something was moved.
        uniforms: Drawn from [0, 1): ``(DRAWN, n)``.
        recipe: Says what is done, and to which share of the images, ``augmentation``.

    Raises:
        ValueError: They are no images.
    """
    import torch
    from torch.nn.functional import pad

    if images.ndim != 4:
        raise ValueError(
            f"crop, flip and cutout are for images; inputs are of shape {tuple(images.shape[1:])}: leave them out"
        )
    n, _, height, width = images.shape
    chosen = uniforms[0] < recipe.augmentation
    rows = torch.arange(height, device=images.device).expand(n, height)
    columns = torch.arange(width, device=images.device).expand(n, width)
    if recipe.flip:
        columns = torch.where(((uniforms[1] < 0.5) & chosen)[:, None], width - 1 - columns, columns)
    if recipe.crop:
        margin = recipe.crop
        rows = rows + torch.where(chosen, _whole(uniforms[2], 2 * margin + 1), margin)[:, None]
        columns = columns + torch.where(chosen, _whole(uniforms[3], 2 * margin + 1), margin)[:, None]
        images = pad(images, (margin, margin, margin, margin))
    if recipe.crop or recipe.flip:
        example = torch.arange(n, device=images.device)[:, None, None]
        images = images.permute(0, 2, 3, 1)[example, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
    if recipe.cutout:
        down, along = _band(uniforms[4], height, recipe.cutout), _band(uniforms[5], width, recipe.cutout)
        inside = down[:, :, None] & along[:, None, :] & chosen[:, None, None]
        images = images.masked_fill(inside[:, None], 0.0)
    return images


def _band(uniforms: Tensor, length: int, cutout: int) -> Tensor:
    """For each image which rows (or columns) its cutout covers, ``(n, length)``; cut off at the border."""
    import torch

    start = _whole(uniforms, length)[:, None] - cutout // 2
    place = torch.arange(length, device=uniforms.device)
    return (place >= start) & (place < start + cutout)


def _whole(uniforms: Tensor, below: int) -> Tensor:
    """Whole numbers from 0; the product of a number just under 1 may be rounded up."""
    return (uniforms * below).long().clamp_(max=below - 1)
