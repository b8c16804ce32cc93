"""Statistics of graphs against counts over every path and node."""

import numpy as np
import pytest
from branching_space import BranchingSpace

from spaces.architecture import Architecture, Node
from surrogates.graph_statistics import GRAPH_STATISTICS, graph_statistics, is_graph_statistic, statistic_columns


def paths(graph: Architecture) -> list[list[int]]:
    """Every path from the input to the output, walked one by one."""
    ops = [node.op for node in graph.nodes]
    found, open_paths = [], [[ops.index("input")]]
    while open_paths:
        path = open_paths.pop()
        if ops[path[-1]] == "output":
            found.append(path)
        open_paths += [[*path, target] for source, target in graph.edges if source == path[-1]]
    return found


def test_they_are_those_of_every_path_and_node() -> None:
    space, rng = BranchingSpace(), np.random.default_rng(0)
    seen_without_path = 0
    for _ in range(60):
        graph = space.simplify(space.sample(rng))
        found = graph_statistics(graph)
        lengths = [len(path) - 2 for path in paths(graph)]
        seen_without_path += not lengths
        degrees = [sum(node in edge for edge in graph.edges) for node in range(len(graph.nodes))]
        outputs = [sum(node == source for source, _ in graph.edges) for node in range(len(graph.nodes))]
        assert found["graph_nodes"] == len(graph.nodes) - 2
        assert found["graph_edges"] == len(graph.edges)
        assert found["graph_paths"] == len(lengths)
        assert found["graph_longest_path"] == max(lengths, default=-1)
        assert found["graph_shortest_path"] == min(lengths, default=-1)
        assert found["graph_mean_path"] == pytest.approx(np.mean(lengths) if lengths else -1)
        assert found["graph_mean_degree"] == pytest.approx(np.mean(degrees))
        assert found["graph_most_outputs"] == max(outputs)
        assert found["graph_most_inputs"] == max(a - b for a, b in zip(degrees, outputs, strict=True))
        assert sum(value for name, value in found.items() if name.startswith("count_")) == len(graph.nodes) - 2
        assert all(name.isidentifier() and is_graph_statistic(name) for name in found)
    assert 0 < seen_without_path < 60


def test_names_of_operations_become_identifiers_and_idle_ones_are_not_counted() -> None:
    nodes = (Node("input"), Node("conv3x3-bn"), Node("none"), Node("conv3x3+bn"), Node("output"))
    found = graph_statistics(Architecture(nodes, ((0, 1), (1, 3), (2, 3), (3, 4))))
    assert {name: value for name, value in found.items() if name not in GRAPH_STATISTICS} == {"count_conv3x3_bn": 2.0}
    assert found["graph_nodes"] == found["graph_longest_path"] == 2.0


def test_columns_hold_what_differs() -> None:
    chain = Architecture((Node("input"), Node("conv"), Node("output")), ((0, 1), (1, 2)))
    longer = Architecture((Node("input"), Node("conv"), Node("pool"), Node("output")), ((0, 1), (1, 2), (2, 3)))
    columns = statistic_columns([chain, longer])
    assert columns["count_pool"].tolist() == [0.0, 1.0]
    assert columns["graph_longest_path"].tolist() == [1.0, 2.0]
    assert not columns.keys() & {"count_conv", "graph_paths", "graph_most_inputs"}
