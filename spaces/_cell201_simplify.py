"""Graphs of NAS-Bench-201 operations with everything removed that does not change the function."""

from __future__ import annotations

from functools import lru_cache

from spaces.architecture import Architecture, Node

_SKIP = Node("skip_connect")


@lru_cache(maxsize=1 << 15)
def simplified(architecture: Architecture) -> Architecture:
    """The same function without dead nodes and with identities contracted.

    ``none`` and whatever is on no live path from input to output goes. Each ``skip_connect`` is contracted; where m
    identity paths then join two nodes, the first is written as an edge and each other one as a ``skip_connect`` between
    them, since edges are unique and a node sums its inputs. Input and output stay, and kept nodes keep their order.

    A dead convolution's normalisation could learn a constant; as in the benchmark's own analysis a path that begins
    with ``none`` counts as nothing.

    Args:
        architecture: Any graph of the vocabulary with one ``input`` and one ``output``; simplified graphs too.
    """
    ops = [node.op for node in architecture.nodes]
    first, last = ops.index("input"), ops.index("output")
    paths: list[dict[int, int]] = [{} for _ in ops]  # of each node: its live sources, and identity paths from each
    for source, target in architecture.edges:  # sorted by source, so paths[source] is complete
        op = ops[source]
        if op == "skip_connect":
            for origin, count in paths[source].items():
                paths[target][origin] = paths[target].get(origin, 0) + count
        elif source == first or (paths[source] and op != "none"):
            paths[target][source] = paths[target].get(source, 0) + 1
    alive = {first, last}
    waiting = [last]
    while waiting:
        fresh = [origin for origin in paths[waiting.pop()] if origin not in alive]
        alive.update(fresh)
        waiting += fresh
    return _written(architecture, sorted(alive), paths)


def _written(architecture: Architecture, alive: list[int], paths: list[dict[int, int]]) -> Architecture:
    nodes: list[Node] = []
    edges: list[tuple[int, int]] = []
    place: dict[int, int] = {}
    for node in alive:
        inputs = []
        for origin, count in sorted(paths[node].items()):
            inputs.append(place[origin])
            for _ in range(count - 1):
                edges.append((place[origin], len(nodes)))
                inputs.append(len(nodes))
                nodes.append(_SKIP)
        place[node] = len(nodes)
        nodes.append(architecture.nodes[node])
        edges += [(position, place[node]) for position in inputs]
    simple = Architecture(tuple(nodes), tuple(sorted(edges)), architecture.settings)
    return architecture if simple == architecture else simple
