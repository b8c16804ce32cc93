"""The contract of an encoding."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from spaces.architecture import Architecture


class Encoding(ABC):
    """Turns architectures into rows of numbers of one fixed width.

    Encodings work on the simplified graph, so that architectures of one function share their row. The first argument
    of a constructor is the space.
    """

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """Names of the ``d`` columns, unique."""

    @abstractmethod
    def encode(self, architectures: Sequence[Architecture]) -> npt.NDArray[np.float32]:
        """Encodes ``n`` architectures to shape ``(n, d)``; NaN means "not known", never "zero"."""


def check_columns(encoding: Encoding) -> None:
    """Refuses an encoding that nothing can be learned from.

    Raises:
        ValueError: It has no column.
    """
    if not encoding.names:
        raise ValueError("an encoding must have at least one column; got none. Name its columns, or take the default")
