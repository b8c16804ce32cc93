"""Reads the official binary archives of CIFAR-10 and CIFAR-100: records of label bytes and 3,072 pixels."""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from evonas.datasets.dataset import Splits
from evonas.datasets.partition import Partition, partition, pixel_splits
from evonas.datasets.preparation import Preparation

PIXELS = 3 * 32 * 32


def cifar_splits(
    title: str, path: str, names: Sequence[str], labels: int, classes: int, validation: float, seed: int
) -> Splits:
    """The splits: the last file is the test split, and of the others a share is held out, stratified by class.

    Args:
        title: The dataset, in errors.
        path: The archive ``.tar.gz``, or the folder that it was extracted to.
        names: Of the files.
        labels: Label bytes before the pixels of a record; the last counts.
        classes: Labels are below it.
        validation: Share of the other files' examples.
        seed: Fixes which.

    Raises:
        ValueError: A file is missing, cut short or holds a label out of range.
    """
    read = _folder(title, Path(path), names) if Path(path).is_dir() else _archive(title, Path(path), names)
    parts = []
    for name, content in zip(names, read, strict=True):
        if not content or len(content) % (labels + PIXELS):
            raise ValueError(
                f"{title}: {name} in {path} has {len(content):,} bytes, no multiple of {labels + PIXELS:,} as its "
                "records are: it is cut short or another file; fetch the archive again"
            )
        part = np.frombuffer(content, dtype=np.uint8).reshape(-1, labels + PIXELS)
        highest = int(part[:, labels - 1].max())
        if highest >= classes:
            raise ValueError(
                f"{title}: {name} in {path} holds the label {highest}, but labels are below {classes}: "
                "it is another file; fetch the archive again"
            )
        parts.append(part)
    tests = len(parts[-1])
    found = np.concatenate(parts)
    answers = found[:, labels - 1].astype(np.int64)
    rows = partition(len(found) - tests, validation, 0.0, seed, answers[:-tests])
    test = np.arange(len(found) - tests, len(found))
    return pixel_splits(
        found[:, labels:].reshape(-1, 3, 32, 32),
        answers,
        Partition(rows.train, rows.validation, test),
        Preparation("red, green and blue from 0 to 255, channels first"),
    )


def _folder(title: str, folder: Path, names: Sequence[str]) -> list[bytes]:
    """The files' contents; they may stand one folder deeper, as the archive has them."""
    found = []
    for name in names:
        places = [folder / name, *sorted(folder.glob(f"*/{name}"))]
        file = next((place for place in places if place.is_file()), None)
        if file is None:
            raise ValueError(
                f"{title}: there is no {name} in {folder}; give the official binary archive, or its extracted folder"
            )
        found.append(file.read_bytes())
    return found


def _archive(title: str, path: Path, names: Sequence[str]) -> list[bytes]:
    contents: dict[str, bytes] = {}
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                name = Path(member.name).name
                file = archive.extractfile(member) if name in names else None
                if file is not None:
                    contents[name] = file.read()
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        told = " ".join(str(error).split())
        raise ValueError(
            f"{title}: {path} cannot be read as an archive ({told}): it is cut short or another file; fetch it again"
        ) from error
    missing = [name for name in names if name not in contents]
    if missing:
        raise ValueError(
            f"{title}: {path} holds no {', '.join(missing)}: it is cut short or not the *binary* version; fetch that"
        )
    return [contents[name] for name in names]
