"""Images: archives, folders and canvases, against what was written there."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from dataset_files import CIFAR10, CIFAR100, cifar10, cifar100, cifar_archive, cifar_records, images
from PIL import Image
from sklearn.datasets import load_digits

from evonas.datasets.cifar10 import Cifar10
from evonas.datasets.cifar100 import Cifar100
from evonas.datasets.dataset import Splits
from evonas.datasets.digits_canvas import DigitsCanvas
from evonas.datasets.image_folder import ImageFolder


def together(splits: Splits) -> set[tuple[bytes, int]]:
    return {
        (image.numpy().tobytes(), int(label))
        for split in (splits.train, splits.validation, splits.test)
        for image, label in zip(split.inputs, split.targets, strict=True)
    }


def test_cifar10_is_the_archives_images_planes_of_red_green_and_blue(tmp_path: Path) -> None:
    contents = {name: cifar_records(np.random.default_rng(7), 20, 10, 1) for name in CIFAR10}
    splits = Cifar10(str(cifar_archive(tmp_path, "cifar-10-batches-bin", contents))).load()
    whole = b"".join(contents.values())
    expected = {(whole[at + 1 : at + 3073], whole[at]) for at in range(0, len(whole), 3073)}
    assert together(splits) == expected
    assert [len(split) for split in (splits.train, splits.test)] == [80, 20]
    assert torch.equal(splits.test.targets, torch.arange(20) % 10)
    assert splits.test.inputs[3, 1, 0, 2] == contents["test_batch.bin"][3 * 3073 + 1 + 1024 + 2]
    assert torch.bincount(splits.validation.targets).tolist() == [2] * 10, "stratified: a fifth of ten each"


def test_cifar100_has_fine_labels(tmp_path: Path) -> None:
    splits = Cifar100(str(cifar100(tmp_path)), validation=0.5).load()
    assert splits.test.targets.tolist() == [number % 100 for number in range(200)]
    assert set(splits.train.targets.tolist()) == set(range(100))
    assert len(splits.train) + len(splits.validation) == 200


def test_an_extracted_folder_is_the_archive(tmp_path: Path) -> None:
    archive = cifar10(tmp_path)
    rng = np.random.default_rng(0)
    folder = tmp_path / "extracted" / "cifar-10-batches-bin"
    folder.mkdir(parents=True)
    for name in CIFAR10:
        (folder / name).write_bytes(cifar_records(rng, 20, 10, 1))
    for place in (folder, folder.parent):
        assert torch.equal(Cifar10(str(place)).load().train.inputs, Cifar10(str(archive)).load().train.inputs)
    (folder / "data_batch_3.bin").unlink()
    with pytest.raises(ValueError, match=r"cifar10: there is no data_batch_3\.bin in .*; give the official binary"):
        Cifar10(str(folder)).load()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda contents: {**contents, "train.bin": contents["train.bin"][:-5]}, r"train\.bin in .* is cut short or"),
        (lambda contents: {**contents, "test.bin": b""}, r"test\.bin in .* has 0 bytes, no multiple of 3,074"),
        (lambda contents: {"train.bin": contents["train.bin"]}, r"holds no test\.bin: .* not the \*binary\* version"),
        (lambda contents: {**contents, "test.bin": b"\x00\x64" * 1537}, r"test\.bin in .* holds the label 100, but"),
    ],
)
def test_archives_that_are_none_are_refused(tmp_path: Path, change: Any, told: str) -> None:
    contents = {name: cifar_records(np.random.default_rng(1), 100, 100, 2) for name in CIFAR100}
    with pytest.raises(ValueError, match=f"cifar100: .*{told}"):
        Cifar100(str(cifar_archive(tmp_path, "cifar-100-binary", change(contents)))).load()


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_an_archive_that_is_cut_short_is_refused(tmp_path: Path, share: float) -> None:
    path = cifar10(tmp_path)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(ValueError, match=r"cifar10: .* cut short or"):
        Cifar10(str(path)).load()


def test_a_folder_of_images_is_its_files(tmp_path: Path) -> None:
    splits = ImageFolder(str(images(tmp_path))).load()
    expected = set()
    for label, kind in enumerate(("ash", "beech", "cedar")):
        for file in (tmp_path / "images" / kind).iterdir():
            with Image.open(file) as image:
                expected.add((np.array(image).transpose(2, 0, 1).tobytes(), label))
    assert together(splits) == expected
    assert len(expected) == 30
    assert sorted(splits.validation.targets.tolist()) == [0, 0, 1, 1, 2, 2]


def test_a_folder_of_images_says_how_pixels_are_standardised_and_what_classes_are(tmp_path: Path) -> None:
    dataset = ImageFolder(str(images(tmp_path)))
    splits = dataset.load()
    said = splits.preparation
    assert said is not None
    assert said.output_names == ("ash", "beech", "cedar")
    pixels = np.asarray(Image.open(tmp_path / "images/beech/3.png"), dtype=np.float64)
    expected = ((pixels - said.input_mean) / said.input_deviation).transpose(2, 0, 1)
    for split in (splits.train, splits.validation, splits.test):
        for image, label in zip(split.ready(split.inputs), split.targets, strict=True):
            if np.allclose(image.numpy(), expected, atol=1e-5):
                assert said.output_names[int(label)] == "beech"
                return
    pytest.fail("the image is in no split")


def test_images_of_mixed_size_are_refused_or_resized(tmp_path: Path) -> None:
    folder = images(tmp_path, sizes=((6, 5), (7, 5)))
    with pytest.raises(ValueError, match=r"one size; .*ash.0\.png has 6x5 pixels, .*1\.png 7x5: .*size: \[6, 5\]"):
        ImageFolder(str(folder)).load()
    resized = ImageFolder(str(folder), size=[4, 3], colour=False)
    assert resized.input_shape == (1, 4, 3)
    assert resized.load().train.inputs.shape[1:] == (1, 4, 3)


def test_folders_without_classes_and_broken_images_are_refused(tmp_path: Path) -> None:
    folder = images(tmp_path)
    with pytest.raises(ValueError, match=r"image_folder: .* at least two classes; found none\. Images are \.png"):
        ImageFolder(str(folder / "ash"))
    with pytest.raises(ValueError, match=r"image_folder: expected a folder, but .*notes\.txt is a file"):
        ImageFolder(str(folder / "notes.txt"))
    with pytest.raises(ValueError, match=r"size must be height and width in pixels; got \[4\]"):
        ImageFolder(str(folder), size=[4])
    broken = folder / "cedar" / "4.png"
    broken.write_bytes(broken.read_bytes()[:60])
    with pytest.raises(ValueError, match=r"image_folder: .*4\.png cannot be read as an image .* take it out"):
        ImageFolder(str(folder)).load()


def test_a_canvas_without_noise_holds_its_digit_somewhere() -> None:
    digits, labels = load_digits(return_X_y=True)
    ink = {(digits[row] / 16 * 255).round().astype(np.uint8).tobytes(): labels[row] for row in range(len(digits))}
    places = set()
    splits = DigitsCanvas(train=1200, noise=0.0).load()
    for image, label in zip(splits.test.inputs[:, 0].numpy(), splits.test.targets.tolist(), strict=True):
        found = [
            (top, left)
            for top in range(5)
            for left in range(5)
            if ink.get(image[top : top + 8, left : left + 8].tobytes()) == label
            and image.sum(dtype=int) == image[top : top + 8, left : left + 8].sum(dtype=int)
        ]
        assert found
        places.add(found[0])
    assert len(places) == 25


def test_a_canvas_is_noisier_where_asked_and_another_by_another_seed() -> None:
    clean, noisy, other = (DigitsCanvas(noise=noise, seed=seed).load() for noise, seed in ((0, 0), (0.2, 0), (0.2, 1)))
    difference = noisy.train.inputs.float() - clean.train.inputs.float()
    inside = (clean.train.inputs > 64) & (clean.train.inputs < 192)
    assert float(difference[inside].std()) == pytest.approx(0.2 * 255, rel=0.1)
    assert not torch.equal(noisy.train.inputs, other.train.inputs)
    with pytest.raises(ValueError, match="digits_canvas: noise must be from 0 to 1; got 2"):
        DigitsCanvas(noise=2)
    with pytest.raises(ValueError, match="digits_canvas: train must be a whole number from 100 to 1597"):
        DigitsCanvas(train=1700)
