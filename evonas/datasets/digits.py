"""Handwritten digits, bundled with scikit-learn."""

from __future__ import annotations

from evonas.datasets._digit_images import checked, digit_images, stratified
from evonas.datasets.dataset import Dataset, Splits


class Digits(Dataset):
    """1,797 handwritten digits of 8x8 pixels, bundled with scikit-learn: nothing is downloaded.

    The splits are stratified by class and disjoint: ``train`` examples to train, and half of the rest each to validate
    and to test. Pixels are standardised by the training split's mean and deviation.

    Source: Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998.

    Args:
        train: Training examples, 100 to 1,597.
        seed: Fixes which example goes to which split; below 2**32.

    Raises:
        ValueError: An argument breaks its rule.
    """

    input_shape = (1, 8, 8)
    classes = 10

    def __init__(self, train: int = 600, seed: int = 0) -> None:
        self.train, self.seed = checked("digits", train, seed)

    def load(self) -> Splits:
        return stratified(*digit_images(), self.train, self.seed, "pixels from 0 to 16, as scikit-learn gives them")
