"""The digits: the whole of scikit-learn's data, split three ways."""

import hashlib
import os
import subprocess
import sys
from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from sklearn.datasets import load_digits

from evonas.datasets.dataset import Split, Splits
from evonas.datasets.digits import Digits


def parts(splits: Splits) -> tuple[Split, Split, Split]:
    return splits.train, splits.validation, splits.test


def raw(splits: Splits) -> list[npt.NDArray[np.float64]]:
    """Pixels 0 to 16 of each split again: over all data the darkest is 0 and the brightest 16."""
    everything = torch.cat([split.inputs for split in parts(splits)]).double()
    low, high = everything.min(), everything.max()
    found = [((split.inputs.double() - low) / (high - low) * 16).numpy() for split in parts(splits)]
    for pixels in found:
        assert np.abs(pixels - pixels.round()).max() < 1e-4
    return [pixels.round() for pixels in found]


def multiset(pixels: npt.NDArray[np.float64], labels: npt.NDArray[np.int64]) -> Counter[Any]:
    return Counter((image.astype(np.uint8).tobytes(), int(label)) for image, label in zip(pixels, labels, strict=True))


@pytest.mark.parametrize("arguments", [{}, {"train": 100}, {"train": 1597}, {"train": 901, "seed": 3}])
def test_the_splits_together_are_the_whole_data(arguments: dict[str, int]) -> None:
    images, labels = load_digits(return_X_y=True)
    splits = Digits(**arguments).load()
    together: Counter[Any] = Counter()
    for pixels, split in zip(raw(splits), parts(splits), strict=True):
        together += multiset(pixels, split.targets.numpy())
    assert together == multiset(images, labels)
    train = arguments.get("train", 600)
    assert [len(split) for split in parts(splits)] == [train, (1797 - train) // 2, 1797 - train - (1797 - train) // 2]


@pytest.mark.parametrize("train", [100, 600])
def test_every_split_is_stratified(train: int) -> None:
    _, labels = load_digits(return_X_y=True)
    share = np.bincount(labels) / 1797
    for split in parts(Digits(train).load()):
        counts = np.bincount(split.targets.numpy(), minlength=10)
        assert np.abs(counts - share * len(split)).max() <= 2


def test_pixels_are_standardised_by_the_training_split_alone() -> None:
    splits = Digits(train=200).load()
    said = splits.preparation
    assert said is not None
    for pixels, split in zip(raw(splits), parts(splits), strict=True):
        prepared = (pixels - said.input_mean[0]) / said.input_deviation[0]
        np.testing.assert_allclose(prepared, split.inputs.numpy(), atol=1e-4)
    pixels = raw(splits)
    mean, deviation = pixels[0].mean(), pixels[0].std(ddof=1)
    for split, own in zip(parts(splits), pixels, strict=True):
        np.testing.assert_allclose(split.inputs.numpy(), (own - mean) / deviation, atol=1e-5)
    everything = np.concatenate(pixels)
    assert abs(everything.mean() - mean) > 1e-3, "else this test could not tell them apart"


def test_the_seed_chooses_the_splits() -> None:
    first, again, other = (Digits(seed=seed).load() for seed in (0, 0, 1))
    assert torch.equal(first.test.inputs, again.test.inputs)
    assert not torch.equal(first.test.targets, other.test.targets)
    whole = {image.numpy().tobytes() for image in first.train.inputs}
    assert len(whole) == 600


def digest(splits: Splits) -> str:
    arrays = [array.numpy().tobytes() for split in parts(splits) for array in (split.inputs, split.targets)]
    return hashlib.sha256(b"".join(arrays)).hexdigest()


def test_the_same_in_another_process() -> None:
    code = (
        "import hashlib; from evonas.datasets.digits import Digits; s = Digits(300, seed=5).load();"
        "parts = [a.numpy().tobytes() for t in (s.train, s.validation, s.test) for a in (t.inputs, t.targets)];"
        "print(hashlib.sha256(b''.join(parts)).hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "99"}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert run.stdout.strip() == digest(Digits(300, seed=5).load())


@pytest.mark.parametrize("train", [99, 1598, 0, -600, 600.0, "600", None, float("nan")])
def test_train_must_leave_something_for_the_others(train: Any) -> None:
    with pytest.raises(
        ValueError, match=r"digits: train must be a whole number from 100 to 1597, to leave 200 .*; got"
    ):
        Digits(train=train)


@pytest.mark.parametrize("seed", [-1, 2**32, 0.5, "0", None])
def test_a_seed_is_a_whole_number(seed: Any) -> None:
    with pytest.raises(ValueError, match=r"digits: seed must be a whole number from 0 to 2\*\*32 - 1; got "):
        Digits(seed=seed)


def test_numpys_integers_are_whole_numbers() -> None:
    dataset = Digits(np.int64(150), np.int64(2**32 - 1))  # type: ignore[arg-type]
    assert len(dataset.load().train) == 150
    assert (type(dataset.train), type(dataset.seed)) == (int, int)
