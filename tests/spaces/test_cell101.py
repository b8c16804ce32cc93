"""``cell101`` against the benchmark's own terms, brute force, and bad input."""

from collections import Counter
from typing import Any

import cell101_reference as reference
import networkx
import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import spaces
from spaces import Architecture, Node
from spaces.cell101 import Cell101

SPACE = Cell101()
SMALL = Cell101(4, 5, ops=["conv1x1-bn-relu", "maxpool3x3"], channels=4, stacks=1, modules=1, input_shape=(1, 4, 4))
SMALL_OPS = ("conv1x1-bn-relu", "maxpool3x3")
SMALL_MODULES = [module for size in (2, 3, 4) for module in reference.every_module(size, 5, SMALL_OPS)]
SINGLE = "010001000 input,maxpool3x3,output"
SEEDS = st.integers(0, 2**32 - 1)


def drawn(seed: int) -> Architecture:
    return SPACE.sample(np.random.default_rng(seed))


def module(architecture: Architecture) -> reference.Module:
    return reference.module(SPACE.format(architecture))


def class_of(found: reference.Module) -> str:
    return reference.text(reference.first(found))


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS)
def test_every_order_of_the_vertices_is_counted_as_the_first_of_the_enumeration(seed: int) -> None:
    """Widths of the reference, in the order of the first isomorphic module; 7 channels leave many remainders."""
    space = Cell101(channels=7, stacks=1, modules=1, input_shape=(3, 4, 4))
    matrix, ops = reference.first(module(drawn(seed)))
    last, wide = len(ops) - 1, {**reference.widths(matrix, 7), len(ops) - 1: 7}
    expected = 3 * 9 * 7 + 14 + 7 * 10 + 10
    expected += sum(7 * wide[vertex] + 2 * wide[vertex] for vertex in range(1, last + 1) if matrix[0][vertex])
    for vertex in range(1, last):
        kernel = {"conv3x3-bn-relu": 9, "conv1x1-bn-relu": 1}.get(ops[vertex], 0)
        expected += kernel and kernel * wide[vertex] ** 2 + 2 * wide[vertex]
    assert space.cost(drawn(seed)).parameters == expected


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS)
def test_the_network_computes_what_the_benchmark_says(seed: int) -> None:
    space = Cell101(channels=7, stacks=2, modules=2, input_shape=(2, 4, 6), classes=3)
    cell = drawn(seed)
    model = space.build(cell).double().eval()
    weights = [
        weight
        for layer in model.modules()
        if isinstance(layer, torch.nn.Conv2d | torch.nn.Linear)
        for weight in layer.parameters()
    ]
    x = torch.randn((2, 2, 4, 6), generator=torch.Generator().manual_seed(seed)).double()
    remaining = iter(weights)
    with torch.no_grad():
        expected = reference.output(reference.first(module(cell)), 7, 2, 2, remaining, x)
        torch.testing.assert_close(model(x), expected, rtol=1e-9, atol=1e-9)
    assert list(remaining) == []


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
def test_neighbours_are_what_trying_every_edit_gives(seed: int) -> None:
    """Up to isomorphism; of cells with 9 edges and, where the seed is odd, of smaller ones."""
    cell = Cell101(6, 7).sample(np.random.default_rng(seed)) if seed % 2 else drawn(seed)
    found = {class_of(module(neighbour)) for neighbour in SPACE.neighbours(cell)}
    assert found == {class_of(other) for other in reference.edited(module(cell), 7, 9)}


def test_neighbours_are_exact_symmetric_and_reach_everything_in_a_small_space() -> None:
    graph: networkx.DiGraph = networkx.DiGraph()
    for found in SMALL_MODULES:
        here = class_of(found)
        neighbours = {class_of(module(other)) for other in SMALL.neighbours(SMALL.parse(reference.text(found)))}
        assert neighbours == {class_of(other) for other in reference.edited(found, 4, 5, SMALL_OPS)}
        assert here not in neighbours
        graph.add_edges_from((here, other) for other in neighbours)
    assert set(graph) == {class_of(found) for found in SMALL_MODULES}
    assert all(graph.has_edge(after, before) for before, after in graph.edges)
    assert networkx.is_strongly_connected(graph)


