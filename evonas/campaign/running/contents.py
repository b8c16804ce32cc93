"""What the files hold that a campaign reads, so that changed data are not taken for the data it began with."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

MOST_BYTES = 2**28
"""So much of what a file or folder holds is read, 256 MiB; of anything beyond it the name and size count alone."""

_PATHS = frozenset({"path", "inputs", "targets", "pretrained"})
"""What components call the files and folders that they read, where these are texts; a ``Path`` is journalled whole."""


def digests(campaign: Mapping[str, Any]) -> dict[str, str]:
    """A digest of every file and folder that the campaign's components read, by its place.

    Args:
        campaign: Resolved, as it is journalled.

    Returns:
        Such as ``{"dataset.path": "sha256 9f86d0…"}``.

    Raises:
        OSError: A file cannot be read.
    """
    return {place: _digest(path) for place, path in _paths("", "", campaign)}


def changes(stored: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """A line for each file that holds something else than it did, or is gone; what was not stored is not known."""
    return [
        f"what {place} holds: {digest[:15]} -> {found[place][:15] if place in found else 'nothing is there'}"
        for place, digest in stored.items()
        if found.get(place) != digest
    ]


def _paths(place: str, name: str, value: Any, own: bool = False) -> Iterator[tuple[str, Path]]:
    if isinstance(value, Mapping):
        name = str(value.get("name", ""))
        own = own or ("." in name and not name.startswith("evonas."))
        for key, inner in value.items():
            yield from _paths(f"{place}.{key}" if place else key, key, inner, own)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _paths(f"{place}[{index}]", "", inner, own)
    elif isinstance(value, str) and name in _PATHS:
        path = Path(value).expanduser()
        # A component of one's own may keep in its folder what it fetches or computes while the campaign runs.
        if path.is_file() or (path.exists() and not own):
            yield place, path


def _digest(path: Path) -> str:
    # Hidden files are written by whatever shows or syncs a folder, and read by no dataset.
    files = sorted(one for one in path.rglob("*") if one.is_file() and not _is_hidden(one, path))
    hashed, left = hashlib.sha256(), MOST_BYTES
    for file in files if path.is_dir() else [path]:
        size = file.stat().st_size
        hashed.update(f"{file.relative_to(path)}\0{size}\0".encode("utf-8", "surrogateescape"))
        if left == 0:
            continue
        with file.open("rb") as opened:
            while left > 0 and (block := opened.read(min(left, 2**20))):
                hashed.update(block)
                left -= len(block)
    return f"sha256 {hashed.hexdigest()}"


def _is_hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(folder).parts)
