"""``cell201`` against the benchmark's own terms, brute force, and bad input."""

import itertools
from collections import Counter
from typing import Any

import cell201_reference as reference
import networkx
import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import spaces
from spaces import Architecture, Node
from spaces.cell201 import Cell201

NONE = reference.notation(("none",) * 6)
SKIP = reference.notation(("skip_connect",) * 6)
COMPACT = Cell201("compact", input_shape=(1, 8, 8))
NOTATIONS = st.tuples(*[st.sampled_from(reference.OPS)] * 6).map(reference.notation)


def graph_expression(architecture: Architecture) -> reference.Sum:
    """The graph as the nested sum that ``reference.expression`` gives, operations numbered in the graph's order."""
    sums: list[Counter[reference.Term]] = []
    number = 0
    for index, node in enumerate(architecture.nodes):
        total: Counter[reference.Term] = Counter()
        for source, target in architecture.edges:
            if target == index:
                total.update(sums[source])
        if node.op == "input":
            sums.append(Counter({("x",): 1}))
        elif node.op in ("skip_connect", "output"):
            sums.append(total)
        else:
            sums.append(Counter({(node.op, number, frozenset(total.items())): 1}))
            number += 1
    return frozenset(sums[-1].items())


def renumbered(whole: reference.Sum, numbers: list[int]) -> reference.Sum:
    return frozenset(
        (term if len(term) == 1 else (term[0], numbers.index(term[1]), renumbered(term[2], numbers)), count)  # type: ignore[arg-type]
        for term, count in whole
    )


def test_simplify_of_every_cell_is_the_benchmarks_sum_of_operations() -> None:
    """Exact for all 15,625 cells: live operations in their order, what each reads and how often."""
    space = Cell201()
    for text in reference.every_notation():
        expected = reference.expression(text, named=True)
        simplified = space.simplify(space.parse(text))
        assert graph_expression(simplified) == renumbered(expected, reference.live_edges(expected))
        operations = [node.op for node in simplified.nodes if node.op not in ("input", "output", "skip_connect")]
        assert len(operations) == len(reference.live_edges(expected))
        assert "none" not in operations


@pytest.mark.parametrize(
    ("text", "nodes", "edges"),
    [
        (NONE, "input output", ()),
        ("|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|avg_pool_3x3~2|", "input output", ()),
        ("|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|", "input output", ((0, 1),)),
        (
            SKIP,  # four identity paths: 0-3, 0-1-3, 0-2-3, 0-1-2-3
            "input skip_connect skip_connect skip_connect output",
            ((0, 1), (0, 2), (0, 3), (0, 4), (1, 4), (2, 4), (3, 4)),
        ),
        (
            "|skip_connect~0|+|skip_connect~0|skip_connect~1|+|none~0|none~1|nor_conv_3x3~2|",
            "input skip_connect nor_conv_3x3 output",
            ((0, 1), (0, 2), (1, 2), (2, 3)),
        ),
    ],
)
def test_simplified_graphs_written_by_hand(text: str, nodes: str, edges: Any) -> None:
    simplified = COMPACT.simplify(COMPACT.parse(text))
    assert " ".join(node.op for node in simplified.nodes) == nodes
    assert simplified.edges == edges
    assert simplified.settings == (("channels", 8.0),)


def test_classes_of_three_operations_are_those_of_networkx() -> None:
    ops = ("none", "skip_connect", "nor_conv_3x3")
    graphs: dict[str, list[networkx.DiGraph]] = {}
    for text in reference.every_notation(ops):
        simplified = COMPACT.simplify(COMPACT.parse(text))
        drawn = networkx.DiGraph(list(simplified.edges))
        drawn.add_nodes_from((index, {"op": node.op}) for index, node in enumerate(simplified.nodes))
        graphs.setdefault(simplified.key, []).append(drawn)

    def same(left: networkx.DiGraph, right: networkx.DiGraph) -> bool:
        return bool(networkx.is_isomorphic(left, right, node_match=lambda a, b: a["op"] == b["op"]))

    assert sum(map(len, graphs.values())) == 729
    assert all(same(group[0], other) for group in graphs.values() for other in group[1:])
    assert not any(same(left[0], right[0]) for left, right in itertools.combinations(graphs.values(), 2))


