"""Canonical keys against counts from the literature, networkx and graphs that defeat colour refinement."""

import itertools
import time

import networkx
import numpy as np
import pytest
import space_laws
from hypothesis import given, settings
from hypothesis import strategies as st

from spaces import Architecture, Node, canonical

Edges = tuple[tuple[int, int], ...]
GOLDEN = "a6a603b04371281a71c1"


def graph(labels: str, edges: Edges) -> Architecture:
    return Architecture(tuple(Node(label) for label in labels), tuple(sorted(edges)))


def all_upper_triangular(n: int) -> list[Edges]:
    pairs = list(itertools.combinations(range(n), 2))
    return [
        tuple(pair for pair, chosen in zip(pairs, mask, strict=True) if chosen)
        for mask in itertools.product((False, True), repeat=len(pairs))
    ]


def isomorphic(left: Architecture, right: Architecture) -> bool:
    """networkx's answer (VF2)."""
    graphs = []
    for architecture in (left, right):
        drawn = networkx.DiGraph(list(architecture.edges))
        drawn.add_nodes_from((index, {"label": node}) for index, node in enumerate(architecture.nodes))
        graphs.append(drawn)
    return bool(networkx.is_isomorphic(*graphs, node_match=lambda a, b: a["label"] == b["label"]))


def parallel_chains(chains: int, length: int) -> Architecture:
    last = 1 + chains * length
    edges = []
    for chain in range(chains):
        path = [0, *(1 + step * chains + chain for step in range(length)), last]
        edges += list(itertools.pairwise(path))
    return graph("i" + "a" * (chains * length) + "o", tuple(edges))


@pytest.mark.parametrize(("n", "expected"), [(1, 1), (2, 2), (3, 6), (4, 31), (5, 302), (6, 5984)])
def test_unlabelled_graphs_are_as_many_as_counted_by_robinson(n: int, expected: int) -> None:
    """Acyclic digraphs with n unlabelled nodes: Robinson (1973), OEIS A003087."""
    assert len({graph("a" * n, edges).key for edges in all_upper_triangular(n)}) == expected


def test_keys_agree_with_networkx_on_every_labelling_of_four_nodes() -> None:
    graphs = [
        graph("".join(labels), edges)
        for edges in all_upper_triangular(4)[::3]
        for labels in itertools.product("ab", repeat=4)
    ]
    classes: dict[str, Architecture] = {}
    for each in graphs:
        assert isomorphic(each, classes.setdefault(each.key, each))
    by_size: dict[tuple[int, str], list[Architecture]] = {}
    for each in classes.values():
        by_size.setdefault((len(each.edges), "".join(sorted(node.op for node in each.nodes))), []).append(each)
    for group in by_size.values():
        assert not any(isomorphic(left, right) for left, right in itertools.combinations(group, 2))


@st.composite
def random_graphs(draw: st.DrawFn) -> Architecture:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = int(rng.integers(2, 10))
    density = rng.uniform(0.1, 0.9)
    edges = tuple(pair for pair in itertools.combinations(range(n), 2) if rng.random() < density)
    nodes = tuple(
        Node(str(rng.choice(["a", "b"])), (("bits", float(rng.choice([4.0, 8.0]))),) if rng.random() < 0.3 else ())
        for _ in range(n)
    )
    return Architecture(nodes, edges, (("width", 1.5),))


@settings(max_examples=100, deadline=None)
@given(architecture=random_graphs(), seed=st.integers(0, 2**32 - 1))
def test_relabelling_keeps_the_key(architecture: Architecture, seed: int) -> None:
    assert space_laws.relabelled(architecture, np.random.default_rng(seed)).key == architecture.key


