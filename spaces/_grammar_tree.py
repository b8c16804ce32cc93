"""Derivations of the grammar as trees, and the graphs they stand for.

A body is a sequence of items; the empty body is the identity. An item is a primitive (a ``Node``), a ``Branch`` or a
``Permuted`` body. The graph writes a tree's nodes in depth-first order:

    branch   clone [first_half] left … | clone [second_half] right … right | aggregation <- left, right
    permuted permute … unpermute

An empty branch of a clone is written as one ``identity``. The node ``right`` marks the second operand of an
aggregation.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple, TypeAlias

from spaces.architecture import Architecture, Node

KINDS = ("clone", "split")
AGGREGATIONS = ("add", "concat", "dot", "attend")
STRUCTURE = ("input", "output", "clone", "first_half", "second_half", "identity", "right", "permute", "unpermute")

_NODE = {op: Node(op) for op in (*STRUCTURE, *AGGREGATIONS)}
_ENDS = frozenset({"output", "right", "unpermute", "first_half", "second_half", "identity", *AGGREGATIONS})


class Branch(NamedTuple):
    """Two bodies over the same input.

    Attributes:
        kind: ``clone``: both receive the whole input. ``split``: each receives half of the channels.
        aggregation: How the two results become one.
        left: The first operand.
        right: The second operand.
    """

    kind: str
    aggregation: str
    left: Body
    right: Body


class Permuted(NamedTuple):
    """A body over positions as channels and channels as positions; never empty, since that would be the identity."""

    body: Body


Item: TypeAlias = "Node | Branch | Permuted"
Body: TypeAlias = "tuple[Item, ...]"


def length(body: Body) -> int:
    """Number of items in the whole tree."""
    total = len(body)
    for item in body:
        if isinstance(item, Branch):
            total += length(item.left) + length(item.right)
        elif isinstance(item, Permuted):
            total += length(item.body)
    return total


def depth(body: Body) -> int:
    """Number of branches and permutations that enclose the innermost item; an item at the top has none."""
    deepest = 0
    for item in body:
        if isinstance(item, Branch):
            deepest = max(deepest, 1 + depth(item.left), 1 + depth(item.right))
        elif isinstance(item, Permuted):
            deepest = max(deepest, 1 + depth(item.body))
    return deepest


def encoded(body: Body) -> Architecture:
    """The graph of a tree, its nodes in depth-first order."""
    nodes = [_NODE["input"]]
    edges: list[tuple[int, int]] = []
    last = _append_body(body, 0, nodes, edges)
    _append(_NODE["output"], last, nodes, edges)
    edges.sort()
    return Architecture(tuple(nodes), tuple(edges))


def _append(node: Node, source: int, nodes: list[Node], edges: list[tuple[int, int]]) -> int:
    place = len(nodes)
    edges.append((source, place))
    nodes.append(node)
    return place


def _append_body(body: Body, source: int, nodes: list[Node], edges: list[tuple[int, int]]) -> int:
    for item in body:
        if isinstance(item, Node):
            source = _append(item, source, nodes, edges)
        elif isinstance(item, Permuted):
            source = _append(_NODE["permute"], source, nodes, edges)
            source = _append_body(item.body, source, nodes, edges)
            source = _append(_NODE["unpermute"], source, nodes, edges)
        else:
            source = _append_branch(item, source, nodes, edges)
    return source


def _append_branch(item: Branch, source: int, nodes: list[Node], edges: list[tuple[int, int]]) -> int:
    clone = _append(_NODE["clone"], source, nodes, edges)
    ends = []
    for half, body in (("first_half", item.left), ("second_half", item.right)):
        start = clone
        if item.kind == "split":
            start = _append(_NODE[half], clone, nodes, edges)
        elif not body:
            start = _append(_NODE["identity"], clone, nodes, edges)
        ends.append(_append_body(body, start, nodes, edges))
    right = _append(_NODE["right"], ends[1], nodes, edges)
    place = _append(_NODE[item.aggregation], right, nodes, edges)
    edges.append((ends[0], place))
    return place


@lru_cache(maxsize=1 << 12)  # parents vary often
def decoded(architecture: Architecture) -> Body:
    """The tree that ``encoded`` makes this very graph of.

    Raises:
        ValueError: There is none: a node is missing, of another order, or wired otherwise.
    """
    if architecture.settings:
        raise ValueError(f"a derivation has no settings; got {dict(architecture.settings)}: leave them out")
    reader = _Reader(architecture)
    body = reader.read()
    again = encoded(body)
    if again.nodes != architecture.nodes or again.edges != architecture.edges:
        raise _no_derivation(f"its branches are wired otherwise: {architecture.edges} instead of {again.edges}")
    return body


def _no_derivation(reason: str) -> ValueError:
    return ValueError(
        f"the graph is no derivation of the grammar as parse and sample write it: {reason}. "
        "Graphs that simplify has shortened are no members: keep the original to vary or format it"
    )


class _Reader:
    """Reads nodes in order; a node belongs to the current body while its only source is the node before it."""

    def __init__(self, architecture: Architecture) -> None:
        self.nodes = architecture.nodes
        self.sources: list[list[int]] = [[] for _ in self.nodes]
        for source, target in architecture.edges:
            self.sources[target].append(source)
        self.place = 0

    def read(self) -> Body:
        self.take("input")
        body = self.body(0)
        self.take("output")
        if self.place != len(self.nodes):
            raise _no_derivation(f"nodes follow 'output', from node {self.place}")
        return body

    def take(self, *ops: str) -> str:
        """Passes the next node, which must be one of ``ops``."""
        op = self.nodes[self.place].op if self.place < len(self.nodes) else "the end"
        if op not in ops or self.nodes[self.place].attributes:
            raise _no_derivation(f"node {self.place} should be {' or '.join(ops)}; got {op}")
        self.place += 1
        return op

    def body(self, source: int) -> Body:
        """Items that follow ``source`` in a chain."""
        items: list[Item] = []
        while self.place < len(self.nodes) and self.sources[self.place] == [source]:
            node = self.nodes[self.place]
            if node.op in _ENDS:
                break
            if node.op == "clone":
                items.append(self.branch())
            elif node.op == "permute":
                items.append(self.permuted())
            else:
                items.append(node)
                self.place += 1
            source = self.place - 1
        return tuple(items)

    def branch(self) -> Branch:
        clone = self.place
        self.take("clone")
        split = self.place < len(self.nodes) and self.nodes[self.place].op == "first_half"
        left = self.half("first_half" if split else "", clone)
        right = self.half("second_half" if split else "", clone)
        self.take("right")
        return Branch("split" if split else "clone", self.take(*AGGREGATIONS), left, right)

    def half(self, marker: str, clone: int) -> Body:
        if marker:
            self.take(marker)
            return self.body(self.place - 1)
        if self.place < len(self.nodes) and self.nodes[self.place].op == "identity":
            self.take("identity")
            return ()
        return self.body(clone)

    def permuted(self) -> Permuted:
        self.take("permute")
        body = self.body(self.place - 1)
        if not body:
            raise _no_derivation(f"node {self.place} should be inside 'permute'; an empty permutation is the identity")
        self.take("unpermute")
        return Permuted(body)
