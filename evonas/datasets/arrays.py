"""numpy arrays in files."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from evonas.datasets._arguments import checked_seed, checked_shares, existing
from evonas.datasets.dataset import Dataset, Splits
from evonas.datasets.partition import floats, partition, pixel_splits, standardised, tensors
from evonas.datasets.preparation import Preparation


class Arrays(Dataset):
    """numpy arrays: an ``.npz`` file that holds ``inputs`` and ``targets``, or a ``.npy`` file of each; no pickles.

    Inputs ``(n, ...)`` are numbers; those of type uint8 with three axes an example, ``(channels, height, width)``, stay
    uint8, others become float32; both are standardised by channel (their second axis) by the training split.
    Targets are whole numbers ``(n,)``, which are classes from 0 on, or floating numbers ``(n,)`` or ``(n, k)``, which
    are a regression's and standardised by the training split: errors are in standard deviations.

    Args:
        path: The ``.npz`` file; or leave it out and give the two others.
        inputs: A ``.npy`` file.
        targets: A ``.npy`` file.
        validation: Share of the examples, between 0 and 1.
        test: The same.
        seed: Fixes which example goes to which split; below 2**32.

    Raises:
        ValueError: An argument breaks its rule, or files or arrays are missing or of the wrong kind.
    """

    def __init__(
        self,
        path: str | None = None,
        inputs: str | None = None,
        targets: str | None = None,
        validation: float = 0.2,
        test: float = 0.2,
        seed: int = 0,
    ) -> None:
        if (path is None) == (inputs is None and targets is None) or (inputs is None) != (targets is None):
            raise ValueError("arrays: give path, an .npz file, or inputs and targets, two .npy files")
        if path is not None and str(path).endswith(".npy"):
            raise ValueError(
                f"arrays: path is an .npz file of both; give {path} as inputs or targets, and the other, too"
            )
        given = {"path": path, "inputs": inputs, "targets": targets}
        self.files = {name: existing("arrays", file, folder=False) for name, file in given.items() if file is not None}
        self.validation, self.test = checked_shares("arrays", validation, test)
        self.seed = checked_seed("arrays", seed)
        shape, kind = self._header("inputs")
        answers = self._read("targets")
        if len(shape) < 2 or kind.kind not in "uif" or 0 in shape:
            raise ValueError(f"arrays: inputs must be numbers of shape (n, ...); got {kind} of shape {shape}")
        if len(answers) != shape[0]:
            raise ValueError(f"arrays: inputs and targets must be equally many; got {shape[0]:,} and {len(answers):,}")
        self.input_shape = tuple(shape[1:])
        self.regression = answers.dtype.kind == "f"
        if answers.dtype.kind not in "uif" or answers.ndim > (2 if self.regression else 1):
            raise ValueError(
                "arrays: targets must be whole numbers of shape (n,) or floating ones of shape (n,) or (n, k); "
                f"got {answers.dtype} of shape {answers.shape}"
            )
        if not self.regression and answers.min() < 0:
            raise ValueError(f"arrays: classes are numbered from 0; targets hold {answers.min()}")
        self.classes = (answers.shape[1] if answers.ndim == 2 else 1) if self.regression else int(answers.max()) + 1

    def load(self) -> Splits:
        inputs, targets = self._read("inputs"), self._read("targets")
        rows = partition(
            len(inputs), self.validation, self.test, self.seed, None if self.regression else targets.astype(np.int64)
        )
        said = Preparation("numbers as in the array of inputs")
        if self.regression:
            targets, mean, deviation = standardised(targets.reshape(len(targets), self.classes), rows.train)
            said = replace(said, output_mean=floats(mean), output_deviation=floats(deviation))
        if inputs.dtype == np.uint8 and inputs.ndim == 4:
            return pixel_splits(inputs, targets, rows, said)
        inputs, mean, deviation = standardised(inputs, rows.train)
        said = replace(said, input_mean=floats(mean), input_deviation=floats(deviation))
        return tensors(inputs, targets if self.regression else targets.astype("i8"), rows, said)

    def _header(self, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
        """Shape and type of an array, without reading all of it."""
        if name in self.files:
            array = self._opened(lambda: np.load(self.files[name], mmap_mode="r", allow_pickle=False), name)
            return array.shape, array.dtype

        def header() -> tuple[tuple[int, ...], np.dtype[Any]]:
            with zipfile.ZipFile(self.files["path"]) as archive, archive.open(f"{name}.npy") as file:
                version = np.lib.format.read_magic(file)
                read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
                shape, _, kind = read(file)
                return shape, kind

        found: tuple[tuple[int, ...], np.dtype[Any]] = self._opened(header, name)
        return found

    def _read(self, name: str) -> npt.NDArray[Any]:
        file = self.files.get(name)

        def read() -> Any:
            if file is not None:
                return np.load(file, allow_pickle=False)
            with np.load(self.files["path"], allow_pickle=False) as arrays:
                return arrays[name]

        found: npt.NDArray[Any] = self._opened(read, name)
        return found

    def _opened(self, read: Any, name: str) -> Any:
        file = self.files.get(name, self.files.get("path"))
        try:
            return read()
        except KeyError as error:
            raise ValueError(
                f"arrays: {file} holds no array {name!r}; save it with np.savez(..., {name}=...)"
            ) from error
        except (OSError, EOFError, ValueError, TypeError, AttributeError, zipfile.BadZipFile) as error:
            raise ValueError(
                f"arrays: {Path(str(file)).name} cannot be read as numpy's file of {name} ({error}); arrays of Python "
                "objects are not read, and a file that is cut short must be saved again"
            ) from error
