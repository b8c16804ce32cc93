"""Graphs of the grammar without what only tells the derivation."""

from __future__ import annotations

from functools import lru_cache

from spaces._grammar_shapes import Shape, operands, traced
from spaces._grammar_tree import AGGREGATIONS
from spaces.architecture import Architecture, Node

_RIGHT = Node("right")
_IDENTITY = Node("identity")


@lru_cache(maxsize=1 << 12)
def simplified(architecture: Architecture, first: Shape, features: int) -> Architecture:
    """The same function with ``clone`` and ``identity`` contracted, and sums of equal shapes without an order.

    ``right`` goes from an ``add`` whose operands have the same shape; where these are one and the same value, one
    ``identity`` stands between, since edges are unique. Kept nodes keep their order; a ``right`` or ``identity`` stands
    directly before its aggregation.

    Args:
        architecture: Any graph of the vocabulary, raw or simplified, in any topological order.
        first: Shape of ``input``.
        features: Most channels that ``linear`` and ``conv`` give.

    Raises:
        ValueError: It is no graph of the vocabulary, or shapes do not fit.
    """
    sources = operands(architecture)
    shapes = traced(architecture, sources, first, features)
    nodes: list[Node] = []
    edges: list[tuple[int, int]] = []
    value: list[int] = []  # of each old node: the new node that computes it
    for node, given in zip(architecture.nodes, sources, strict=True):
        op = node.op
        if op in ("clone", "identity", "right"):
            value.append(value[given[0]])
            continue
        if op in AGGREGATIONS:
            left, right = value[given[0]], value[given[1]]
            ordered = op != "add" or shapes[given[0]] != shapes[given[1]]
            if ordered or left == right:
                edges.append((right, len(nodes)))
                right = len(nodes)
                nodes.append(_RIGHT if ordered else _IDENTITY)
            edges.append((left, len(nodes)))
            edges.append((right, len(nodes)))
        elif given:
            edges.append((value[given[0]], len(nodes)))
        value.append(len(nodes))
        nodes.append(node)
    edges.sort()
    simple = Architecture(tuple(nodes), tuple(edges), architecture.settings)
    return architecture if simple == architecture else simple
