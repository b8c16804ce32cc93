"""Images in folders, one folder a class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from evonas.datasets._arguments import checked_seed, checked_shares, existing, is_whole
from evonas.datasets.dataset import Dataset, Splits
from evonas.datasets.partition import partition, pixel_splits
from evonas.datasets.preparation import Preparation

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")


class ImageFolder(Dataset):
    """Images in folders: ``path/cat/1.png``, ``path/dog/2.jpg``; a folder is a class, classes are sorted by name.

    The splits are stratified by class. Pixels are uint8; all images are held in memory.

    Args:
        path: The folder of the classes' folders; images may stand deeper inside those.
        size: Height and width that images are resized to (bilinear). Without it all must have one size.
        colour: Three channels, or one of grey.
        validation: Share of the images, between 0 and 1.
        test: The same.
        seed: Fixes which image goes to which split; below 2**32.

    Raises:
        ValueError: An argument breaks its rule, or the folder holds fewer than two classes with images.
    """

    def __init__(
        self,
        path: str,
        size: Sequence[int] | None = None,
        colour: bool = True,
        validation: float = 0.2,
        test: float = 0.2,
        seed: int = 0,
    ) -> None:
        if size is not None and (len(size) != 2 or not all(is_whole(side) and side >= 1 for side in size)):
            raise ValueError(f"image_folder: size must be height and width in pixels; got {size!r}")
        self.path = existing("image_folder", path, folder=True)
        self.size = None if size is None else (int(size[0]), int(size[1]))
        self.colour = bool(colour)
        self.validation, self.test = checked_shares("image_folder", validation, test)
        self.seed = checked_seed("image_folder", seed)
        names, files, _ = self._files()
        self.classes = len(names)
        self.input_shape = (3 if colour else 1, *(self.size or self._pixels(files[0]).shape[-2:]))

    def load(self) -> Splits:
        names, files, labels = self._files()
        pixels = np.empty((len(files), *self.input_shape), dtype=np.uint8)
        for place, file in zip(pixels, files, strict=True):
            image = self._pixels(file)
            if image.shape != place.shape:
                height, width = self.input_shape[1:]
                raise ValueError(
                    f"image_folder: all images must have one size; {files[0]} has {height}x{width} pixels, {file} "
                    f"{image.shape[1]}x{image.shape[2]}: resize them with size: [{height}, {width}]"
                )
            place[:] = image
        rows = partition(len(files), self.validation, self.test, self.seed, labels)
        kind = "red, green and blue" if self.colour else "grey"
        sized = "" if self.size is None else ", resized to them (bilinear)"
        said = f"{kind} from 0 to 255, channels first, {self.input_shape[1]}x{self.input_shape[2]} pixels{sized}"
        return pixel_splits(pixels, labels, rows, Preparation(said, output_names=tuple(names)))

    def _files(self) -> tuple[list[str], list[Path], npt.NDArray[np.int64]]:
        """The classes' names; every image and its class, in the order of names."""
        found = {
            folder.name: sorted(file for file in folder.rglob("*") if file.suffix.lower() in SUFFIXES)
            for folder in sorted(Path(self.path).iterdir())
            if folder.is_dir()
        }
        found = {name: files for name, files in found.items() if files}
        if len(found) < 2:
            raise ValueError(
                f"image_folder: {self.path} must hold a folder of images for each of at least two classes; found "
                f"{', '.join(found) or 'none'}. Images are {' '.join(SUFFIXES)}"
            )
        labels = np.repeat(np.arange(len(found)), [len(files) for files in found.values()])
        return list(found), [file for files in found.values() for file in files], labels

    def _pixels(self, file: Path) -> npt.NDArray[np.uint8]:
        """Shape ``(channels, height, width)``."""
        from PIL import Image

        try:
            with Image.open(file) as opened:
                image = opened.convert("RGB" if self.colour else "L")
        except (OSError, SyntaxError, Image.DecompressionBombError) as error:  # Pillow says broken PNG by SyntaxError
            raise ValueError(
                f"image_folder: {file} cannot be read as an image ({error}); repair it or take it out"
            ) from error
        if self.size is not None:
            image = image.resize(self.size[::-1], Image.Resampling.BILINEAR)
        return np.asarray(image, dtype=np.uint8).reshape(*image.size[::-1], -1).transpose(2, 0, 1)