@pytest.mark.parametrize(("skeleton", "cells", "size"), [("nasbench201", 2, 8), ("compact", 1, 6)])
@settings(max_examples=15, deadline=None)
@given(text=NOTATIONS, seed=st.integers(0, 2**32 - 1))
def test_the_network_computes_what_the_benchmark_says(
    skeleton: str, cells: int, size: int, text: str, seed: int
) -> None:
    space = Cell201(skeleton, channels=3, cells=cells, input_shape=(2, size, size), classes=4)
    x = torch.randn((2, 2, size, size), generator=torch.Generator().manual_seed(seed)).double()
    model = space.build(space.parse(text)).double().eval()
    weights = [
        weight
        for module in model.modules()
        if isinstance(module, torch.nn.Conv2d | torch.nn.Linear)
        for weight in module.parameters()
    ]
    with torch.no_grad():
        expected = reference.output(text, skeleton, cells, iter(weights), x)
        torch.testing.assert_close(model(x), expected, rtol=1e-9, atol=1e-9)


@settings(max_examples=15, deadline=None)
@given(text=NOTATIONS, seed=st.integers(0, 2**32 - 1))
def test_simplify_keeps_the_outputs_when_every_operation_has_weights_of_its_own(text: str, seed: int) -> None:
    """The benchmark's network of the raw cell, and ours of the simplified one, given the live weights in order."""
    space = Cell201("compact", channels=3, input_shape=(1, 6, 6))
    raw, kept = space.parse(text), reference.live_edges(reference.expression(text, named=True))
    x = torch.randn((2, 1, 6, 6), generator=torch.Generator().manual_seed(seed)).double()
    source, target = (space.build(graph).double().eval() for graph in (raw, space.simplify(raw)))
    given_convolutions = [module for module in source.modules() if isinstance(module, torch.nn.Conv2d)]
    taken = [module for module in target.modules() if isinstance(module, torch.nn.Conv2d)]
    convolutions = [edge for edge, op in enumerate(reference.operations(text)) if op.startswith("nor_conv")]
    n = len(convolutions)
    stage = [place for place, edge in enumerate(convolutions, start=1) if edge in kept]
    live = [0, *stage, n + 1, *(place + n + 1 for place in stage)]  # stem, first cell, 1x1 convolution, second cell
    for place, module in zip(live, taken, strict=True):
        module.load_state_dict(given_convolutions[place].state_dict())
    target[-1].load_state_dict(source[-1].state_dict())
    weights = [*(module.weight for module in given_convolutions), *source[-1].parameters()]
    with torch.no_grad():
        expected = reference.output(text, "compact", 1, iter(weights), x)
        torch.testing.assert_close(target(x), expected, rtol=1e-9, atol=1e-9)


