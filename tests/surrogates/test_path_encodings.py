"""Encodings of paths, walks and pairs against an enumeration by networkx; depth profiles by hand."""

from collections import Counter
from itertools import combinations
from math import prod

import networkx
import numpy as np
import pytest
from branching_space import WORKING, BranchingSpace
from encoding_laws import samples

from spaces import Architecture, Node, Space
from spaces.cell201 import Cell201
from spaces.macro import Macro
from surrogates import Encoding
from surrogates.encodings.contracted_paths import ContractedPaths
from surrogates.encodings.depth_profile import DepthProfile
from surrogates.encodings.operation_pairs import OperationPairs
from surrogates.encodings.paths import Paths
from surrogates.encodings.random_walks import RandomWalks

SPACES: list[Space] = [Cell201("compact", input_shape=(1, 8, 8)), BranchingSpace()]


def drawn(graph: Architecture) -> networkx.DiGraph:
    result = networkx.DiGraph(graph.edges)
    result.add_nodes_from(range(len(graph.nodes)))
    return result


def strings(graph: Architecture) -> list[tuple[str, ...]]:
    paths = networkx.all_simple_paths(drawn(graph), 0, len(graph.nodes) - 1)
    return [tuple(graph.nodes[node].op for node in path[1:-1]) for path in paths]


def rows(encoding: Encoding, architectures: list[Architecture]) -> list[dict[str, float]]:
    return [dict(zip(encoding.names, row, strict=True)) for row in encoding.encode(architectures).tolist()]


@pytest.mark.parametrize("space", SPACES, ids=["cell", "branching"])
def test_path_columns_are_those_of_an_enumeration(space: Space) -> None:
    architectures = samples(space, 100)
    found = zip(rows(Paths(space), architectures), rows(ContractedPaths(space), architectures), strict=True)
    for architecture, (plain, contracted) in zip(architectures, found, strict=True):
        full = strings(space.simplify(architecture))
        assert {name for name, value in plain.items() if value} == {f"path[{'>'.join(s)}]" for s in full} & set(plain)
        short = [tuple(op for op in string if op not in ("skip", "skip_connect")) for string in full]
        for string, count in Counter(short).items():
            if (name := f"strings[{'>'.join(string)}]") in contracted:
                assert contracted[name] == pytest.approx(2 * np.log1p(count))
        columns = {name for name, value in contracted.items() if value and name.startswith("strings[")}
        assert columns == {f"strings[{'>'.join(s)}]" for s in short} & set(contracted)
        weighted = [sum("pool" not in op for op in string) for string in short] or [-1]
        assert contracted["paths[log_paths]"] == pytest.approx(np.log1p(len(full)))
        assert contracted["paths[most_weighted]"] == max(weighted)
        assert contracted["paths[fewest_weighted]"] == min(weighted)
        assert contracted["paths[mean_weighted]"] == pytest.approx(np.mean(weighted))
        assert contracted["paths[identity_path]"] == (() in short)
        assert contracted["paths[longest]"] == max(map(len, short), default=-1)
        unpooled = [string for string in short if not any("pool" in op for op in string)]
        assert contracted["paths[share_without_pooling]"] == pytest.approx(len(unpooled) / max(len(short), 1))


def test_compositions_add_up_strings_and_kernels_are_read_from_names() -> None:
    cell = SPACES[0].parse("|nor_conv_3x3~0|+|nor_conv_1x1~0|nor_conv_1x1~1|+|none~0|avg_pool_3x3~1|nor_conv_3x3~2|")
    (row,) = rows(ContractedPaths(SPACES[0]), [cell])  # 3x3>1x1>3x3, 1x1>3x3 and 3x3>pool
    assert row["compositions[nor_conv_1x1=1,nor_conv_3x3=1]"] == pytest.approx(2 * np.log(2))
    assert row["compositions[nor_conv_1x1=1,nor_conv_3x3=2]"] == pytest.approx(2 * np.log(2))
    assert (row["paths[most_kernel]"], row["paths[distinct_strings]"]) == (7, 3)
    assert row["paths[mean_kernel]"] == pytest.approx((7 + 4 + 3) / 3)


