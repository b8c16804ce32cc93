"""Handwritten digits, bundled with scikit-learn."""

from __future__ import annotations

from evonas.datasets._arguments import checked_seed, is_whole
from evonas.datasets.dataset import Dataset, Split, Splits

EXAMPLES = 1797


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
        if not is_whole(train) or not 100 <= train <= EXAMPLES - 200:
            raise ValueError(
                f"digits: train must be a whole number from 100 to {EXAMPLES - 200}, to leave 200 for the others; "
                f"got {train!r}"
            )
        self.train = int(train)
        self.seed = checked_seed("digits", seed)

    def load(self) -> Splits:
        import torch
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split

        images, labels = load_digits(return_X_y=True)
        train, rest = train_test_split(range(EXAMPLES), train_size=self.train, stratify=labels, random_state=self.seed)
        validation, test = train_test_split(rest, train_size=0.5, stratify=labels[rest], random_state=self.seed)
        inputs = torch.tensor(images, dtype=torch.float32).reshape(-1, *self.input_shape)
        inputs = (inputs - inputs[train].mean()) / inputs[train].std()
        targets = torch.tensor(labels, dtype=torch.int64)
        return Splits(*(Split(inputs[rows], targets[rows]) for rows in (train, validation, test)))
