"""Reads pickles that hold data, and nothing else."""

from __future__ import annotations

import pickle
import zipfile
from collections import OrderedDict, defaultdict
from pathlib import Path
from typing import IO, Any

import numpy as np

_LEGACY_TORCH = 0x1950A86A20F9469CFC6C  # the first pickle of a file of torch before 1.6


class _NoTensor:
    """Stands where a tensor was; none is needed here, so none is made."""

    def __init__(self, *parts: object) -> None:
        pass

    def __setstate__(self, state: object) -> None:
        pass


def _latin1(text: str, encoding: str) -> bytes:
    """How old protocols write bytes; other encodings are none of theirs."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"bytes are written as latin1 and not as {encoding!r}")
    return text.encode("latin1")


_NUMPY: dict[str, Any] = {
    "scalar": np.float64(0).__reduce__()[0],
    "_reconstruct": np.empty(0).__reduce__()[0],
}
_ALLOWED: dict[tuple[str, str], Any] = {
    **{
        ("builtins", kind.__name__): kind
        for kind in (bool, bytearray, complex, dict, float, int, list, set, str, tuple)
    },
    **{("__builtin__", kind.__name__): kind for kind in (set, list, dict)},
    ("_codecs", "encode"): _latin1,
    ("collections", "OrderedDict"): OrderedDict,
    ("collections", "defaultdict"): defaultdict,
    ("numpy", "dtype"): np.dtype,
    ("numpy", "ndarray"): np.ndarray,
    **{(f"numpy.{core}.multiarray", name): made for core in ("core", "_core") for name, made in _NUMPY.items()},
}
_TENSORS = {
    *(("torch._utils", name) for name in ("_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_parameter")),
    ("torch.storage", "_load_from_bytes"),
}


class _Data(pickle.Unpickler):
    """Makes numbers, texts, containers and arrays, and calls nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _ALLOWED:
            return _ALLOWED[module, name]
        if (module, name) in _TENSORS or (module == "torch" and name.endswith("Storage")):
            return _NoTensor
        raise pickle.UnpicklingError(
            f"it asks for {module}.{name}, and only numbers, texts, containers and arrays are read"
        )

    def persistent_load(self, identifier: Any) -> _NoTensor:
        return _NoTensor()


def unpickled(stream: IO[bytes], path: Path) -> Any:
    """What a pickle holds, of numbers, texts, containers and numpy's arrays; tensors become placeholders.

    Whatever else it names is refused before it is looked up, so that nothing of the file's choosing is ever called.

    Args:
        stream: At the pickle's first byte.
        path: Named in errors.

    Raises:
        ValueError: It names anything else, or is no pickle.
    """
    try:
        return _Data(stream).load()
    except MemoryError:
        raise
    except Exception as error:  # a broken pickle can raise anything
        raise ValueError(f"{path} is not readable as a pickle of data: {error or type(error).__name__}") from error


def torch_unpickled(path: Path) -> Any:
    """What ``torch.save`` wrote, read likewise; no weight is.

    Raises:
        ValueError: It names anything else, or is no file of torch.
        OSError: It cannot be read.
    """
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            inside = [name for name in archive.namelist() if name.endswith("/data.pkl")]
            if len(inside) != 1:
                raise ValueError(
                    f"{path} is no file of torch: it holds {len(inside)} files data.pkl and should hold one"
                )
            with archive.open(inside[0]) as stream:
                return unpickled(stream, path)
    with path.open("rb") as stream:
        if unpickled(stream, path) != _LEGACY_TORCH:
            raise ValueError(f"{path} is no file of torch: it starts with another number")
        for _ in ("protocol", "system"):
            unpickled(stream, path)
        return unpickled(stream, path)