def test_every_order_of_a_cell_has_the_same_neighbours() -> None:
    by_class: dict[str, set[frozenset[str]]] = {}
    for found in SMALL_MODULES:
        neighbours = SMALL.neighbours(SMALL.parse(reference.text(found)))
        by_class.setdefault(class_of(found), set()).add(frozenset(other.key for other in neighbours))
    assert len(by_class) < len(SMALL_MODULES)
    assert all(len(neighbourhoods) == 1 for neighbourhoods in by_class.values())


@pytest.mark.parametrize("text", ["0100 input,output", SINGLE, "0110001100010000 input,maxpool3x3,maxpool3x3,output"])
def test_mutations_are_even_over_the_neighbours(text: str) -> None:
    parent, rng = SMALL.parse(text), np.random.default_rng(0)
    expected = {SMALL.format(neighbour) for neighbour in SMALL.neighbours(parent)}
    found = Counter(SMALL.format(SMALL.mutate(parent, rng)) for _ in range(200 * len(expected)))
    assert set(found) == expected
    assert scipy.stats.chisquare(list(found.values())).pvalue > 1e-3


def test_samples_are_uniform_over_notations() -> None:
    rng = np.random.default_rng(0)
    found = Counter(SMALL.format(SMALL.sample(rng)) for _ in range(100 * len(SMALL_MODULES)))
    assert SMALL.size == len(SMALL_MODULES)
    assert set(found) == {reference.text(each) for each in SMALL_MODULES}
    assert scipy.stats.chisquare(list(found.values())).pvalue > 1e-3


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS)
def test_children_of_equal_size_take_each_vertex_from_one_parent(seed: int) -> None:
    rng = np.random.default_rng(seed)
    left, right = SPACE.sample(rng), SPACE.sample(rng)
    child = SPACE.crossover(left, right, rng)
    if not len(left.nodes) == len(right.nodes) == len(child.nodes):
        return

    def vertex(cell: Architecture, place: int) -> tuple[str, list[int]]:
        return cell.nodes[place].op, [source for source, target in cell.edges if target == place]

    for place in range(1, len(child.nodes)):
        assert vertex(child, place) in (vertex(left, place), vertex(right, place))


def test_crossover_draws_every_vertex_evenly() -> None:
    rng = np.random.default_rng(0)
    edges = "0111" + "0001" + "0001" + "0000"
    left = SPACE.parse(f"{edges} input,maxpool3x3,maxpool3x3,output")
    right = SPACE.parse(f"{edges} input,conv1x1-bn-relu,conv1x1-bn-relu,output")
    found = Counter(tuple(node.op[:4] for node in SPACE.crossover(left, right, rng).nodes[1:3]) for _ in range(2000))
    assert len(found) == 4
    assert scipy.stats.chisquare(list(found.values())).pvalue > 1e-3


def test_cells_of_different_sizes_meet_at_both_ends() -> None:
    """The output's edges come from one parent; a vertex that the shorter parent lacks is gone with its edges."""
    rng = np.random.default_rng(0)
    short, chain = SPACE.parse("0100 input,output"), SPACE.parse(SINGLE)
    found = {SPACE.format(SPACE.crossover(short, chain, rng)) for _ in range(50)}
    assert found == {SPACE.format(short), SPACE.format(chain)}


class Coins:
    """A generator whose coins fall as they are told."""

    def __init__(self, coins: list[int]) -> None:
        self.coins, self.asked = coins, 0

    def integers(self, high: int, size: int | None = None) -> Any:
        self.asked += 1
        return np.array(self.coins) if size else 1


def test_parents_that_give_no_cell_are_returned_themselves() -> None:
    """Vertex 1 is taken from the short parent, which has none, and the output, which reads it, from the other."""
    short, chain, coins = SPACE.parse("0100 input,output"), SPACE.parse(SINGLE), Coins([0, 0, 1, 0, 0, 0, 0])
    assert SPACE.crossover(short, chain, coins) is chain  # type: ignore[arg-type]
    assert coins.asked == 17


DEAD = Architecture(  # vertex 1 has no input, vertex 3 no output; 5 nodes of which input, 2 and output are alive
    tuple(map(Node, ("input", "maxpool3x3", "conv3x3-bn-relu", "conv1x1-bn-relu", "output"))),
    ((0, 2), (0, 3), (1, 2), (1, 4), (2, 3), (2, 4)),
)


