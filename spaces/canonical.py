"""A canonical name for labelled directed acyclic graphs: equal for isomorphic graphs, different for all others.

The method is individualisation-refinement (McKay & Piperno, "Practical graph isomorphism, II", 2014), cut down to what
small networks need:

1. colour every node by its label, its ancestors and its descendants;
2. where colours tie, give one node of the first tied cell a colour of its own, colour again, and go on until every node
   has a colour; each choice gives a numbering, hence a certificate: the labels and edges in that numbering;
3. the graph's name is the SHA-256 of its smallest certificate.

Colours are 64-bit integers mixed by fixed arithmetic, never by Python's salted ``hash``. Two unequal nodes whose
colours collide are merely tied, so a collision costs time and never exactness.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache

Pairs = tuple[tuple[str, float], ...]
Label = tuple[str, Pairs]
Edges = tuple[tuple[int, int], ...]
Certificate = tuple[tuple[str, ...], tuple[tuple[int, int], ...]]

_MASK = (1 << 64) - 1
_DOWN = 0x9E3779B97F4A7C15  # odd constants of the SplitMix64 generator (Steele et al., 2014)
_UP = 0xBF58476D1CE4E5B9


def canonical_key(labels: Sequence[Label], edges: Edges, settings: Pairs) -> str:
    """The name of a labelled directed acyclic graph up to isomorphism.

    Args:
        labels: ``(op, attributes)`` of each of the n nodes, in a topological order.
        edges: ``(source, target)`` index pairs, ``source < target``, sorted and unique.
        settings: ``(name, value)`` pairs of the whole graph, sorted by name.

    Returns:
        20 hexadecimal digits: the head of the SHA-256 of a canonical certificate. The same in every process, on every
        machine and in every version of Python; integers and floats of equal value are the same value.
    """
    names, numbered = _canonical([_label_text(label) for label in labels], edges)
    document = f"{'|'.join(names)}\n{numbered}\n{_pairs_text(settings)}"
    return hashlib.sha256(document.encode()).hexdigest()[:20]


def canonical_form(labels: Sequence[Label], edges: Edges) -> tuple[tuple[Label, ...], Edges]:
    """The graph in its canonical numbering, which isomorphic graphs share; the numbering is not topological.

    Args:
        labels: ``(op, attributes)`` of each of the n nodes, in a topological order.
        edges: ``(source, target)`` index pairs, ``source < target``, sorted and unique.

    Returns:
        Labels and sorted edges, both by the new numbers.
    """
    known = {_label_text(label): label for label in labels}
    names, numbered = _canonical([_label_text(label) for label in labels], edges)
    return tuple(known[name] for name in names), numbered


def _canonical(texts: list[str], edges: Edges) -> Certificate:
    colours = _mixed([_label_colour(text) for text in texts], edges)
    if len(set(colours)) == len(colours):
        return _certificate(texts, edges, _ranks(colours))
    return _smallest(texts, edges, _ranks(_with_twins_apart(texts, edges, colours)), set())


@lru_cache(maxsize=4096)
def _pairs_text(pairs: Pairs) -> str:
    # repr writes a float so that it reads back exactly; adding 0.0 makes the two equal zeros look equal.
    return json.dumps([[name, repr(float(value) + 0.0)] for name, value in pairs])


@lru_cache(maxsize=4096)
def _label_text(label: Label) -> str:
    return f"{json.dumps(label[0])}{_pairs_text(label[1])}"


@lru_cache(maxsize=4096)
def _label_colour(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def _mixed(colours: list[int], edges: Edges) -> list[int]:
    """New colours (n,) that also tell a node's ancestors and descendants, with multiplicities.

    Edges are sorted by source, so in order each source is complete when it is read, and in reverse each target is.
    """
    down = colours.copy()
    for source, target in edges:
        colour = down[source]
        colour = (colour ^ colour >> 31) * _DOWN & _MASK
        down[target] += colour ^ colour >> 29
    up = down.copy()
    for source, target in reversed(edges):
        colour = up[target]
        colour = (colour ^ colour >> 31) * _UP & _MASK
        up[source] += colour ^ colour >> 27
    return up


def _ranks(colours: Sequence[object]) -> list[int]:
    """The number of nodes with a smaller colour, for each node: a node alone in its colour keeps its rank for good."""
    first: dict[object, int] = {}
    for position, colour in enumerate(sorted(colours)):  # type: ignore[type-var]
        first.setdefault(colour, position)
    return [first[colour] for colour in colours]


def _certificate(texts: list[str], edges: Edges, ranks: list[int]) -> Certificate:
    """Labels and edges in the numbering ``ranks``, which is a permutation of 0 … n-1."""
    names = [""] * len(texts)
    for rank, text in zip(ranks, texts, strict=True):
        names[rank] = text
    return tuple(names), tuple(sorted([(ranks[source], ranks[target]) for source, target in edges]))


def _with_twins_apart(texts: list[str], edges: Edges, colours: list[int]) -> list[tuple[int, int]]:
    """Colours with a running number for twins: nodes with the same label, predecessors and successors.

    Swapping twins changes nothing, so any order among them gives the same certificates.
    """
    sources: list[list[int]] = [[] for _ in texts]
    targets: list[list[int]] = [[] for _ in texts]
    for source, target in edges:
        targets[source].append(target)
        sources[target].append(source)
    seen: dict[tuple[str, tuple[int, ...], tuple[int, ...]], int] = {}
    apart = []
    for text, above, below, colour in zip(texts, sources, targets, colours, strict=True):
        place = (text, tuple(above), tuple(below))
        seen[place] = seen.get(place, -1) + 1
        apart.append((colour, seen[place]))
    return apart


def _refined(edges: Edges, ranks: list[int]) -> list[int]:
    """Ranks split by ancestors and descendants until nothing splits; the order of unequal nodes is kept."""
    cells = len(set(ranks))
    while cells < len(ranks):
        colours = _mixed([(rank + 1) * _UP & _MASK for rank in ranks], edges)
        finer = _ranks(list(zip(ranks, colours, strict=True)))
        if len(set(finer)) == cells:
            break
        ranks, cells = finer, len(set(finer))
    return ranks


def _first_tied(ranks: list[int]) -> list[int]:
    """The nodes of the tied cell with the smallest rank; empty where every node has a rank of its own."""
    cells: dict[int, list[int]] = {}
    for node, rank in enumerate(ranks):
        cells.setdefault(rank, []).append(node)
    return min((cell for cell in cells.values() if len(cell) > 1), key=lambda cell: ranks[cell[0]], default=[])


def _individualised(ranks: list[int], cell: list[int], chosen: int) -> list[int]:
    """``chosen`` keeps the rank of its cell; the others of the cell move one up."""
    moved = ranks.copy()
    for node in cell:
        if node != chosen:
            moved[node] += 1
    return moved


def _first_leaf(texts: list[str], edges: Edges, ranks: list[int]) -> Certificate:
    """The certificate reached by always choosing the first tied node."""
    ranks = _refined(edges, ranks)
    while cell := _first_tied(ranks):
        ranks = _refined(edges, _individualised(ranks, cell, cell[0]))
    return _certificate(texts, edges, ranks)


def _smallest(texts: list[str], edges: Edges, ranks: list[int], leaves: set[Certificate]) -> Certificate:
    """The smallest certificate below ``ranks``; those of the leaves visited are added to ``leaves``.

    A choice whose first leaf repeats a certificate already seen below this point is the image of an earlier choice
    under an automorphism that fixes all choices made above (ranks keep their order, so equal certificates put the
    choices at equal places). Its whole branch repeats that certificate's branch and is skipped, which keeps many equal
    parallel branches from costing factorial time.
    """
    ranks = _refined(edges, ranks)
    cell = _first_tied(ranks)
    if not cell:
        certificate = _certificate(texts, edges, ranks)
        leaves.add(certificate)
        return certificate
    below: set[Certificate] = set()
    found = []
    for chosen in cell:
        branch = _individualised(ranks, cell, chosen)
        if below and _first_leaf(texts, edges, branch) in below:
            continue
        found.append(_smallest(texts, edges, branch, below))
    leaves |= below
    return min(found)
