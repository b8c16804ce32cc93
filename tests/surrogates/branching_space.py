"""A space unlike ``cell201``: graphs of any shape, node attributes, several settings and nine operations."""

from collections.abc import Iterator

import numpy as np
from torch import nn

from spaces import Architecture, Cost, Node, Space

WORKING = ("conv", "dilated", "depthwise", "mixer", "attention", "pool", "skip")


class BranchingSpace(Space):
    """Random directed acyclic graphs of up to eight working nodes; nothing lives on a disconnected graph."""

    ops = ("input", "output", *WORKING)
    attributes = ("channels", "bits")
    input_shape = (1, 8, 8)
    classes = 10
    size = None

    def sample(self, rng: np.random.Generator) -> Architecture:
        count = int(rng.integers(0, 9))
        working = [
            Node(str(rng.choice(WORKING)), (("bits", 8.0),) if rng.random() < 0.3 else (("channels", 16.0),))
            for _ in range(count)
        ]
        n = count + 2
        edges = [(i, j) for i in range(n) for j in range(i + 1, n) if rng.random() < 0.35]
        settings = (("depth", float(rng.integers(1, 5))), ("resolution", float(rng.choice([16, 32]))))
        return Architecture((Node("input"), *working, Node("output")), tuple(edges), settings)

    def simplify(self, architecture: Architecture) -> Architecture:
        last = len(architecture.nodes) - 1
        reached, leads = {0}, {last}
        for source, target in architecture.edges:
            if source in reached:
                reached.add(target)
        for source, target in reversed(architecture.edges):
            if target in leads:
                leads.add(source)
        alive = sorted((reached & leads) | {0, last})
        place = {node: position for position, node in enumerate(alive)}
        edges = tuple((place[i], place[j]) for i, j in architecture.edges if i in place and j in place)
        return Architecture(tuple(architecture.nodes[node] for node in alive), edges, architecture.settings)

    def cost(self, architecture: Architecture) -> Cost:
        return Cost(100 * len(architecture.nodes), 1000 * len(architecture.edges))

    def mutate(self, architecture: Architecture, rng: np.random.Generator) -> Architecture:
        return self.sample(rng)

    def crossover(self, left: Architecture, right: Architecture, rng: np.random.Generator) -> Architecture:
        return left

    def neighbours(self, architecture: Architecture) -> Iterator[Architecture]:
        return iter(())

    def check(self, architecture: Architecture) -> None:
        pass

    def build(self, architecture: Architecture) -> nn.Module:
        raise NotImplementedError

    def parse(self, text: str) -> Architecture:
        raise NotImplementedError

    def format(self, architecture: Architecture) -> str:
        raise NotImplementedError


def relabelled(architecture: Architecture, rng: np.random.Generator) -> Architecture:
    """The same graph with its nodes in another topological order, input first and output last."""
    n = len(architecture.nodes)
    waiting = {node: sum(target == node for _, target in architecture.edges) for node in range(n)}
    order: list[int] = []
    while waiting:
        ready = [node for node, open_edges in waiting.items() if open_edges == 0 and node not in (0, n - 1)]
        chosen = 0 if 0 in waiting else int(rng.choice(ready)) if ready else n - 1
        order.append(chosen)
        del waiting[chosen]
        for source, target in architecture.edges:
            if source == chosen:
                waiting[target] -= 1
    place = {node: position for position, node in enumerate(order)}
    edges = tuple(sorted((place[source], place[target]) for source, target in architecture.edges))
    return Architecture(tuple(architecture.nodes[node] for node in order), edges, architecture.settings)