def test_dead_vertices_are_dropped_by_simplify_cost_build_parse_and_hash() -> None:
    alive = SPACE.parse("010001000 input,conv3x3-bn-relu,output")
    assert SPACE.simplify(DEAD) == alive
    assert SPACE.cost(DEAD) == SPACE.cost(alive)
    assert SPACE.module_hash(DEAD) == SPACE.module_hash(alive)
    small = Cell101(channels=7, stacks=1, modules=1, input_shape=(1, 4, 4))
    assert sum(weight.numel() for weight in small.build(DEAD).parameters()) == small.cost(alive).parameters
    bits = "00110" + "00101" + "00011" + "00000" + "00000"
    assert SPACE.parse(f"{bits} {','.join(node.op for node in DEAD.nodes)}") == alive


def test_a_cell_too_large_for_the_space_is_counted_and_built_all_the_same() -> None:
    small = Cell101(channels=8, stacks=1, modules=1, input_shape=(1, 4, 4))
    chain = (Node("input"), *(Node("conv3x3-bn-relu") for _ in range(8)), Node("output"))
    large = Architecture(chain, tuple((place, place + 1) for place in range(9)))
    counted = sum(weight.numel() for weight in small.build(large).parameters())
    assert small.cost(large).parameters == counted


def test_a_cell_may_need_fewer_vertices_than_its_matrix_has() -> None:
    space = Cell101(vertices=3, edges=2, channels=3)
    bits = "0110" + "0001" + "0000" + "0000"
    assert space.format(space.parse(f"{bits} input,maxpool3x3,conv1x1-bn-relu,output")) == SINGLE


@pytest.mark.parametrize("text", ["0100 input,output", f"0{'1' * 6}{'0' * 42} input,{'maxpool3x3,' * 5}output"])
def test_cells_of_identities_survive_variation(text: str) -> None:
    rng = np.random.default_rng(0)
    cell = SPACE.parse(text)
    assert SPACE.format(cell) == "0100 input,output"
    for _ in range(50):
        SPACE.check(SPACE.mutate(cell, rng))
        SPACE.check(SPACE.crossover(cell, SPACE.sample(rng), rng))


