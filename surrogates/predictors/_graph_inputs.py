"""What graph networks read: graphs, and beside them settings and side features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from spaces.architecture import Architecture
from spaces.discovery import find
from spaces.space import Space
from surrogates import ENCODINGS
from surrogates.encoding import Encoding
from surrogates.message_passing.graph_tensors import GraphReader, GraphTensors
from surrogates.operation_descriptors import Descriptors
from surrogates.predictors.standardisation import Standardisation

_MOST_DEVIATIONS = 5.0  # a side feature further out than any training row must not carry the score away


@dataclass(frozen=True, slots=True)
class Inputs:
    """``n`` architectures, or ``(e, b)`` for members and their rows.

    Attributes:
        graphs: Their graphs.
        side: Shape ``(…, d)``: settings and side features, standardised on training rows.
    """

    graphs: GraphTensors
    side: Tensor

    def __len__(self) -> int:
        return len(self.side)

    def at(self, rows: Tensor | slice) -> Inputs:
        """The inputs of these rows, in the shape of ``rows``."""
        return Inputs(self.graphs.at(rows), self.side[rows])


@dataclass(frozen=True, slots=True)
class SideColumns:
    """What is read beside the graphs: settings by name, then the encoding's columns, on the scale of training rows."""

    settings: tuple[str, ...]
    scale: Standardisation


class InputReader:
    """Reads architectures of a space.

    Args:
        space: Simplifies; its ``ops`` and ``attributes`` describe nodes.
        encoding: Side features; None for graph features and log cost. One without columns leaves the graph alone.
        descriptors: Descriptors by operation, for those whose names do not tell.
    """

    def __init__(self, space: Space, encoding: Encoding | None, descriptors: Mapping[str, Descriptors] | None) -> None:
        self._space = space
        self._encoding = cast(Encoding, find(ENCODINGS, "concatenated")(space)) if encoding is None else encoding
        self.graphs = GraphReader(space, descriptors)

    def columns(self, architectures: Sequence[Architecture]) -> SideColumns:
        """The side columns that vary among training architectures."""
        graphs = [self._space.simplify(architecture) for architecture in architectures]
        settings = tuple(sorted({name for graph in graphs for name, _ in graph.settings}))
        return SideColumns(settings, Standardisation.of(self._rows(architectures, graphs, settings)))

    def read(self, architectures: Sequence[Architecture], columns: SideColumns) -> Inputs:
        """Inputs of ``n`` architectures."""
        graphs = [self._space.simplify(architecture) for architecture in architectures]
        side = columns.scale.apply(self._rows(architectures, graphs, columns.settings))
        bounded = np.clip(side, -_MOST_DEVIATIONS, _MOST_DEVIATIONS).astype(np.float32)
        return Inputs(self.graphs.read(graphs), torch.from_numpy(bounded))

    def _rows(
        self, architectures: Sequence[Architecture], graphs: Sequence[Architecture], settings: tuple[str, ...]
    ) -> npt.NDArray[np.float32]:
        rows = np.full((len(graphs), len(settings)), np.nan, np.float32)
        if settings:
            for row, graph in zip(rows, graphs, strict=True):
                given = dict(graph.settings)
                row[:] = [given.get(name, np.nan) for name in settings]
        return np.hstack([rows, self._encoding.encode(architectures)])