def test_neighbours_are_all_cells_at_distance_one() -> None:
    ops = ("none", "nor_conv_1x1", "avg_pool_3x3")
    space = Cell201("compact", channels=[4, 8], ops=ops)
    everything = [f"{text} channels={width}" for text in reference.every_notation(ops) for width in (4, 8)]
    assert space.size == len(everything) == 1458

    def distance(left: str, right: str) -> int:
        ours, theirs = ((*reference.operations(text), text.split("=")[1]) for text in (left, right))
        return sum(a != b for a, b in zip(ours, theirs, strict=True))

    for text in everything[:: 1458 // 12]:
        found = sorted(space.format(neighbour) for neighbour in space.neighbours(space.parse(text)))
        assert found == sorted(other for other in everything if distance(text, other) == 1)


@pytest.mark.parametrize(
    "text", [NONE, SKIP, "|nor_conv_3x3~0|+|none~0|avg_pool_3x3~1|+|skip_connect~0|none~1|none~2|"]
)
def test_mutations_are_even_over_the_edits_that_change_the_function(text: str) -> None:
    space = Cell201("compact", channels=[4, 8])
    parent, rng = space.parse(f"{text} channels=4"), np.random.default_rng(0)
    here = operations_and_sums(text)
    changing = {
        reference.notation((*ops[:place], op, *ops[place + 1 :]))
        for ops in [reference.operations(text)]
        for place in range(6)
        for op in reference.OPS
        if operations_and_sums(reference.notation((*ops[:place], op, *ops[place + 1 :]))) != here
    }
    expected = {f"{child} channels=4" for child in changing} | {f"{text} channels=8"}
    drawn = Counter(space.format(space.mutate(parent, rng)) for _ in range(100 * len(expected)))
    assert set(drawn) == expected
    assert scipy.stats.chisquare(list(drawn.values())).pvalue > 1e-3


def operations_and_sums(text: str) -> reference.Sum:
    return reference.expression(text, named=False)


def test_crossover_draws_every_gene_evenly_from_the_two_parents() -> None:
    space, rng = Cell201("compact", channels=[4, 8]), np.random.default_rng(0)
    left, right = space.parse(f"{NONE} channels=4"), space.parse(f"{SKIP} channels=8")
    children = [space.crossover(left, right, rng) for _ in range(2000)]
    genes = np.array(
        [
            [node.op == "skip_connect" for node in child.nodes[1:7]] + [child.setting("channels") == 8]
            for child in children
        ]
    )
    assert np.abs(genes.mean(axis=0) - 0.5).max() < 0.05
    assert np.abs(np.corrcoef(genes.T) - np.eye(7)).max() < 0.1


@pytest.mark.parametrize("text", [NONE, SKIP])
def test_degenerate_cells_survive_variation(text: str) -> None:
    rng = np.random.default_rng(0)
    cell, other = COMPACT.parse(text), COMPACT.sample(rng)
    for _ in range(50):
        COMPACT.check(COMPACT.mutate(cell, rng))
        COMPACT.check(COMPACT.crossover(cell, other, rng))
    assert COMPACT.crossover(cell, cell, rng) == cell


def test_samples_are_uniform_over_notations() -> None:
    space, rng = (
        Cell201("compact", channels=[4, 8], ops=["none", "skip_connect", "nor_conv_3x3"]),
        np.random.default_rng(0),
    )
    drawn = Counter(space.format(space.sample(rng)) for _ in range(20 * 1458))
    assert len(drawn) == 1458
    assert scipy.stats.chisquare(list(drawn.values())).pvalue > 1e-3


def test_cells_that_mutations_do_not_connect_repeat_functions_of_those_they_do() -> None:
    """What the law of reachability leaves out: 57 of 729 cells here, 265 of 15,625 with all operations."""
    ops = ("none", "skip_connect", "avg_pool_3x3")
    space = Cell201("compact", ops=ops)
    graph: networkx.Graph = networkx.Graph()
    for text in reference.every_notation(ops):
        cell = space.parse(text)
        graph.add_node(text)
        for neighbour in space.neighbours(cell):
            if space.simplify(neighbour).key != space.simplify(cell).key:
                graph.add_edge(text, space.format(neighbour))
    *outside, _ = sorted(networkx.connected_components(graph), key=len)
    assert [len(component) for component in outside] == [3, 3, 3, 24, 24]
    assert {sum(op == "none" for op in reference.operations(text)) for text in set().union(*outside)} == {3, 4, 5, 6}


def test_notation_with_and_without_channels() -> None:
    one, several = Cell201("compact", channels=[8]), Cell201("compact", channels=[4, 8])
    assert one.format(one.parse(NONE)) == NONE
    assert one.parse(f" {NONE} channels=8\n") == one.parse(NONE)
    assert several.format(several.parse(f"{SKIP} channels=4")) == f"{SKIP} channels=4"
    assert several.parse(f"{SKIP} channels=4").setting("channels") == 4.0
    assert several.parse(f"{SKIP} channels=4").key != several.parse(f"{SKIP} channels=8").key


def test_the_graph_of_a_cell_has_its_operations_in_the_benchmarks_order() -> None:
    text = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|nor_conv_1x1~1|none~2|"
    cell = COMPACT.parse(text)
    assert [node.op for node in cell.nodes] == ["input", *reference.operations(text), "output"]
    leaving = {
        source: [edge + 1 for edge, (a, _) in enumerate(reference.CELL_EDGES) if a == source] for source in range(3)
    }
    entering = {
        target: [edge + 1 for edge, (_, b) in enumerate(reference.CELL_EDGES) if b == target] for target in (1, 2, 3)
    }
    expected = [(0, edge) for edge in leaving[0]] + [(edge, 7) for edge in entering[3]]
    expected += [(before, after) for middle in (1, 2) for before in entering[middle] for after in leaving[middle]]
    assert cell.edges == tuple(sorted(expected))
    assert COMPACT.ops == ("input", "output", *reference.OPS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"position 0 .*expected '\|'; got the end"),
        ("nor_conv_3x3~0", r"position 0 .*expected '\|'; got 'nor_conv_3x3~0'"),
        ("|conv~0|", "position 1 .*expected one of none, skip_connect, .*; got 'conv~0"),
        ("|none~1|", "position 5 .*expected '~0|'; got '~1|'"),
        ("|none~0||none~0|", r"position 8 .*expected '\+'"),
        ("|none~0|+|none~0|none~1|+|none~0|none~1|", "position 40 .*expected one of none.*; got the end"),
        (NONE + "+", r"position 47 .*expected the end or ' channels=8'; got '\+'"),
        (NONE + " channels=16", "position 47 .*expected the end or ' channels=8'; got ' channels=16'"),
    ],
)
def test_notation_that_does_not_parse_says_where(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        COMPACT.parse(text)


def test_missing_channels_are_named() -> None:
    with pytest.raises(ValueError, match=r"position 47 .*expected ' channels=4' or ' channels=8'; got the end"):
        Cell201("compact", channels=[4, 8]).parse(NONE)


def altered(**changes: Any) -> Architecture:
    cell = COMPACT.parse(NONE)
    return Architecture(
        changes.get("nodes", cell.nodes), changes.get("edges", cell.edges), changes.get("settings", cell.settings)
    )


NODES = COMPACT.parse(NONE).nodes


@pytest.mark.parametrize(
    ("architecture", "message"),
    [
        (COMPACT.simplify(COMPACT.parse(NONE)), "8 nodes.*got 2.*keep the original"),
        (altered(nodes=(NODES[1], *NODES[1:])), "node 0 must be 'input' and node 7 'output'; got 'none' and 'output'"),
        (altered(nodes=(NODES[0], Node("conv"), *NODES[2:])), "node 1 must be one of none, .*; got 'conv'"),
        (altered(nodes=(NODES[0], Node("none", (("bits", 8.0),)), *NODES[2:])), "no attributes; node 1 has"),
        (altered(edges=((0, 1),)), r"edges are .*; got \(\(0, 1\),\): build cells with parse"),
        (altered(settings=(("channels", 9.0),)), r"settings must be .*channels, of 8; got \{'channels': 9.0\}"),
        (altered(settings=()), r"settings must be .*; got \{\}"),
        (altered(settings=(("channels", 8.0), ("depth", 1.0))), "settings must be .*depth"),
    ],
)
def test_graphs_outside_the_space_are_refused(architecture: Architecture, message: str) -> None:
    rng = np.random.default_rng(0)
    for call in (
        lambda: COMPACT.check(architecture),
        lambda: COMPACT.mutate(architecture, rng),
        lambda: COMPACT.crossover(architecture, COMPACT.parse(NONE), rng),
        lambda: COMPACT.neighbours(architecture),
        lambda: COMPACT.format(architecture),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_graphs_of_other_operations_are_neither_counted_nor_built() -> None:
    foreign = Architecture((Node("input"), Node("attention"), Node("output")), ((0, 1), (1, 2)), (("channels", 8.0),))
    headless = Architecture((Node("input"),), (), (("channels", 8.0),))
    for call in (COMPACT.cost, COMPACT.build, COMPACT.simplify):
        with pytest.raises(ValueError, match=r"else none, .*; got input, attention, output"):
            call(foreign)
        with pytest.raises(ValueError, match=r"one 'input', one 'output'.*; got input"):
            call(headless)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"skeleton": "resnet"}, "skeleton must be 'nasbench201' or 'compact'; got 'resnet'"),
        ({"channels": 0}, "channels must be a whole number of at least 1; got 0"),
        ({"channels": [8, 2.5]}, "channels must be a whole number of at least 1; got 2.5"),
        ({"channels": True}, "channels must be a whole number of at least 1; got True"),
        ({"channels": []}, r"channels must be one or more different numbers; got \[\]"),
        ({"channels": [8, 8]}, r"channels must be one or more different numbers; got \[8, 8\]"),
        ({"channels": "16"}, "channels must be a list; got '16'"),
        ({"cells": 0}, "cells must be a whole number of at least 1; got 0"),
        ({"skeleton": "compact", "cells": 5}, "compact skeleton has one cell a stage; got cells=5: leave cells out"),
        ({"classes": -1}, "classes must be a whole number of at least 1; got -1"),
        ({"ops": ["none"]}, "ops must be at least two different operations; got none"),
        ({"ops": ["none", "none"]}, "ops must be at least two different operations; got none, none"),
        ({"ops": ["none", "conv"]}, "ops must be among none, .*; got 'conv'"),
        ({"ops": "none"}, "ops must be a list; got 'none'"),
        ({"input_shape": (3, 32)}, r"input_shape must be \(channels, height, width\); got \(3, 32\)"),
        ({"input_shape": (3, 0, 32)}, "input_shape must be a whole number of at least 1; got 0"),
        ({"input_shape": 32}, "input_shape must be a list; got 32"),
        ({"input_shape": (3, 2, 32)}, "multiples of 4; got 2x32: pad or resize"),
        ({"input_shape": (3, 30, 32)}, "multiples of 4; got 30x32: pad or resize"),
        ({"skeleton": "compact", "input_shape": (3, 1, 8)}, "at least 2; got 1x8: enlarge the images"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        spaces.load("cell201", **arguments)


def test_a_subset_of_operations_and_yaml_lists() -> None:
    space = spaces.load("cell201", ops=["skip_connect", "none"], channels=[np.int64(4), 8], input_shape=[1, 8, 8])
    assert space.ops == ("input", "output", "skip_connect", "none")
    assert space.input_shape == (1, 8, 8)
    assert space.size == 128
    with pytest.raises(ValueError, match=r"position 1 .*expected one of skip_connect, none"):
        space.parse(reference.notation(("avg_pool_3x3",) * 6))
