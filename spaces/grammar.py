"""Architectures from a probabilistic context-free grammar, after einspace (Ericsson et al., NeurIPS 2024)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from spaces._grammar_arguments import families, image, whole
from spaces._grammar_edits import crossings, drawn, edits
from spaces._grammar_notation import parsed, primitive_text, written
from spaces._grammar_shapes import PRIMITIVES, Shape, bounded, node_cost, operands, traced
from spaces._grammar_simplify import simplified
from spaces._grammar_tree import (
    AGGREGATIONS,
    KINDS,
    STRUCTURE,
    Body,
    Branch,
    Item,
    Permuted,
    decoded,
    depth,
    encoded,
    length,
)
from spaces.architecture import Architecture
from spaces.space import Cost, Space

if TYPE_CHECKING:
    from torch import nn

_ANOTHER_AT_THE_TOP = 0.9  # so 9 items in the mean
_ANOTHER_INSIDE = 0.5  # one item in the mean, two in a permutation, which is never empty
_BRANCH, _PERMUTE = (
    0.2,
    0.1,
)  # an item has 0.2 * 2 * 1 + 0.1 * 2 = 0.6 items inside: derivations end, 14 items in the mean


class Grammar(Space):
    """Networks derived from a probabilistic context-free grammar of branching, routing and computation; unbounded.

    After einspace (Ericsson et al., NeurIPS 2024), with its sequential, branching, routing and computation modules::

        network -> body
        body    -> identity | (seq item item ...)
        item    -> primitive | (branch clone|split body body add|concat|dot|attend) | (permute body)

    Every value is a feature map ``(channels, height, width)``; tokens are positions. Every rule takes every shape, so
    every derivation builds: an operand of another shape is brought to what its aggregation needs by adaptive average
    pooling along the axes that differ, which has no parameters.

    - ``linear``: a 1x1 convolution with bias to ``width`` times as many channels; ``conv``: 3x3 without bias, with a
      stride; ``depthwise``: 3x3, each channel by itself; ``pool``: 2x2 average, odd sizes rounded up; ``patch``: each
      p x p patch becomes one position of p*p times as many channels, the edge padded with zeros; ``softmax`` and
      ``layer_norm`` are over channels; ``position`` adds a learned table.
    - ``clone`` gives both branches everything, ``split`` each half of the channels (of a single channel, that one).
    - ``add``, ``concat`` (over channels), ``dot`` (scores of left positions against right ones: both divided by their
      root mean square over the channels, as in query-key normalisation of Henry et al., 2020, and the products by the
      root of the channels), ``attend`` (right positions averaged by the softmax of the left's channels). The result
      has the left's height and width.
    - ``permute``: positions become channels and channels positions for the body inside; then all is put back.

    Around it stand a 1x1 convolution to ``channels`` with batch normalisation, and a batch normalisation, global
    average pooling and a linear layer. Aggregations have two inputs: the node ``right`` marks the second; nothing is
    summed but by ``add``. Matrix products of ``dot`` and ``attend`` count as multiply-accumulates too.
    """

    def __init__(
        self,
        channels: int = 16,
        primitives: Sequence[str] = PRIMITIVES,
        widths: Sequence[float] = (0.5, 1, 2),
        strides: Sequence[int] = (1, 2),
        patches: Sequence[int] = (2, 4),
        depth: int = 5,
        length: int = 64,
        features: int = 512,
        elements: int = 131072,
        input_shape: Sequence[int] = (3, 32, 32),
        classes: int = 10,
    ) -> None:
        """Chooses the primitives and the bounds.

        Args:
            channels: Channels of the derivation's input.
            primitives: Names of the primitives to derive from.
            widths: Channels of a ``linear`` or ``conv`` relative to those it receives; rounded down, at least 1.
            strides: Strides of ``conv``.
            patches: Sizes of ``patch``.
            depth: Most branches and permutations inside one another.
            length: Most items: primitives, branches and permutations.
            features: Most channels that a ``linear`` or ``conv`` gives.
            elements: Most numbers in any value of one example.
            input_shape: ``(channels, height, width)`` of one example.
            classes: Width of the output.

        Raises:
            ValueError: An argument breaks a rule; the message says the rule, the value and the remedy.
        """
        self._families = families(primitives, widths, strides, patches)
        self._primitives = tuple(node for family in self._families for node in family)
        self._known = frozenset(self._primitives)
        self.ops = (*STRUCTURE, *AGGREGATIONS, *(family[0].op for family in self._families))
        self.attributes = ("patch", "stride", "width")
        self.input_shape = image(input_shape)
        self.classes = whole(classes, "classes")
        self.size = None
        self.depth = whole(depth, "depth")
        self.length = whole(length, "length")
        self.features = whole(features, "features")
        self.elements = whole(elements, "elements")
        self._first = Shape(whole(channels, "channels"), *self.input_shape[1:])
        if self._first.elements > self.elements:
            raise ValueError(
                f"elements must be at least channels * height * width = {self._first.elements}; got {self.elements}: "
                "enlarge elements, or take fewer channels or smaller images"
            )

    def sample(self, rng: np.random.Generator) -> Architecture:
        """A derivation of the grammar, drawn again while it breaks a bound.

        A body goes on with probability 0.9 at the top and 0.5 inside; an item is a branch with probability 0.2 and a
        permutation with 0.1 (neither at the greatest depth), else a primitive; kinds, aggregations, primitives and
        then their attributes are drawn evenly. The expected number of items is finite without the bounds, too:
        9 / (1 - 0.6) = 22.5.
        """
        while True:
            body = self._sampled_body(rng, 0, _ANOTHER_AT_THE_TOP)
            architecture = self._member(body)
            if architecture is not None:
                return architecture

    def mutate(self, architecture: Architecture, rng: np.random.Generator) -> Architecture:
        """One of the ``neighbours``, drawn evenly; each of them changes the function.

        Every derivation is reached from every other: deleting the items at the top from the last to the first leaves
        the identity, and any derivation grows from it from first to last: a branch by ``add``, left before right, then
        its aggregation; a permutation by wrapping its first item while that is an empty branch. So no bound is broken
        on the way that the two ends keep.
        """
        body = self._body(architecture)
        for changed in drawn(body, self._primitives, rng):
            child = self._member(changed)
            if child is not None:
                return child
        raise AssertionError("draws never end")

    def crossover(self, left: Architecture, right: Architecture, rng: np.random.Generator) -> Architecture:
        """``left`` with a run of items of ``right``, cut at the same places of a body that both derivations have.

        Up to 16 cuts are drawn until the child keeps the bounds and is neither parent; else it is ``left``.
        """
        ours, theirs = self._body(left), self._body(right)
        if ours == theirs:
            return left
        for body in crossings(ours, theirs, rng):
            if body not in (ours, theirs):
                child = self._member(body)
                if child is not None:
                    return child
        return left

    def neighbours(self, architecture: Architecture) -> Iterator[Architecture]:
        """Every derivation within the bounds that one rule applied, undone or replaced at one place gives.

        Insert a primitive or an empty branch; replace an item by a primitive; delete, wrap or unwrap it; change a
        branch's kind or aggregation: see ``spaces/_grammar_edits.py``.
        """
        members = map(self._member, edits(self._body(architecture), self._primitives))
        return (member for member in members if member is not None)

    def check(self, architecture: Architecture) -> None:
        """Passes where the graph is a derivation within the bounds, written as ``sample`` and ``parse`` do."""
        self._checked(self._body(architecture), architecture)

    def simplify(self, architecture: Architecture) -> Architecture:
        """Without ``clone`` and ``identity``; operands of an ``add`` lose their order where they have one shape."""
        return simplified(architecture, self._first, self.features)

    def cost(self, architecture: Architecture) -> Cost:
        """Exact cost; convolutions, linear layers and the products of ``dot`` and ``attend`` count as accumulates."""
        sources = operands(architecture)
        shapes = self._shapes(architecture, sources)
        stem = self.input_shape[0] * self._first.channels
        parameters, macs = stem + 2 * self._first.channels, stem * self._first.positions
        for node, given, shape in zip(architecture.nodes, sources, shapes, strict=True):
            if node.op == "output":
                parameters += 2 * shape.channels + (shape.channels + 1) * self.classes
                macs += shape.channels * self.classes
            else:
                more, work = node_cost(node.op, [shapes[source] for source in given], shape)
                parameters += more
                macs += work
        return Cost(parameters, macs)

    def build(self, architecture: Architecture) -> nn.Module:
        """The network of the graph as it is, with PyTorch's default initialisation; tables of positions of 0.02."""
        from spaces._grammar_network import network  # torch takes a second to import

        sources = operands(architecture)
        shapes = self._shapes(architecture, sources)
        return network(architecture, sources, shapes, self.input_shape[0], self.classes)

    def parse(self, text: str) -> Architecture:
        """Reads a derivation such as ``(seq (conv 1 2) relu (branch clone (linear 1) identity add))``.

        ``(conv 1 2)`` has stride 1 and width 2; ``seq`` in ``seq`` is the same sequence.
        """
        body = parsed(text, self._primitives)
        architecture = encoded(body)
        self._checked(body, architecture)
        return architecture

    def format(self, architecture: Architecture) -> str:
        """Writes the derivation as an s-expression."""
        self.check(architecture)
        return written(decoded(architecture))

    def _sampled_body(self, rng: np.random.Generator, deep: int, another: float) -> Body:
        items: list[Item] = []
        while rng.random() < another:
            items.append(self._sampled_item(rng, deep))
        return tuple(items)

    def _sampled_item(self, rng: np.random.Generator, deep: int) -> Item:
        rule = rng.random()
        if rule >= _BRANCH + _PERMUTE or deep >= self.depth:
            family = self._families[int(rng.random() * len(self._families))]
            return family[int(rng.random() * len(family))]
        if rule < _BRANCH:
            kind = KINDS[int(rng.random() * len(KINDS))]
            aggregation = AGGREGATIONS[int(rng.random() * len(AGGREGATIONS))]
            left = self._sampled_body(rng, deep + 1, _ANOTHER_INSIDE)
            return Branch(kind, aggregation, left, self._sampled_body(rng, deep + 1, _ANOTHER_INSIDE))
        first = self._sampled_item(rng, deep + 1)
        return Permuted((first, *self._sampled_body(rng, deep + 1, _ANOTHER_INSIDE)))

    def _body(self, architecture: Architecture) -> Body:
        body = decoded(architecture)
        for node in set(architecture.nodes) - self._known:
            if node.op not in STRUCTURE and node.op not in AGGREGATIONS:
                raise ValueError(
                    f"primitives must be among {', '.join(map(primitive_text, self._primitives))}; "
                    f"node {architecture.nodes.index(node)} is {primitive_text(node)}"
                )
        return body

    def _member(self, body: Body) -> Architecture | None:
        """The graph of a tree of this grammar, or None where it breaks a bound."""
        if length(body) > self.length or depth(body) > self.depth:
            return None
        if bounded(body, self._first, self.features, self.elements) is None:
            return None
        return encoded(body)

    def _checked(self, body: Body, architecture: Architecture) -> None:
        """Raises where a bound is broken."""
        items, deep = length(body), depth(body)
        if items > self.length:
            raise ValueError(f"a derivation has at most length={self.length} items; got {items}: enlarge length")
        if deep > self.depth:
            raise ValueError(f"at most depth={self.depth} modules stand inside one another; got {deep}: enlarge depth")
        shapes = self._shapes(architecture, operands(architecture))
        for place, shape in enumerate(shapes):
            if shape.elements > self.elements:
                raise ValueError(
                    f"a value holds at most elements={self.elements} numbers; that of node {place}, "
                    f"{architecture.nodes[place].op!r}, holds {shape.elements}: enlarge elements or pool before it"
                )

    def _shapes(self, architecture: Architecture, sources: list[list[int]]) -> list[Shape]:
        return traced(architecture, sources, self._first, self.features)
