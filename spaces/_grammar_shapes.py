"""Shapes of every value of a network of the grammar, and what each node costs.

Every value is ``(channels, height, width)``; tokens are positions, so a sequence of n tokens of d features is a feature
map of d channels and n positions. Every rule accepts every shape: that is why every derivation builds.
"""

from __future__ import annotations

from typing import NamedTuple

from spaces._grammar_tree import AGGREGATIONS, STRUCTURE, Body, Permuted
from spaces.architecture import Architecture, Node

PRIMITIVES = (
    "linear",
    "conv",
    "depthwise",
    "pool",
    "patch",
    "batch_norm",
    "layer_norm",
    "relu",
    "gelu",
    "softmax",
    "position",
)
OPS = (*STRUCTURE, *AGGREGATIONS, *PRIMITIVES)
_KNOWN = frozenset(OPS)
_CHANGING = frozenset(["linear", "conv", "pool", "patch"])
_HALVES = (Node("first_half"), Node("second_half"))
_UNCHANGED = frozenset(
    {"input", "output", "clone", "identity", "right", *(op for op in PRIMITIVES if op not in _CHANGING)}
)


class Shape(NamedTuple):
    """Shape of a value for one example.

    Attributes:
        channels: Features of a position.
        height: Rows.
        width: Columns.
        outer: Inside a permutation: what the value was before it, which its end restores.
    """

    channels: int
    height: int
    width: int
    outer: Shape | None = None

    @property
    def positions(self) -> int:
        """Height times width: the number of tokens."""
        return self.height * self.width

    @property
    def elements(self) -> int:
        """Numbers that one example's value holds."""
        return self.channels * self.height * self.width


def operands(architecture: Architecture) -> list[list[int]]:
    """Sources of each node; of an aggregation the left one before the right one.

    Raises:
        ValueError: The graph has an operation outside the vocabulary, or a node with too few or too many inputs.
    """
    nodes = architecture.nodes
    sources: list[list[int]] = [[] for _ in nodes]
    for source, target in architecture.edges:
        sources[target].append(source)
    ends = 0
    for place, (node, given) in enumerate(zip(nodes, sources, strict=True)):
        op = node.op
        if op not in _KNOWN:
            raise ValueError(f"operations must be among {', '.join(OPS)}; node {place} is {op!r}")
        takes = 2 if op in AGGREGATIONS else 0 if op == "input" else 1
        if len(given) != takes:
            raise ValueError(f"a node {op!r} has {takes} inputs; node {place} has {len(given)}: connect it otherwise")
        if takes == 2:
            _left_first(nodes, place, given)
        elif takes == 0 or op == "output":
            ends += 1
    if ends != 2 or not nodes or not any(node.op == "output" for node in nodes):
        raise ValueError(f"a graph has one 'input' and one 'output'; got {', '.join(node.op for node in nodes)}")
    return sources


def _left_first(nodes: tuple[Node, ...], place: int, given: list[int]) -> None:
    rights = (nodes[given[0]].op == "right") + (nodes[given[1]].op == "right")
    if rights != 1 and not (rights == 0 and nodes[place].op == "add"):
        raise ValueError(f"one of the two inputs of {nodes[place].op!r}, node {place}, must be 'right'; got {rights}")
    if nodes[given[0]].op == "right":
        given.reverse()


def traced(architecture: Architecture, sources: list[list[int]], first: Shape, features: int) -> list[Shape]:
    """The shape of each node's result.

    Args:
        architecture: Any graph of the vocabulary, raw or simplified, in any topological order.
        sources: What ``operands`` gives for it.
        first: Shape of ``input``.
        features: Most channels that ``linear`` and ``conv`` give.

    Raises:
        ValueError: An ``unpermute`` without ``permute``, or an ``add`` without ``right`` of two shapes.
    """
    shapes: list[Shape] = []
    for node, given in zip(architecture.nodes, sources, strict=True):
        op = node.op
        if op in _UNCHANGED:
            shapes.append(shapes[given[0]] if given else first)
        elif len(given) == 2:
            left, right = shapes[given[0]], shapes[given[1]]
            shapes.append(_aggregated(op, left, right))
            if op == "add" and architecture.nodes[given[1]].op != "right" and left != right:
                raise ValueError(f"operands of different shapes, {left[:3]} and {right[:3]}, need a node 'right'")
        else:
            shapes.append(_changed(node, shapes[given[0]], features))
    return shapes


