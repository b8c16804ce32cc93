"""Digits that look a little like photographs: coloured, and larger."""

from __future__ import annotations

from evonas.datasets._digits_splits import check_arguments, digits
from evonas.datasets.dataset import Dataset, Split, Splits


class ColouredDigits(Dataset):
    """scikit-learn's handwritten digits in 32x32 pixels, each in one random colour on another: nothing is downloaded.

    A stand-in for small photographs where zero-cost proxies see a batch: neighbouring pixels are alike, colours are
    correlated, and examples differ. Digits are enlarged bilinearly; ink and paper are uniform over the colours. The
    splits are those of ``digits``; each channel is standardised by the training split's mean and deviation.

    Args:
        train: Training examples, 100 to 1,597.
        seed: Fixes which example goes to which split, and its colours; below 2**32.

    Raises:
        ValueError: An argument breaks its rule.
    """

    input_shape = (3, 32, 32)
    classes = 10

    def __init__(self, train: int = 600, seed: int = 0) -> None:
        self.train, self.seed = check_arguments("coloured_digits", train, seed)

    def load(self) -> Splits:
        import torch
        from torch.nn import functional

        images, targets, rows = digits(self.train, self.seed)
        ink = functional.interpolate(images / 16, size=self.input_shape[1:], mode="bilinear", align_corners=False)
        generator = torch.Generator().manual_seed(self.seed)
        colours, papers = torch.rand((2, len(images), 3, 1, 1), generator=generator)
        inputs = papers + ink * (colours - papers)
        train = inputs[rows[0]]
        inputs = (inputs - train.mean(dim=(0, 2, 3), keepdim=True)) / train.std(dim=(0, 2, 3), keepdim=True)
        return Splits(*(Split(inputs[split], targets[split]) for split in rows))
