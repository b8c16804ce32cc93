"""Architectures: neural networks as labelled directed acyclic graphs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from spaces.canonical import canonical_key


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """One operation of a network.

    Attributes:
        op: Name of the operation, from the vocabulary of its space, e.g. ``"nor_conv_3x3"``.
        attributes: ``(name, value)`` pairs sorted by name, e.g. ``(("bits", 8.0),)``.
    """

    op: str
    attributes: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        if len(self.attributes) > 1:
            _require_sorted_names(self.attributes, f"attributes of node {self.op!r}")


@dataclass(frozen=True, slots=True)
class Architecture:
    """A labelled directed acyclic graph whose nodes stand in topological order.

    A node with several incoming edges receives their sum. What a node does is said by its ``op``, ``attributes`` and,
    for the whole network, ``settings``; its position says nothing, so isomorphic graphs are the same network.

    Attributes:
        nodes: Operations in a topological order.
        edges: ``(source, target)`` index pairs with ``source < target``; sorted and unique.
        settings: ``(name, value)`` pairs of the whole network sorted by name, e.g. ``(("channels", 8.0),)``.

    Raises:
        ValueError: An edge is out of range, points backwards, is repeated or out of order, or names are not sorted.
    """

    nodes: tuple[Node, ...]
    edges: tuple[tuple[int, int], ...]
    settings: tuple[tuple[str, float], ...] = ()
    _key: str = field(default="", init=False, repr=False, compare=False)
    _hash: int = field(default=0, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        last = (-1, -1)
        n = len(self.nodes)
        for edge in self.edges:
            if edge <= last or not 0 <= edge[0] < edge[1] < n:
                raise ValueError(_edge_fault(edge, last, n))
            last = edge
        if len(self.settings) > 1:
            _require_sorted_names(self.settings, "settings")

    def __hash__(self) -> int:
        """Computed once: what is remembered of graphs is looked up by it, many times for each."""
        if not self._hash:
            object.__setattr__(self, "_hash", hash((self.nodes, self.edges, self.settings)))
        return self._hash

    def __reduce__(self) -> tuple[type[Architecture], tuple[object, ...]]:
        """A pickle carries the graph alone: the hash of a text is another in every process."""
        return Architecture, (self.nodes, self.edges, self.settings)

    @property
    def key(self) -> str:
        """Identity up to isomorphism: 20 hexadecimal digits, equal in every process and version."""
        if not self._key:
            labels = [(node.op, node.attributes) for node in self.nodes]
            object.__setattr__(self, "_key", canonical_key(labels, self.edges, self.settings))
        return self._key

    def setting(self, name: str) -> float:
        """The value of one setting of the whole network.

        Raises:
            KeyError: There is no such setting.
        """
        for known, value in self.settings:
            if known == name:
                return value
        raise KeyError(f"setting {name!r} is not among {[known for known, _ in self.settings]}")

    def to_json(self) -> str:
        """One line of JSON that ``from_json`` reads back to an equal architecture."""
        document: dict[str, Any] = {
            "nodes": [[node.op, dict(node.attributes)] if node.attributes else node.op for node in self.nodes],
            "edges": [list(edge) for edge in self.edges],
        }
        if self.settings:
            document["settings"] = dict(self.settings)
        return json.dumps(document, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Architecture:
        """Reads what ``to_json`` wrote.

        Raises:
            ValueError: The text is no JSON, lacks a part, or the graph breaks a rule.
        """
        try:
            document = json.loads(text)
            nodes = tuple(
                Node(entry) if isinstance(entry, str) else Node(entry[0], _sorted_pairs(entry[1]))
                for entry in document["nodes"]
            )
            edges = tuple((int(source), int(target)) for source, target in document["edges"])
            settings = _sorted_pairs(document.get("settings", {}))
        except (KeyError, TypeError, IndexError, AttributeError, json.JSONDecodeError) as error:
            raise ValueError(
                f"an architecture is JSON with 'nodes', 'edges' and perhaps 'settings'; got {text[:80]!r} ({error})"
            ) from error
        return cls(nodes, edges, settings)


def _sorted_pairs(mapping: dict[str, Any]) -> tuple[tuple[str, float], ...]:
    return tuple(sorted((str(name), float(value)) for name, value in mapping.items()))


def _require_sorted_names(pairs: tuple[tuple[str, float], ...], what: str) -> None:
    names = [name for name, _ in pairs]
    if any(left >= right for left, right in pairwise(names)):
        raise ValueError(f"{what}: names must be sorted and unique; got {names}")


def _edge_fault(edge: tuple[int, int], last: tuple[int, int], n: int) -> str:
    if edge[0] >= edge[1]:
        return f"edge {edge} does not point forwards: nodes stand in topological order, so a cycle is impossible"
    if not (edge[0] >= 0 and edge[1] < n):
        return f"edge {edge} leaves the graph of {n} nodes"
    return f"edges must be sorted and unique; {edge} follows {last}"