@pytest.mark.parametrize("space", SPACES, ids=["cell", "branching"])
def test_walks_are_those_of_all_paths_with_their_chances(space: Space) -> None:
    architectures = samples(space, 60)
    sets = ["pool|skip", "conv"] if isinstance(space, BranchingSpace) else ["skip_connect", "nor_conv_1x1|nor_conv_3x3"]
    for architecture, row in zip(architectures, rows(RandomWalks(space), architectures), strict=True):
        graph = space.simplify(architecture)
        net, last = drawn(graph), len(graph.nodes) - 1
        paths = list(networkx.all_simple_paths(net, 0, last))
        for way, degree in (("back", net.in_degree), ("forward", net.out_degree)):
            chances = [prod(1 / max(degree(node), 1) for node in path if degree(node)) for path in paths]
            for chosen in sets:
                met = [sum(graph.nodes[node].op in chosen.split("|") for node in path) for path in paths]
                expected = sum(c * k for c, k in zip(chances, met, strict=True))
                none = sum(c for c, k in zip(chances, met, strict=True) if not k) if paths else 1.0
                assert row[f"walk_{way}({chosen})"] == pytest.approx(expected, abs=1e-6)
                assert row[f"avoid_{way}({chosen})"] == pytest.approx(none, abs=1e-6)


def test_pairs_are_those_of_networkx() -> None:
    space = SPACES[1]
    architectures = samples(space, 60)
    for architecture, row in zip(architectures, rows(OperationPairs(space), architectures), strict=True):
        graph = space.simplify(architecture)
        ops, net = [node.op for node in graph.nodes], drawn(graph)
        above = [(i, j) for i in net for j in networkx.descendants(net, i)]
        apart = [p for p in combinations(range(len(ops)), 2) if p not in above]
        expected = Counter(f"follows[{ops[i]}>{ops[j]}]" for i, j in graph.edges)
        expected += Counter(f"above[{ops[i]}>{ops[j]}]" for i, j in above)
        named = [sorted((ops[i], ops[j]), key=space.ops.index) for i, j in apart]
        expected += Counter(f"parallel[{a}>{b}]" for a, b in named)
        assert {name: value for name, value in row.items() if value} == {
            name: count for name, count in expected.items() if name in row
        }
    assert len(row) > 2 * len(WORKING)


def test_a_chains_profile_by_hand() -> None:
    space = Macro([1, 2], channels=4, head_channels=8, input_shape=[2, 5, 8], classes=3)
    (deep, short) = rows(DepthProfile(space), [space.parse("121"), space.parse("102")])
    assert [deep[f"at[mb6_k5@{place}/3]"] for place in (1, 2, 3)] == [0, 1, 0]
    # Channels 8, 16, 16: attributes of nodes that have them, whatever their operation.
    assert [deep[f"at[channels@{place}/3]"] for place in (1, 2, 3)] == [8, 16, 16]
    simplified = space.simplify(space.parse("102"))
    assert [node.op for node in simplified.nodes[1:-1]] in (["mb3_k3", "mb6_k5"], ["mb3_k3", "identity", "mb6_k5"])
    if len(simplified.nodes) == 5:
        assert short["at[identity@2/3]"] == 1


def test_two_levels_fill_three_places_by_their_overlap() -> None:
    space = BranchingSpace()
    chain = Architecture(
        (Node("input"), Node("conv", (("bits", 2.0),)), Node("pool", (("bits", 8.0),)), Node("output")),
        ((0, 1), (1, 2), (2, 3)),
        (("depth", 1.0), ("resolution", 16.0)),
    )
    encoding = DepthProfile(space)
    (row,) = rows(encoding, [chain])
    places = max(int(name.split("/")[1].rstrip("]")) for name in encoding.names if name.startswith("at[bits@"))
    centre = [row[f"at[bits@{place}/{places}]"] for place in range(1, places + 1)]
    assert centre[0] == 2
    assert centre[-1] == 8
    assert np.mean(centre) == pytest.approx(5)
    assert all(np.isnan(row[name]) for name in row if name.startswith("at[channels@"))