def test_the_first_bit_may_be_missing() -> None:
    assert SPACE.parse(f"  {SINGLE[1:]}\n") == SPACE.parse(SINGLE)
    assert SPACE.parse("100 input,output") == SPACE.parse("0100 input,output")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "position 0 .*expected 0, 1 or a space and the operations; got the end"),
        ("010001000", "position 9 .*expected 0, 1 or a space and the operations; got the end"),
        ("0120 input,output", "position 2 .*expected 0, 1 or a space and the operations; got '20 input"),
        ("01000 input,output", "position 0 .*expected the n x n bits of a matrix of n >= 2 vertices, not 5 bits"),
        ("0 input", "position 0 .*expected the n x n bits of a matrix of n >= 2 vertices, not 1 bits"),
        ("0101 input,output", "position 3 .*expected 0 in row 1, column 1: edges lead from earlier to later vertices"),
        ("101 input,output", "position 2 .*expected 0 in row 1, column 1"),
        ("010101000 input,maxpool3x3,output", "position 3 .*expected 0 in row 1, column 0"),
        ("0100 inptu,output", "position 5 .*expected input; got 'inptu,output'"),
        ("010001000 input,conv,output", "position 16 .*expected one of conv3x3-bn-relu, .*; got 'conv,output'"),
        (
            "010001000 input,maxpool3x3",
            "position 26 .*expected a comma and the other operations of 3 vertices; got the",
        ),
        ("010001000 input,maxpool3x3,maxpool3x3", "position 27 .*expected output; got 'maxpool3x3'"),
        (f"{SINGLE},output", "position 33 .*expected the end after 3 vertices; got ',output'"),
        ("001000000 input,maxpool3x3,", "position 27 .*expected output; got the end"),
        ("000001000 input,maxpool3x3,output", r"path must lead from input to output; got the edges \(\(1, 2\),\)"),
    ],
)
def test_notation_that_does_not_parse_says_where(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SPACE.parse(text)


@pytest.mark.parametrize(
    ("space", "text", "message"),
    [
        (Cell101(vertices=3, channels=2), f"0111001100010000 input,{'maxpool3x3,' * 2}output", "3 vertices; got 4"),
        (Cell101(edges=4), f"0111001100010000 input,{'maxpool3x3,' * 2}output", "at most 4 edges; got 6: leave some"),
        (SMALL, "010001000 input,conv3x3-bn-relu,output", "position 16 .*one of conv1x1-bn-relu, maxpool3x3; got"),
    ],
)
def test_cells_beyond_the_limits_are_refused(space: Cell101, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        space.parse(text)


def altered(ops: str, edges: tuple[tuple[int, int], ...] = ((0, 1), (1, 2)), **settings: float) -> Architecture:
    return Architecture(tuple(map(Node, ops.split())), edges, tuple(settings.items()))


INVALID = [
    (altered("maxpool3x3 input output"), "vertex 1 must be one of conv3x3-bn-relu, .*; got 'input'"),
    (altered("input maxpool3x3 output", ((0, 2), (1, 2))), "path from input to output; of .* these do not: 1. Leave"),
    (DEAD, "on a path from input to output; of .* these do not: 1, 3. Leave them out, as simplify and parse do"),
    (altered("input conv output"), "one 'input', one 'output' and else conv3x3-bn-relu, .*; got input, conv, output"),
    (altered("input maxpool3x3 maxpool3x3"), "one 'input', one 'output' and else .*; got input, maxpool3x3, max"),
    (altered("input maxpool3x3 output", channels=8.0), r"no settings; got \{'channels': 8.0\}: leave them out"),
    (
        Architecture((Node("input"), Node("maxpool3x3", (("bits", 8.0),)), Node("output")), ((0, 1), (1, 2))),
        r"no attributes; vertex 1 has \{'bits': 8.0\}",
    ),
]


@pytest.mark.parametrize(("architecture", "message"), INVALID)
def test_graphs_outside_the_space_are_refused(architecture: Architecture, message: str) -> None:
    rng = np.random.default_rng(0)
    for call in (
        lambda: SPACE.check(architecture),
        lambda: SPACE.mutate(architecture, rng),
        lambda: SPACE.crossover(architecture, SPACE.parse(SINGLE), rng),
        lambda: SPACE.neighbours(architecture),
        lambda: SPACE.format(architecture),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_a_vertex_outside_the_chosen_operations_is_refused() -> None:
    with pytest.raises(ValueError, match="vertex 1 must be one of conv1x1-bn-relu, maxpool3x3; got 'conv3x3-bn-relu'"):
        SMALL.check(SPACE.parse("010001000 input,conv3x3-bn-relu,output"))


def test_graphs_that_are_no_cells_are_neither_counted_nor_built() -> None:
    for call in (SPACE.cost, SPACE.build, SPACE.simplify, SPACE.module_hash):
        with pytest.raises(ValueError, match=r"one 'input', one 'output' and else .*; got input, attention, output"):
            call(altered("input attention output"))
        with pytest.raises(ValueError, match=r"some path must lead from input to output; got the edges \(\(0, 1\),\)"):
            call(altered("input maxpool3x3 output", ((0, 1),)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"vertices": 8}, "vertices must be a whole number from 3 to 7; got 8"),
        ({"vertices": 2}, "vertices must be a whole number from 3 to 7; got 2"),
        ({"edges": 1}, "edges must be a whole number from 2 to 21; got 1"),
        ({"edges": "9"}, "edges must be a whole number from 2 to 21; got '9'"),
        ({"ops": []}, r"ops must be at least 1 different of conv3x3-bn-relu, .*; got \[\]"),
        ({"ops": ["maxpool3x3", "maxpool3x3"]}, r"at least 1 different of .*; got \['maxpool3x3', 'maxpool3x3'\]"),
        ({"ops": ["none"]}, "ops must be among conv3x3-bn-relu, .*; got 'none'"),
        ({"ops": "maxpool3x3"}, "ops must be a list; got 'maxpool3x3'"),
        ({"channels": 2.5}, "channels must be a whole number of at least 1; got 2.5"),
        ({"channels": 4}, "channels must be at least 5, one for each .*; got 4: widen the network or lower vertices"),
        ({"stacks": 0}, "stacks must be a whole number of at least 1; got 0"),
        ({"modules": True}, "modules must be a whole number of at least 1; got True"),
        ({"classes": 0}, "classes must be a whole number of at least 1; got 0"),
        ({"input_shape": 32}, "input_shape must be a list; got 32"),
        ({"input_shape": (3, 32)}, r"input_shape must be \(channels, height, width\); got \(3, 32\)"),
        ({"input_shape": (3, 0, 4)}, "input_shape must be a whole number of at least 1; got 0"),
        ({"input_shape": (3, 2, 32)}, "3 stacks halve .* multiples of 4; got 2x32: pad or resize .*take fewer stacks"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        spaces.load("cell101", **arguments)
