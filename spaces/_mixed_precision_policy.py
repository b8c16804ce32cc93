"""Bits on the nodes of a graph: put on, taken off, carried from a parent to its child, written and read."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from spaces.architecture import Architecture, Node

Bits = list[int | None]  # of each node; None where it has none

SEPARATOR = " @ "


def bits_of(node: Node) -> int | None:
    """A node's bits, or None."""
    for name, value in node.attributes:
        if name == "bits":
            return int(value)
    return None


@lru_cache(maxsize=1 << 14)
def bare(node: Node) -> Node:
    """The node without bits."""
    return Node(node.op, tuple(pair for pair in node.attributes if pair[0] != "bits"))


@lru_cache(maxsize=1 << 14)
def dressed(node: Node, bits: int | None) -> Node:
    """A bare node with bits, where they are not None."""
    return node if bits is None else Node(node.op, tuple(sorted((*node.attributes, ("bits", float(bits))))))


def bare_graph(architecture: Architecture, recipe: Sequence[str]) -> Architecture:
    """The wrapped space's graph: without bits and the recipe's settings."""
    settings = architecture.settings
    if recipe:
        settings = tuple(pair for pair in settings if pair[0] not in recipe)
    return Architecture(tuple([bare(node) for node in architecture.nodes]), architecture.edges, settings)


def carried(parent: Sequence[Node], bits: Sequence[int | None], child: Sequence[Node]) -> Bits:
    """The parent's bits at the places that correspond in the child; all nodes are bare.

    Nodes that both graphs begin or end with correspond; of those between, the first to the first and so on, as far as
    both have some.
    """
    shorter = min(len(parent), len(child))
    head = 0
    while head < shorter and parent[head] == child[head]:
        head += 1
    tail = 0
    while tail < shorter - head and parent[-1 - tail] == child[-1 - tail]:
        tail += 1
    middle = list(bits[head : len(parent) - tail])[: len(child) - head - tail]
    middle += [None] * (len(child) - head - tail - len(middle))
    return [*bits[:head], *middle, *bits[len(parent) - tail :]]


def split_notation(text: str) -> tuple[str, list[tuple[int, str, str]]]:
    """The wrapped space's notation, and position, name and value of each field behind it.

    Raises:
        ValueError: There is no separator, or a field has no name.
    """
    inner, separator, policy = text.rpartition(SEPARATOR)
    if not separator:
        raise fault(text, len(text), repr(f"{SEPARATOR}bits="))
    position = len(inner) + len(separator)
    fields = []
    for word in policy.split(" "):
        name, equals, value = word.partition("=")
        if word and not equals:
            raise fault(text, position, "a field such as 'bits=8-4'")
        if word:
            fields.append((position, name, value))
        position += len(word) + 1
    return inner, fields


def parsed_number(text: str, position: int, value: str, choices: Sequence[float]) -> float:
    """The choice that is written at a position."""
    for choice in choices:
        if value == number_text(choice):
            return choice
    raise fault(text, position, f"one of {', '.join(map(number_text, choices))}")


def number_text(value: float) -> str:
    """The shortest text that reads back exactly; whole numbers without a point."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def fault(text: str, position: int, expected: str) -> ValueError:
    """What was expected at a position of the notation."""
    rest = text[position : position + 24]
    got = repr(rest) if rest else "the end"
    return ValueError(f"position {position} of {text!r}: expected {expected}; got {got}")
