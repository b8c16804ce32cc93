"""CIFAR-100, from the official binary archive."""

from __future__ import annotations

from evonas.datasets._arguments import checked_seed, checked_share, existing
from evonas.datasets._cifar import cifar_splits
from evonas.datasets.dataset import Dataset, Splits

FILES = ("train.bin", "test.bin")


class Cifar100(Dataset):
    """CIFAR-100 from its official binary archive: 60,000 photographs of a hundred kinds. Nothing is downloaded.

    The official test file is the test split. The validation split is drawn from the training examples, stratified by
    class. Pixels are uint8.

    Source: Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009.

    Args:
        path: The archive ``cifar-100-binary.tar.gz``, or the folder that it was extracted to.
        validation: Share of the training examples that is held out, between 0 and 1.
        seed: Fixes which; below 2**32.

    Raises:
        ValueError: An argument breaks its rule, or there is nothing at ``path``.
    """

    input_shape = (3, 32, 32)
    classes = 100

    def __init__(self, path: str, validation: float = 0.2, seed: int = 0) -> None:
        self.path = existing("cifar100", path)
        self.validation = checked_share("cifar100", "validation", validation)
        self.seed = checked_seed("cifar100", seed)

    def load(self) -> Splits:
        return cifar_splits("cifar100", self.path, FILES, 2, self.classes, self.validation, self.seed)
