"""Graph features against an enumeration of all paths by networkx."""

from itertools import combinations

import networkx
import numpy as np
import pytest
from branching_space import WORKING, BranchingSpace
from encoding_laws import samples

from spaces import Architecture, Node, Space
from spaces.cell201 import Cell201
from surrogates.encodings.graph_batch import GraphBatch
from surrogates.encodings.graph_features import GraphFeatures

CELL = Cell201("compact", channels=(4, 8), input_shape=(1, 8, 8))
CELL_OPS = ("skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")


def expected(space: Space, architecture: Architecture, sets: list[tuple[str, ...]]) -> dict[str, float]:
    graph = space.simplify(architecture)
    ops = [node.op for node in graph.nodes]
    drawn = networkx.DiGraph(graph.edges)
    drawn.add_nodes_from(range(len(ops)))
    paths = [[ops[node] for node in path[1:-1]] for path in networkx.all_simple_paths(drawn, 0, len(ops) - 1)]
    features = {f"count({op})": float(ops.count(op)) for op in space.ops}
    features["edges"] = float(len(graph.edges))
    for chosen in sets:
        label = "|".join(chosen)
        within = [len(path) for path in paths if set(path) <= set(chosen)]
        members = [sum(op in chosen for op in path) for path in paths]
        features[f"paths_within({label})"] = float(np.log1p(len(within)))
        features[f"shortest_within({label})"] = min(within, default=-1)
        features[f"longest_within({label})"] = max(within, default=-1)
        features[f"most_on_path({label})"] = max(members, default=-1)
        features[f"fewest_on_path({label})"] = min(members, default=-1)
        features[f"mean_on_path({label})"] = float(np.mean(members)) if members else -1
        features[f"input_degree({label})"] = sum(ops[node] in chosen for node in drawn.successors(0))
        features[f"output_degree({label})"] = sum(ops[node] in chosen for node in drawn.predecessors(len(ops) - 1))
    features |= {f"setting({name})": value for name, value in graph.settings}
    for name in space.attributes:
        values = [dict(node.attributes)[name] for node in graph.nodes if name in dict(node.attributes)]
        features[f"sum({name})"] = sum(values)
        features[f"mean({name})"] = float(np.mean(values)) if values else float("nan")
    return features


@pytest.mark.parametrize(
    ("space", "sets"),
    [
        (CELL, [chosen for size in (1, 2, 3, 4) for chosen in combinations(CELL_OPS, size)]),
        (BranchingSpace(), [chosen for size in (1, 2, 6, 7) for chosen in combinations(WORKING, size)]),
    ],
    ids=["cell", "branching"],
)
def test_equals_enumeration(space: Space, sets: list[tuple[str, ...]]) -> None:
    architectures = samples(space, 150)
    encoding = GraphFeatures(space)
    rows = encoding.encode(architectures)
    for architecture, row in zip(architectures, rows, strict=True):
        features = expected(space, architecture, sets)
        assert set(encoding.names) == set(features)
        np.testing.assert_allclose(row, [features[name] for name in encoding.names], rtol=1e-6)


def test_a_dead_cell_has_no_path() -> None:
    dead = CELL.parse("|none~0|+|none~0|none~1|+|none~0|none~1|none~2| channels=4")
    encoding = GraphFeatures(CELL)
    row = dict(zip(encoding.names, encoding.encode([dead])[0].tolist(), strict=True))
    assert row["paths_within(nor_conv_3x3)"] == 0
    assert row["shortest_within(nor_conv_3x3)"] == -1
    assert row["mean_on_path(skip_connect|nor_conv_1x1|nor_conv_3x3|avg_pool_3x3)"] == -1
    assert row["setting(channels)"] == 4


def test_an_unknown_operation_is_refused() -> None:
    foreign = Architecture((Node("input"), Node("warp"), Node("output")), ((0, 1), (1, 2)), (("depth", 1.0),))
    with pytest.raises(ValueError, match=r"must be among the space's ops .*; got 'warp'"):
        GraphFeatures(BranchingSpace()).encode([foreign])


def test_graphs_without_input_and_output_begin_and_end_where_no_edge_does() -> None:
    graph = Architecture(tuple(Node(op) for op in "aabb"), ((0, 2), (1, 2), (1, 3)))
    batch = GraphBatch.of([graph], ("a", "b"))
    assert batch.sources.tolist() == [[True, True, False, False]]
    assert batch.sinks.tolist() == [[False, False, True, True]]
    everything = np.ones((3, 1))
    paths = batch.path_statistics(everything.astype(bool), everything)
    assert (paths.count.item(), paths.total.item(), paths.shortest.item(), paths.longest.item()) == (3, 6, 2, 2)


def test_paths_without_number_stay_finite() -> None:
    layers = 1500  # of two parallel nodes each: 2**1500 paths
    nodes = [Node("input"), *(Node("conv") for _ in range(2 * layers)), Node("output")]
    edges = [(0, 1), (0, 2), (2 * layers - 1, 2 * layers + 1), (2 * layers, 2 * layers + 1)]
    edges += [(2 * k + i, 2 * k + 2 + j) for k in range(layers - 1) for i in (1, 2) for j in (1, 2)]
    deep = Architecture(tuple(nodes), tuple(sorted(edges)), (("depth", 1.0), ("resolution", 16.0)))
    encoding = GraphFeatures(BranchingSpace())
    row = dict(zip(encoding.names, encoding.encode([deep])[0].tolist(), strict=True))
    assert row["longest_within(conv)"] == row["shortest_within(conv)"] == layers
    assert 600 < row["paths_within(conv)"] < 710
    assert 0 < row["mean_on_path(conv)"] <= layers


def test_a_batch_in_lots_is_the_batches_of_its_parts() -> None:
    graphs = [CELL.simplify(graph) for graph in samples(CELL, 7)]
    lots = list(GraphBatch.of(graphs, CELL.ops).lots(3))
    assert [len(lot.ops) for lot in lots] == [3, 3, 1]
    everything = np.ones((len(CELL.ops) + 1, 1))
    for lot, start in zip(lots, (0, 3, 6), strict=True):
        alone = GraphBatch.of(graphs[start : start + 3], CELL.ops)
        np.testing.assert_array_equal(lot.edges, alone.edges)
        for ours, theirs in (lot, alone), (lot.reversed(), alone.reversed()):
            found, expected = (one.path_statistics(everything.astype(bool), everything) for one in (ours, theirs))
            np.testing.assert_array_equal(found.count, expected.count)
            np.testing.assert_array_equal(found.total, expected.total)
