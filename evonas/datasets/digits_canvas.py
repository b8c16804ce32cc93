"""Handwritten digits shifted about on a noisy canvas, bundled with scikit-learn."""

from __future__ import annotations

import numpy as np

from evonas.datasets._arguments import checked_seed, is_whole
from evonas.datasets.dataset import Dataset, Splits
from evonas.datasets.partition import Partition, pixel_splits

EXAMPLES = 1797
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
        if not is_whole(train) or not 100 <= train <= EXAMPLES - 200:
            raise ValueError(
                f"digits_canvas: train must be a whole number from 100 to {EXAMPLES - 200}, to leave 200 for the "
                f"others; got {train!r}"
            )
        if not 0 <= noise <= 1:
            raise ValueError(f"digits_canvas: noise must be from 0 to 1; got {noise!r}")
        self.train = int(train)
        self.noise = float(noise)
        self.seed = checked_seed("digits_canvas", seed)

    def load(self) -> Splits:
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split

        images, labels = load_digits(return_X_y=True)
        rng = np.random.default_rng(self.seed)
        room = SIDE - 8
        canvases = rng.normal(0.0, self.noise, (EXAMPLES, SIDE, SIDE))
        for canvas, image, (top, left) in zip(
            canvases, images.reshape(-1, 8, 8), rng.integers(room + 1, size=(EXAMPLES, 2)), strict=True
        ):
            canvas[top : top + 8, left : left + 8] += image / INKS
        pixels = (canvases.clip(0, 1) * 255).round().astype(np.uint8)[:, None]
        train, rest = train_test_split(
            np.arange(EXAMPLES), train_size=self.train, stratify=labels, random_state=self.seed
        )
        validation, test = train_test_split(rest, train_size=0.5, stratify=labels[rest], random_state=self.seed)
        return pixel_splits(pixels, labels, Partition(train, validation, test))
