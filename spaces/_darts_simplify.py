"""Graphs of DARTS cells with everything removed that does not change the function."""

from __future__ import annotations

from functools import lru_cache

from spaces._darts_cells import Sum, flow
from spaces._darts_graph import require_known
from spaces._darts_layout import INPUTS
from spaces.architecture import Architecture, Node

_FRAME = ("input", "concat", "output")
_READ_THE_FRAME = (*INPUTS, "concat", "output")


@lru_cache(maxsize=1 << 14)
def simplified(architecture: Architecture, reductions: tuple[bool, ...]) -> Architecture:
    """The same function without dead nodes and with identities contracted, in a canonical form.

    - ``none``, and whatever in no cell of the network reaches the output, goes. The eight ``add`` nodes stay, one
      without inputs for a block of zeros: the concatenation keeps its width.
    - Each ``skip_connect`` between results of equal shape is contracted, so an ``add`` sums the results of cell inputs
      and operations directly. Where one counts m times, it comes by one edge and m - 1 ``skip_connect`` nodes.
    - An operation reads one node: a single result directly, a sum from the first ``add`` that has it.

    Args:
        architecture: Any graph of the vocabulary; simplified graphs too.
        reductions: Of each cell of the network, whether it is a reduction cell.

    Raises:
        ValueError: It is no such graph.
    """
    require_known(architecture)
    found = flow(architecture, reductions)
    nodes: list[Node] = []
    edges: list[tuple[int, int]] = []
    place: dict[int, int] = {}
    first: dict[frozenset[tuple[int, int]], int] = {}
    for node, label in enumerate(architecture.nodes):
        total = found.sums[node]
        if label.op == "add":
            sources = _summed(total, place, label, nodes, edges)
            first.setdefault(frozenset(total.items()), len(nodes))
        elif node in found.alive:
            known = first.get(frozenset(total.items())) if sum(total.values()) > 1 else None
            sources = _summed(total, place, label, nodes, edges) if known is None else [known]
        elif label.op in _FRAME:
            sources = []
        else:
            continue
        place[node] = len(nodes)
        edges += [(source, len(nodes)) for source in sources]
        nodes.append(label)
    for source, target in architecture.edges:
        if target in place and source in place and architecture.nodes[target].op in _READ_THE_FRAME:
            edges.append((place[source], place[target]))
    edges.sort()
    simple = Architecture(tuple(nodes), tuple(edges), architecture.settings)
    return architecture if simple == architecture else simple


def _summed(
    total: Sum, place: dict[int, int], label: Node, nodes: list[Node], edges: list[tuple[int, int]]
) -> list[int]:
    """The nodes that ``label``'s node must read to sum ``total``; appends the identities that repeat a result."""
    sources = [place[origin] for origin in total]
    if sum(total.values()) > len(total):
        for origin, count in sorted(total.items()):
            for _ in range(count - 1):
                edges.append((place[origin], len(nodes)))
                sources.append(len(nodes))
                nodes.append(Node("skip_connect", label.attributes))
    return sources
