"""Coloured digits: the bundled digits, enlarged and in two colours each."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest
import torch
from scipy.ndimage import map_coordinates

from evonas.datasets.coloured_digits import ColouredDigits
from evonas.datasets.dataset import Splits
from evonas.datasets.digits import Digits


@pytest.fixture(scope="module")
def splits() -> Splits:
    return ColouredDigits(train=200, seed=5).load()


def grey(image: torch.Tensor) -> np.ndarray:
    """An image's one varying direction in colour space, from 0 to 1 or from 1 to 0."""
    pixels = image.reshape(3, -1).double().numpy()
    channel = pixels[np.ptp(pixels, axis=1).argmax()]
    return ((channel - channel.min()) / np.ptp(channel)).reshape(32, 32)


def test_each_image_is_its_digit_enlarged_bilinearly(splits: Splits) -> None:
    plain = Digits(train=200, seed=5).load()
    centres = (np.arange(32) + 0.5) / 4 - 0.5
    places = np.stack(np.meshgrid(centres, centres, indexing="ij"))
    for own, original in ((splits.train, plain.train), (splits.test, plain.test)):
        assert torch.equal(own.targets, original.targets)
        for image, digit in zip(own.inputs[:20], original.inputs[:20], strict=True):
            enlarged = map_coordinates(digit[0].double().numpy(), places, order=1, mode="nearest")
            enlarged = (enlarged - enlarged.min()) / np.ptp(enlarged)
            found = grey(image)
            assert min(np.abs(found - enlarged).max(), np.abs(1 - found - enlarged).max()) < 1e-3


def test_an_image_has_two_colours_and_what_lies_between_them(splits: Splits) -> None:
    for image in splits.train.inputs[:20]:
        pixels = image.reshape(3, -1).double().numpy()
        sizes = np.linalg.svd(pixels - pixels.mean(axis=1, keepdims=True), compute_uv=False)
        assert sizes[1] < 1e-4 * sizes[0]


def test_colours_differ_between_images_and_say_nothing_of_the_class(splits: Splits) -> None:
    corners = splits.train.inputs[:, :, 0, 0].double()
    assert len({tuple(corner.tolist()) for corner in corners}) == len(corners)
    digits = splits.train.targets
    means = torch.stack([corners[digits == digit].mean(dim=0) for digit in range(10)])
    assert float((means - corners.mean(dim=0)).abs().max()) < 0.9, "about 20 images a class, deviation 1"


def test_the_seed_fixes_the_colours_in_every_process(splits: Splits) -> None:
    code = (
        "import hashlib; from evonas.datasets.coloured_digits import ColouredDigits;"
        "print(hashlib.sha256(ColouredDigits(200, 5).load().train.inputs.numpy().tobytes()).hexdigest())"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == hashlib.sha256(splits.train.inputs.numpy().tobytes()).hexdigest()
    assert not torch.equal(ColouredDigits(200, 6).load().train.inputs, splits.train.inputs)


def test_bad_arguments_name_the_dataset() -> None:
    with pytest.raises(ValueError, match=r"coloured_digits: train must be a whole number from 100 to 1597"):
        ColouredDigits(train=50)
    with pytest.raises(ValueError, match=r"coloured_digits: seed must be a whole number from 0"):
        ColouredDigits(seed=-1)
