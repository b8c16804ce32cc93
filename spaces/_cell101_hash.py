"""The name that NAS-Bench-101 gives a cell, by which its tables are read."""

from __future__ import annotations

import hashlib

from spaces._cell101_graph import OPS, Cell


def module_hash(cell: Cell) -> str:
    """32 hexadecimal digits, equal for isomorphic cells: colour refinement after Weisfeiler and Leman with MD5.

    A vertex begins as the hash of its (outgoing edges, incoming edges, label); input is labelled -1, output -2. As many
    rounds as there are vertices hash its sorted predecessors, its sorted successors and itself anew; at last the sorted
    list of all is hashed. (Documented in the benchmark's ``generate_graphs``; Ying et al., ICML 2019.)

    Args:
        cell: A cell without dead vertices.
    """
    ops, edges = cell
    vertices = range(len(ops))
    labels = [-1, *[OPS.index(op) for op in ops[1:-1]], -2]
    sources = [[a for a, b in edges if b == vertex] for vertex in vertices]
    targets = [[b for a, b in edges if a == vertex] for vertex in vertices]
    hashes = [_md5(str((len(targets[vertex]), len(sources[vertex]), labels[vertex]))) for vertex in vertices]
    for _ in vertices:
        parts = [
            (*("".join(sorted([hashes[other] for other in others[vertex]])) for others in (sources, targets)), own)
            for vertex, own in enumerate(hashes)
        ]
        hashes = [_md5("|".join(part)) for part in parts]
    return _md5(str(sorted(hashes)))


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
