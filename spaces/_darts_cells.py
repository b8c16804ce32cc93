"""What flows in a graph of DARTS cells: the results each node sums, the nodes that matter, an order of the blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spaces._darts_layout import BEFORE_LAST, INPUTS, LAST
from spaces.architecture import Architecture

Sum = dict[int, int]  # node whose result is summed -> how often


@dataclass(frozen=True, slots=True)
class Flow:
    """A graph read as sums of results, with the identities between them resolved.

    Attributes:
        sums: Of each node, the live results that it sums: those of cell inputs and of operations other than identities.
        alive: The nodes among these that reach the network's output in at least one of the network's cells.
    """

    sums: list[Sum]
    alive: set[int]


def in_reduction(architecture: Architecture) -> list[bool]:
    """Of each node, whether it stands in the reduction cell."""
    return [node.attributes == (("reduction", 1.0),) for node in architecture.nodes]


def flow(architecture: Architecture, reductions: Sequence[bool]) -> Flow:
    """Resolves identities, ``none`` and dead nodes.

    ``add`` and, except where it halves an input of the reduction cell, ``skip_connect`` hand on what they sum. As in
    ``cell201``, an operation of nothing is nothing.

    Args:
        architecture: Any graph of the vocabulary.
        reductions: Of each cell of the network, whether it is a reduction cell.
    """
    ops = [node.op for node in architecture.nodes]
    inside = in_reduction(architecture)
    sums: list[Sum] = [{} for _ in ops]
    strided = set()
    for source, target in architecture.edges:  # sorted by source, so sums[source] is complete
        op, into = ops[source], sums[target]
        if op == "add" or (op == "skip_connect" and source not in strided):
            for origin, count in sums[source].items():
                into[origin] = into.get(origin, 0) + count
        elif op in INPUTS:
            into[source] = into.get(source, 0) + 1
            if inside[source]:
                strided.add(target)
        elif sums[source] and op not in ("none", "concat", "input"):
            into[source] = into.get(source, 0) + 1
    everything = _reached(sums, [node for node, op in enumerate(ops) if op == "add"], None)
    inputs = sum([ops[node] in INPUTS for node in everything])
    if inputs < 4 or any(op == "add" and not sums[node] for node, op in enumerate(ops)):
        everything = _needed_in_the_network(ops, sums, inside, reductions)
        sums = [{origin: count for origin, count in total.items() if origin in everything} for total in sums]
    return Flow(sums, everything)


def _reached(sums: list[Sum], readers: list[int], live: list[bool] | None) -> set[int]:
    """The live nodes whose results the readers sum, directly or through other such nodes; None: all are live."""
    needed: set[int] = set()
    while readers:
        for origin in sums[readers.pop()]:
            if origin not in needed and (live is None or live[origin]):
                needed.add(origin)
                readers.append(origin)
    return needed


def _needed_in_the_network(ops: list[str], sums: list[Sum], inside: list[bool], reductions: Sequence[bool]) -> set[int]:
    """The nodes that the last cell's output needs, found cell by cell: a cell may feed the next ones with zeros."""
    known: dict[tuple[bool, bool, bool], set[int]] = {}
    filled = [True, True]  # the stem is both inputs of the first cell; cell k is filled[k + 2]
    needs: list[set[int]] = []
    for reduction in reductions:
        case = (reduction, filled[-2], filled[-1])
        if case not in known:
            live: list[bool] = []
            for node, op in enumerate(ops):
                live.append(filled[-2 + (op == LAST)] if op in INPUTS else any(live[origin] for origin in sums[node]))
            adds = [node for node, op in enumerate(ops) if op == "add" and inside[node] == reduction]
            known[case] = _reached(sums, adds, live)
        needs.append(known[case])
        filled.append(bool(needs[-1]))
    wanted = [False] * (len(filled) - 1) + [True]
    everything: set[int] = set()
    for cell in reversed(range(len(reductions))):
        if wanted[cell + 2]:
            everything |= needs[cell]
            read = {ops[node] for node in needs[cell]}
            wanted[cell] |= BEFORE_LAST in read
            wanted[cell + 1] |= LAST in read
    return everything


def blocks(architecture: Architecture, flow: Flow, reduction: bool) -> list[int]:
    """The ``add`` nodes of a cell in an order that neither numbering nor identities change.

    The order is that of the expressions that the nodes compute, written as text; nodes with equal expressions are
    interchangeable up to their weights.
    """
    inside = in_reduction(architecture)
    texts: dict[int, str] = {}

    def written(total: Sum) -> str:
        return "+".join(sorted(f"{count}*{texts[origin]}" for origin, count in total.items()))

    found = []
    for node, (label, total) in enumerate(zip(architecture.nodes, flow.sums, strict=True)):
        if label.op == "add" and inside[node] == reduction:
            found.append((written(total), node))
        elif node in flow.alive:
            texts[node] = f"{label.op}({written(total)})"
    return [node for _, node in sorted(found)]
