"""Handwritten digits shifted about on a noisy canvas, bundled with scikit-learn."""

from __future__ import annotations

import numpy as np

from evonas.datasets._digit_images import EXAMPLES, checked, digit_images, digit_partition
from evonas.datasets.dataset import Dataset, Splits
from evonas.datasets.partition import pixel_splits
from evonas.datasets.preparation import Preparation

SIDE = 12
INKS = 16  # the darkest pixel of the digits


class DigitsCanvas(Dataset):
    """The 1,797 digits, each at a random place of a canvas of 12x12 pixels, with noise: harder than ``digits``.

    Every digit is drawn once, at a place and with noise that the seed fixes. The splits are stratified and disjoint as
    those of ``digits`` are. Pixels are uint8.

    Source: Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998; moved
    about in the way of cluttered MNIST (Mnih et al., NeurIPS 2014).

    Args:
        train: Training examples, 100 to 1,597.
        noise: Standard deviation of the normal noise on each pixel, in shares of full ink, 0 to 1.
        seed: Fixes the canvases and which goes to which split; below 2**32.

    Raises:
        ValueError: An argument breaks its rule.
    """

    input_shape = (1, SIDE, SIDE)
    classes = 10

    def __init__(self, train: int = 600, noise: float = 0.2, seed: int = 0) -> None:
        if not 0 <= noise <= 1:
            raise ValueError(f"digits_canvas: noise must be from 0 to 1; got {noise!r}")
        self.train, self.seed = checked("digits_canvas", train, seed)
        self.noise = float(noise)

    def load(self) -> Splits:
        digits, targets = digit_images()
        images, labels = digits[:, 0].double().numpy(), targets.numpy()
        rng = np.random.default_rng(self.seed)
        room = SIDE - 8
        canvases = rng.normal(0.0, self.noise, (EXAMPLES, SIDE, SIDE))
        for canvas, image, (top, left) in zip(
            canvases, images, rng.integers(room + 1, size=(EXAMPLES, 2)), strict=True
        ):
            canvas[top : top + 8, left : left + 8] += image / INKS
        pixels = (canvases.clip(0, 1) * 255).round().astype(np.uint8)[:, None]
        rows = digit_partition(labels, self.train, self.seed)
        return pixel_splits(pixels, labels, rows, Preparation("ink from 0 to 255"))
