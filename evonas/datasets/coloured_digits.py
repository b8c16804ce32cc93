"""Handwritten digits in colour, at the size of small photographs."""

from __future__ import annotations

from evonas.datasets._digit_images import checked, digit_images, stratified
from evonas.datasets.dataset import Dataset, Splits

SIDE = 32


class ColouredDigits(Dataset):
    """The bundled digits at 32x32 pixels, each in two random colours: a stand-in for photographs, without a download.

    Each image is enlarged bilinearly from 8x8 (corners not aligned), and each pixel is mixed of a background and a
    foreground colour by its ink. Both colours are drawn per image, evenly over red, green and blue from 0 to 1, so
    that colour says nothing about the class. Splits and standardisation, over all three channels, are those of
    ``digits``: with the same arguments the same images are in the same splits.

    Made for zero-cost proxies, which rank networks on a batch of it much as on a batch of photographs.

    Source: Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998.

    Args:
        train: Training examples, 100 to 1,597.
        seed: Fixes the colours, and which example goes to which split; below 2**32.

    Raises:
        ValueError: An argument breaks its rule.
    """

    input_shape = (3, SIDE, SIDE)
    classes = 10

    def __init__(self, train: int = 600, seed: int = 0) -> None:
        self.train, self.seed = checked("coloured_digits", train, seed)

    def load(self) -> Splits:
        import numpy as np
        import torch
        from torch.nn.functional import interpolate

        images, labels = digit_images()
        strength = interpolate(images / 16, size=(SIDE, SIDE), mode="bilinear", align_corners=False)
        drawn = np.random.default_rng(self.seed).random((2, len(images), 3, 1, 1), dtype=np.float32)
        background, foreground = torch.from_numpy(drawn)
        colours = torch.lerp(background, foreground, strength)
        return stratified(colours, labels, self.train, self.seed, "red, green and blue from 0 to 1, channels first")