def bounded(body: Body, shape: Shape, features: int, elements: int) -> Shape | None:
    """The shape that a tree gives, without its graph; None where a value would hold more than ``elements`` numbers."""
    for item in body:
        if isinstance(item, Node):
            if item.op in _CHANGING:
                shape = _changed(item, shape, features)
        elif isinstance(item, Permuted):
            inside = Shape(shape.height * shape.width, shape.channels, 1, shape)
            if bounded(item.body, inside, features, elements) is None:
                return None
        else:
            halves = [shape, shape]
            if item.kind == "split":
                halves = [_changed(half, shape, features) for half in _HALVES]
            left = bounded(item.left, halves[0], features, elements)
            right = bounded(item.right, halves[1], features, elements)
            if left is None or right is None:
                return None
            shape = _aggregated(item.aggregation, left, right)
        if shape.channels * shape.height * shape.width > elements:
            return None
    return shape


def _aggregated(op: str, left: Shape, right: Shape) -> Shape:
    if op == "concat":
        return left._replace(channels=left.channels + right.channels)
    if op == "dot":
        return left._replace(channels=right.positions)
    return left._replace(channels=right.channels) if op == "attend" else left


def _value(node: Node, name: str) -> float:
    for known, value in node.attributes:
        if known == name:
            return value
    raise ValueError(f"a node {node.op!r} has an attribute {name!r}; got {dict(node.attributes)}")


def whole(node: Node, name: str) -> int:
    """An attribute that is a whole number of at least 1.

    Raises:
        ValueError: It is missing or of another kind.
    """
    value = _value(node, name)
    if value < 1 or value != int(value):
        raise ValueError(f"{name} of {node.op!r} must be a whole number of at least 1; got {value}")
    return int(value)


def _widened(node: Node, channels: int, features: int) -> int:
    return max(1, min(int(channels * _value(node, "width")), features))


def _changed(node: Node, shape: Shape, features: int) -> Shape:
    """What a node with one input makes of its shape."""
    channels, height, width, outer = shape
    op = node.op
    if op == "linear":
        return Shape(_widened(node, channels, features), height, width, outer)
    if op == "conv":
        stride = whole(node, "stride")
        return Shape(_widened(node, channels, features), -(-height // stride), -(-width // stride), outer)
    if op == "pool":
        return Shape(channels, -(-height // 2), -(-width // 2), outer)
    if op == "patch":
        size = whole(node, "patch")
        return Shape(channels * size**2, -(-height // size), -(-width // size), outer)
    if op == "permute":
        return Shape(height * width, channels, 1, shape)
    if op == "first_half":
        return Shape(max(1, channels // 2), height, width, outer)
    if op == "second_half":
        return Shape(channels - channels // 2, height, width, outer)
    if outer is None:
        raise ValueError("an 'unpermute' must follow a 'permute'; got one without: take graphs from parse or sample")
    return outer


def node_cost(op: str, inputs: list[Shape], result: Shape) -> tuple[int, int]:
    """Trainable parameters and multiply-accumulates of one node; biases and normalisations cost no accumulates."""
    if op == "linear":
        weights = inputs[0].channels * result.channels
        return weights + result.channels, weights * result.positions
    if op == "conv":
        weights = 9 * inputs[0].channels * result.channels
        return weights, weights * result.positions
    if op == "depthwise":
        return 9 * result.channels, 9 * result.elements
    if op in ("batch_norm", "layer_norm"):
        return 2 * result.channels, 0
    if op == "position":
        return result.elements, 0
    if op == "dot":
        return 0, inputs[0].elements * inputs[1].positions
    if op == "attend":
        return 0, inputs[0].positions * inputs[1].elements
    return 0, 0
