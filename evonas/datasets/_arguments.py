"""Checks of what several datasets are told."""

from __future__ import annotations

from numbers import Integral
from pathlib import Path


def is_whole(value: object) -> bool:
    """Whether it is a whole number; numpy's are, too."""
    return isinstance(value, Integral)


def checked_seed(title: str, seed: object) -> int:
    """A seed that scikit-learn takes.

    Raises:
        ValueError: It is none.
    """
    if not isinstance(seed, Integral) or not 0 <= int(seed) < 2**32:
        raise ValueError(f"{title}: seed must be a whole number from 0 to 2**32 - 1; got {seed!r}")
    return int(seed)


def checked_share(title: str, name: str, share: object) -> float:
    """A share of the examples that is held out.

    Raises:
        ValueError: It is not between 0 and 1.
    """
    if not isinstance(share, int | float) or not 0 < share < 1:
        raise ValueError(f"{title}: {name} must be a share of the examples between 0 and 1; got {share!r}")
    return float(share)


def checked_shares(title: str, validation: object, test: object) -> tuple[float, float]:
    """Two shares that leave something to train on.

    Raises:
        ValueError: One is not between 0 and 1, or together they are 1 or more.
    """
    shares = checked_share(title, "validation", validation), checked_share(title, "test", test)
    if sum(shares) >= 1:
        raise ValueError(
            f"{title}: validation and test must leave examples to train on; together they take {sum(shares):g}"
        )
    return shares


def existing(title: str, path: object, folder: bool | None = None) -> str:
    """The absolute path of what is there; of a folder, or of a file, where ``folder`` says which.

    Raises:
        ValueError: There is nothing, or the other.
    """
    if not isinstance(path, str | Path) or not str(path):
        raise ValueError(f"{title}: a path is a text; got {path!r}")
    found = Path(path).expanduser().absolute()
    if not found.exists():
        raise ValueError(f"{title}: there is nothing at {found}; correct the path")
    if folder is not None and found.is_dir() != folder:
        wanted, got = ("folder", "file") if folder else ("file", "folder")
        raise ValueError(f"{title}: expected a {wanted}, but {found} is a {got}; correct the path")
    return str(found)
