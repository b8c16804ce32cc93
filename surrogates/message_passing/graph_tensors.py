"""Architectures as dense tensors: what a message-passing network reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from spaces.architecture import Architecture
from spaces.space import Space
from surrogates.encodings.graph_batch import GraphBatch
from surrogates.operation_descriptors import DESCRIPTORS, Descriptors, check_descriptors, described


@dataclass(frozen=True, slots=True)
class GraphTensors:
    """Graphs padded to ``m`` nodes; the leading dimensions ``…`` are ``(n,)``, or members and their rows ``(e, b)``.

    Attributes:
        ops: Shape ``(…, m)``, whole numbers: index of the operation; their number marks padding.
        features: Shape ``(…, m, f)``: descriptors and attributes, as ``log2(1 + value)`` with the value's sign.
        incoming: Shape ``(…, m, m)``: 1 at (target, source) of each edge.
        real: Shape ``(…, m)``: 1 for nodes, 0 for padding.
    """

    ops: Tensor
    features: Tensor
    incoming: Tensor
    real: Tensor

    def __len__(self) -> int:
        return len(self.ops)

    def at(self, rows: Tensor | slice) -> GraphTensors:
        """The graphs of these rows, in the shape of ``rows``."""
        return GraphTensors(self.ops[rows], self.features[rows], self.incoming[rows], self.real[rows])


class GraphReader:
    """Makes tensors of a space's graphs.

    Attributes:
        ops: Names of the operations, in the order of their indices.
        features: Names of the ``f`` features: all descriptors, then the space's further attributes.

    Args:
        space: Its ``ops`` and ``attributes`` are read.
        descriptors: Descriptors by operation, for those whose names do not tell; see ``operation_descriptors.py``.
    """

    def __init__(self, space: Space, descriptors: Mapping[str, Descriptors] | None = None) -> None:
        given = dict(descriptors or {})
        check_descriptors(given, space.ops)
        self._attributes = space.attributes
        self.ops = space.ops
        self.features = DESCRIPTORS + tuple(name for name in space.attributes if name not in DESCRIPTORS)
        self._column = {name: column for column, name in enumerate(self.features)}
        self._of_op = np.zeros((len(self.ops) + 1, len(self.features)))
        for index, op in enumerate(self.ops):
            for name, value in given.get(op, described(op)).items():
                self._of_op[index, self._column[name]] = value

    def is_described(self, op: str) -> bool:
        """Whether anything is known of the operation beside its name."""
        return bool(self._of_op[self.ops.index(op)].any())

    def read(self, graphs: Sequence[Architecture]) -> GraphTensors:
        """Tensors of ``n`` simplified architectures.

        Raises:
            ValueError: A node's operation is not among the space's.
        """
        batch = GraphBatch.of(graphs, self.ops)
        n, m = batch.ops.shape
        features = self._of_op[batch.ops]
        if self._attributes:
            for row, graph in enumerate(graphs):
                for place, node in enumerate(graph.nodes):
                    for name, value in node.attributes:
                        features[row, place, self._column[name]] = value
        incoming = np.zeros((n, m, m), np.float32)
        graph, source, target = batch.edges.T
        incoming[graph, target, source] = 1.0
        return GraphTensors(
            torch.from_numpy(batch.ops.copy()),
            torch.from_numpy((np.sign(features) * np.log2(1 + np.abs(features))).astype(np.float32)),
            torch.from_numpy(incoming),
            torch.from_numpy((batch.ops < len(self.ops)).astype(np.float32)),
        )