@settings(max_examples=100, deadline=None)
@given(architecture=random_graphs(), seed=st.integers(0, 2**32 - 1))
def test_moving_one_edge_changes_the_key_unless_networkx_says_it_is_the_same(
    architecture: Architecture, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    pairs = list(itertools.combinations(range(len(architecture.nodes)), 2))
    edges = set(architecture.edges) ^ {pairs[int(index)] for index in rng.integers(len(pairs), size=2)}
    moved = Architecture(architecture.nodes, tuple(sorted(edges)), architecture.settings)
    shuffled = space_laws.relabelled(moved, rng)
    assert (shuffled.key == architecture.key) == isomorphic(shuffled, architecture)


def cycles(*lengths: int) -> Architecture:
    """Disjoint undirected cycles of even length, every edge pointing from an even to an odd place."""
    lower, upper, edges = [], [], []
    for cycle, length in enumerate(lengths):
        lower += [(cycle, place) for place in range(0, length, 2)]
        upper += [(cycle, place) for place in range(1, length, 2)]
    number = {place: index for index, place in enumerate(lower + upper)}
    for cycle, place in lower:
        edges += [(number[cycle, place], number[cycle, (place + step) % lengths[cycle]]) for step in (-1, 1)]
    return graph("a" * len(number), tuple(edges))


def test_graphs_that_colour_refinement_cannot_tell_apart_have_different_keys() -> None:
    rng = np.random.default_rng(0)
    graphs = [cycles(12), cycles(8, 4), cycles(6, 6), cycles(4, 4, 4), cycles(14), cycles(10, 6), cycles(12, 8, 6)]
    assert len({each.key for each in graphs}) == 7
    for each in graphs:
        assert {space_laws.relabelled(each, rng).key for _ in range(15)} == {each.key}


@pytest.mark.parametrize(("chains", "length"), [(12, 1), (12, 2), (12, 3), (20, 2)])
def test_many_equal_branches_take_no_factorial_time(chains: int, length: int) -> None:
    architecture = parallel_chains(chains, length)
    shuffled = space_laws.relabelled(architecture, np.random.default_rng(1))
    start = time.perf_counter()
    assert shuffled.key == architecture.key
    assert time.perf_counter() - start < 2.0
    broken = Architecture(architecture.nodes, architecture.edges[1:])
    assert broken.key != architecture.key


def test_colliding_colours_cost_no_exactness(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canonical, "_label_colour", lambda text: 1)
    monkeypatch.setattr(canonical, "_mixed", lambda colours, edges: colours)
    assert len({graph("aaaa", edges).key for edges in all_upper_triangular(4)}) == 31
    assert graph("ab", ((0, 1),)).key != graph("ba", ((0, 1),)).key
    assert graph("abc", ((0, 2),)).key == graph("bac", ((1, 2),)).key


def test_everything_that_tells_networks_apart_is_in_the_key() -> None:
    plain = Architecture((Node("a"), Node("b")), ((0, 1),))
    others = [
        Architecture((Node("a"), Node("b")), ()),
        Architecture((Node("a"), Node("c")), ((0, 1),)),
        Architecture((Node("a"), Node("b", (("bits", 8.0),))), ((0, 1),)),
        Architecture((Node("a"), Node("b", (("bits", 4.0),))), ((0, 1),)),
        Architecture((Node("a"), Node("b")), ((0, 1),), (("channels", 8.0),)),
        Architecture((Node("a"), Node("b")), ((0, 1),), (("channels", 4.0),)),
        Architecture((Node("a"), Node("b")), ((0, 1),), (("width", 4.0),)),
        Architecture((Node('a"'), Node("|b")), ((0, 1),)),
    ]
    assert len({each.key for each in [plain, *others]}) == 9


def test_equal_numbers_of_different_types_are_the_same() -> None:
    keys = {
        Architecture((Node("a", (("bits", bits),)),), (), (("shift", shift),)).key
        for bits in (8, 8.0, np.float64(8))
        for shift in (0, 0.0, -0.0)
    }
    assert len(keys) == 1


def test_a_key_is_pinned_for_good() -> None:
    """Journals hold keys: whoever changes this value makes every journal written before unreadable."""
    nodes = (Node("input"), Node("conv", (("bits", 8.0), ("rate", 0.1))), Node("conv"), Node("output"))
    architecture = Architecture(nodes, ((0, 1), (0, 2), (1, 3), (2, 3)), (("channels", 16.0),))
    assert architecture.key == GOLDEN
