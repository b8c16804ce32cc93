"""Small files in the layouts that datasets read, and a dataset made of each."""

import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from evonas.campaign.reading.rooms import ROOMS
from evonas.datasets.dataset import Dataset
from spaces.discovery import discover

FOUND = discover(ROOMS["dataset"])
CIFAR10 = [*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin"]
CIFAR100 = ["train.bin", "test.bin"]


def cifar_records(rng: np.random.Generator, count: int, classes: int, labels: int) -> bytes:
    """``count`` records; with two label bytes the first is a coarse class, which nobody asks for."""
    fine = (np.arange(count) % classes).astype(np.uint8)
    columns = [fine[:, None] // 5] * (labels - 1) + [fine[:, None], rng.integers(256, size=(count, 3072))]
    return np.concatenate(columns, axis=1).astype(np.uint8).tobytes()


def cifar_archive(folder: Path, name: str, contents: dict[str, bytes]) -> Path:
    path = folder / f"{name}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for file, content in {**contents, "readme.html": b"about"}.items():
            member = tarfile.TarInfo(f"{name}/{file}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def cifar10(folder: Path) -> Path:
    rng = np.random.default_rng(0)
    contents = {name: cifar_records(rng, 20, 10, 1) for name in CIFAR10}
    return cifar_archive(folder, "cifar-10-batches-bin", contents)


def cifar100(folder: Path) -> Path:
    rng = np.random.default_rng(1)
    contents = {name: cifar_records(rng, 200, 100, 2) for name in CIFAR100}
    return cifar_archive(folder, "cifar-100-binary", contents)


def images(folder: Path, sizes: tuple[tuple[int, int], ...] = ((6, 5),)) -> Path:
    """Three classes of ten images, their height and width in turn those of ``sizes``."""
    rng = np.random.default_rng(2)
    for kind in ("ash", "beech", "cedar"):
        (folder / "images" / kind).mkdir(parents=True)
        for number in range(10):
            pixels = rng.integers(256, size=(*sizes[number % len(sizes)], 3)).astype(np.uint8)
            Image.fromarray(pixels).save(folder / "images" / kind / f"{number}.png")
    (folder / "images" / "notes.txt").write_text("about")
    return folder / "images"


def npz(folder: Path, **arrays: Any) -> Path:
    rng = np.random.default_rng(3)
    given = {"inputs": rng.normal(3.0, 2.0, size=(60, 7)), "targets": np.arange(60) % 3, **arrays}
    path = folder / "arrays.npz"
    np.savez(path, **{name: array for name, array in given.items() if array is not None})
    return path


def table_text() -> str:
    rng = np.random.default_rng(4)
    lines = ["length,colour,grade,code,species,weight"]
    for number in range(80):
        length, colour = float(rng.normal(5, 2)), ("red", "green", "blue")[number % 3]
        lines.append(f"{length!r},{colour},{number % 4},{number},s{number % 2},{2 * length!r}")
    return "\n".join(lines)


def table(folder: Path, text: str | None = None) -> Path:
    path = folder / "table.csv"
    path.write_text(table_text() if text is None else text)
    return path


def text(folder: Path, size: int = 3000) -> Path:
    path = folder / "text.txt"
    path.write_bytes(np.random.default_rng(5).integers(97, 123, size=size).astype(np.uint8).tobytes())
    return path


ARGUMENTS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "cifar10": lambda folder: {"path": str(cifar10(folder))},
    "cifar100": lambda folder: {"path": str(cifar100(folder))},
    "image_folder": lambda folder: {"path": str(images(folder))},
    "arrays": lambda folder: {"path": str(npz(folder))},
    "tabular": lambda folder: {"path": str(table(folder)), "target": "species", "ignored": ["code"]},
    "text": lambda folder: {"path": str(text(folder)), "tokens": 20},
}
"""What datasets that read files are given; others are made without arguments."""


def made(name: str, folder: Path) -> Dataset:
    dataset: Dataset = FOUND[name](**ARGUMENTS[name](folder) if name in ARGUMENTS else {})
    return dataset
