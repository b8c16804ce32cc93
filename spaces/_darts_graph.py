"""Genotypes as graphs of DARTS cells, and graphs back as genotypes; ``spaces/darts.py`` draws their layout."""

from __future__ import annotations

from functools import lru_cache

from spaces._darts_genotype import Cell, Genes, Input
from spaces._darts_layout import BEFORE_LAST, INPUTS, LAST
from spaces.architecture import Architecture, Node

OPS = (
    *("none", "max_pool_3x3", "avg_pool_3x3", "skip_connect"),
    *("sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5"),
)

_STATES = (0, 1, 4, 7, 10, 13)  # node of each state of a cell, counted from c_{k-2}; its output is the 14th
_STARTS = (1, 16)  # c_{k-2} of the normal and of the reduction cell
INSIDE = (*INPUTS, "add", "concat", *OPS)
NODES = [{op: Node(op, (("reduction", float(reduction)),)) for op in INSIDE} for reduction in (0, 1)]
_ENDS = {op: Node(op) for op in ("input", "output")}
_KNOWN = {*NODES[0].values(), *NODES[1].values(), *_ENDS.values()}
_FIXED = {0: _ENDS["input"], 31: _ENDS["output"]} | {
    start + offset: nodes[op]
    for start, nodes in zip(_STARTS, NODES, strict=True)
    for offset, op in {0: BEFORE_LAST, 1: LAST, 4: "add", 7: "add", 10: "add", 13: "add", 14: "concat"}.items()
}


@lru_cache(maxsize=1 << 14)
def graph_of(genes: Genes) -> Architecture:
    """The graph of both cells, laid out as ``spaces/darts.py`` says."""
    nodes = [_ENDS["input"]]
    for cell, known in zip(genes, NODES, strict=True):
        nodes += [known[BEFORE_LAST], known[LAST]]
        for (first, _), (second, _) in cell:
            nodes += [known[first], known[second], known["add"]]
        nodes.append(known["concat"])
    return Architecture((*nodes, _ENDS["output"]), _edges(genes))


def _edges(genes: Genes) -> tuple[tuple[int, int], ...]:
    edges = []
    for start, cell in zip(_STARTS, genes, strict=True):
        concat = start + 14
        edges += [(0, start), (0, start + 1), (concat, 31)]
        for first, ((_, low), (_, high)) in zip(range(start + 2, concat, 3), cell, strict=True):
            edges += [(start + _STATES[low], first), (start + _STATES[high], first + 1)]
            edges += [(first, first + 2), (first + 1, first + 2), (first + 2, concat)]
    edges.sort()
    return tuple(edges)


@lru_cache(maxsize=1 << 14)
def genes_of(architecture: Architecture, ops: tuple[str, ...]) -> Genes:
    """The two cells that ``graph_of`` made this graph of.

    Raises:
        ValueError: It is no such graph, or has an operation that is not among ``ops``.
    """
    nodes = architecture.nodes
    if len(nodes) != 32:
        raise ValueError(
            f"a pair of cells has 32 nodes; got {len(nodes)}. Graphs that simplify has shortened are no members: "
            "keep the original to vary or format it"
        )
    for position, node in _FIXED.items():
        if nodes[position] is not node and nodes[position] != node:
            raise ValueError(f"node {position} must be {_shown(node)}; got {_shown(nodes[position])}")
    reads: dict[int, list[int]] = {}
    for source, target in architecture.edges:
        reads.setdefault(target, []).append(source)
    normal, reduction = (_cell(nodes, reads, which, ops) for which in (0, 1))
    if architecture.edges != _edges((normal, reduction)):
        raise ValueError(
            "beside what the operations read, 'input' leads to c_{k-2} and c_{k-1}, two operations to each 'add', "
            f"the four to 'concat', and that to 'output'; got {architecture.edges}: build cells with parse"
        )
    if architecture.settings:
        raise ValueError(f"cells of this space have no settings; got {dict(architecture.settings)}")
    return normal, reduction


def _cell(nodes: tuple[Node, ...], reads: dict[int, list[int]], which: int, ops: tuple[str, ...]) -> Cell:
    start = _STARTS[which]
    pairs = []
    for node in range(4):
        states = {start + offset: state for state, offset in enumerate(_STATES[: node + 2])}
        inputs: list[Input] = []
        for position in (start + 2 + 3 * node, start + 3 + 3 * node):
            label, sources = nodes[position], reads.get(position, [])
            if label.op not in ops or (label is not NODES[which][label.op] and label != NODES[which][label.op]):
                raise ValueError(
                    f"node {position} must be one of {', '.join(ops)} with reduction={which}; got {_shown(label)}"
                )
            if len(sources) != 1 or sources[0] not in states:
                raise ValueError(f"node {position} must read one of nodes {list(states)}; it reads {sources}")
            inputs.append((label.op, states[sources[0]]))
        if inputs[0][1] >= inputs[1][1]:
            raise ValueError(
                "the two operations of an intermediate node read different states, the first the earlier one; "
                f"nodes {position - 1} and {position} read {reads[position - 1]} and {reads[position]}"
            )
        pairs.append((inputs[0], inputs[1]))
    return tuple(pairs)


def require_known(architecture: Architecture) -> None:
    """Passes where every node is of the vocabulary, and the parts that every graph of two cells has are there.

    Raises:
        ValueError: A node is unknown, or one of these parts is missing or there too often.
    """
    nodes = architecture.nodes
    for position, node in enumerate(nodes):
        if node not in _KNOWN:
            raise ValueError(
                f"a node is 'input', 'output', or one of {', '.join(INSIDE)} with the attribute reduction 0 or 1; "
                f"node {position} is {_shown(node)}"
            )
    ops = [node.op for node in nodes]
    if [ops.count(op) for op in ("input", "output", "concat", "add")] != [1, 1, 2, 8]:
        raise ValueError(
            "a graph of two cells has one 'input', one 'output', two 'concat' and eight 'add'; "
            f"got {', '.join(ops)}: build cells with parse"
        )


def _shown(node: Node) -> str:
    pairs = " ".join(f"{name}={value:g}" for name, value in node.attributes)
    return f"{node.op!r} with {pairs}" if pairs else repr(node.op)
