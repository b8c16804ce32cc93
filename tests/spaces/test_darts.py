"""``darts`` against published counts, DARTS' own terms in plain functions, networkx, and bad input."""

import math
from collections import Counter
from typing import Any

import darts_reference as reference
import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import spaces
from spaces import Architecture, Node
from spaces.darts import Darts

OPS = ("max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5")
SPACE = Darts()
SMALL = Darts(channels=2, cells=5, ops=("none", *OPS), input_shape=(1, 8, 8), classes=3)
V2 = SPACE.parse(reference.GENOTYPES["DARTS_V2"])


def genotypes(ops: tuple[str, ...]) -> st.SearchStrategy[str]:
    def cell() -> st.SearchStrategy[reference.Cell]:
        pairs = []
        for node in range(4):
            states = st.lists(st.integers(0, node + 1), min_size=2, max_size=2, unique=True)
            chosen = st.tuples(st.sampled_from(ops), st.sampled_from(ops))
            pairs.append(st.tuples(chosen, states).map(lambda drawn: list(zip(*drawn, strict=True))))
        return st.tuples(*pairs).map(list)

    return st.tuples(cell(), cell()).map(lambda cells: reference.genotype(*cells))


def nodes_of(architecture: Architecture) -> list[list[tuple[str, int]]]:
    """The eight intermediate nodes, each as its (operation, state) pairs."""
    return [pair for cell in reference.cells_of(SPACE.format(architecture)) for pair in cell]


def uniform_genotype(op: str) -> str:
    cell = [[(op, 0), (op, 1)] for _ in range(4)]
    return reference.genotype(cell, cell)


def test_parameters_of_darts_v2_are_those_of_the_published_network() -> None:
    """The repository gives 3.349MB and its training log 3.349342MB; the paper 3.3 M."""
    assert SPACE.cost(V2).parameters == 3_349_342


@pytest.mark.parametrize(
    ("name", "parameters", "macs"),
    [
        ("DARTS_V2", "3.35", "528"),
        ("PC_DARTS", "3.63", None),
        ("P_DARTS", "3.43", "532"),
        ("SNAS", "2.66", "422"),
        ("MdeNAS", "3.78", "599"),
    ],
)
def test_costs_of_known_genotypes_are_the_published_ones(name: str, parameters: str, macs: str | None) -> None:
    """At 36 channels and 20 cells; to the digits that the repository of FairDARTS gives in millions."""
    cost = SPACE.cost(SPACE.parse(reference.GENOTYPES[name]))
    assert f"{cost.parameters / 1e6:.2f}" == parameters
    if macs is not None:
        assert f"{cost.macs / 1e6:.0f}" == macs


def test_there_are_as_many_genotypes_as_published() -> None:
    """The product over the nodes k = 1 … 4 of k(k+1)/2 pairs of states and 7 x 7 operations, about 10^9, squared."""
    per_cell = math.prod(k * (k + 1) // 2 * 7**2 for k in range(1, 5))
    assert per_cell**2 == SPACE.size
    assert round(math.log10(SPACE.size)) == 18


@settings(max_examples=10, deadline=None)
@given(text=genotypes(("none", *OPS)), seed=st.integers(0, 1000))
def test_the_network_computes_what_the_genotype_says(text: str, seed: int) -> None:
    """Weights that read a concatenation treat its blocks alike here, since their order is the space's own."""
    model = SMALL.build(SMALL.parse(text)).double().eval()
    generator = torch.Generator().manual_seed(seed)
    weights = []
    for name, weight in model.named_parameters():
        if weight.ndim in (2, 4) or name == "head.2.bias":
            with torch.no_grad():
                weight.copy_(torch.randn(weight.shape, generator=generator, dtype=torch.float64))
                if weight.ndim > 1 and weight.shape[1] % 4 == 0:
                    weight.copy_(weight[:, : weight.shape[1] // 4].tile(4, *[1] * (weight.ndim - 2)))
            weights.append(weight)
    x = torch.randn((2, 1, 8, 8), generator=generator, dtype=torch.float64)
    rest = iter(weights)
    with torch.no_grad():
        torch.testing.assert_close(model(x), reference.output(text, 5, rest, x), rtol=1e-9, atol=1e-9)
    assert list(rest) == []


@settings(max_examples=60, deadline=None)
@given(text=genotypes(("skip_connect", "skip_connect", "sep_conv_3x3", "max_pool_3x3")), data=st.data())
def test_keys_are_equal_where_networkx_finds_equal_sums(text: str, data: st.DataObject) -> None:
    """Two edits away, many genotypes full of identities compute the same."""
    architecture = SPACE.parse(text)
    key = SPACE.simplify(architecture).key
    others = list(SPACE.neighbours(architecture))
    for _ in range(5):
        other = others[data.draw(st.integers(0, len(others) - 1))]
        assert (SPACE.simplify(other).key == key) == reference.same_function(text, SPACE.format(other))


def chain(last: list[tuple[str, int]]) -> str:
    """Node 3 adds c_{k-2} to node 2, node 4 adds c_{k-1} to it, and node 5 is ``last``."""
    skip = "skip_connect"
    cell = [[("sep_conv_3x3", 0), ("sep_conv_3x3", 1)], [(skip, 0), (skip, 2)], [(skip, 1), (skip, 2)], last]
    return reference.genotype(cell, [*cell[:3], [("max_pool_3x3", 0), ("max_pool_3x3", 1)]])


def test_sums_by_different_ways_are_one_network() -> None:
    first, second = (SPACE.parse(chain([("skip_connect", a), ("skip_connect", b)])) for a, b in ((1, 3), (0, 4)))
    assert first.key != second.key
    assert SPACE.simplify(first).key == SPACE.simplify(second).key
    third = SPACE.parse(chain([("skip_connect", 0), ("skip_connect", 3)]))
    assert SPACE.simplify(first).key != SPACE.simplify(third).key


def test_a_genotype_without_identities_is_simple_already() -> None:
    architecture = SPACE.parse(uniform_genotype("sep_conv_3x3"))
    assert SPACE.simplify(architecture) == architecture


def test_the_two_cells_are_told_apart() -> None:
    normal, reduction = reference.cells_of(reference.GENOTYPES["P_DARTS"])
    swapped = SPACE.parse(reference.genotype(reduction, normal))
    assert SPACE.simplify(swapped).key != SPACE.simplify(SPACE.parse(reference.genotype(normal, reduction))).key


def gradients_of(graph: Architecture, seed: int) -> dict[str, bool]:
    """Whether each convolution of the cells moves the output, with random weights and inputs."""
    model = SMALL.build(graph).double().eval()
    generator = torch.Generator().manual_seed(seed)
    for weight in model.parameters():
        if weight.ndim > 1:
            with torch.no_grad():
                weight.copy_(torch.randn(weight.shape, generator=generator, dtype=torch.float64))
    model(torch.randn((3, 1, 8, 8), generator=generator, dtype=torch.float64)).square().sum().backward()
    # None: where reduction cells read c_{k-2} alone and the others c_{k-1}, nobody reads the cell in between.
    return {
        name: weight.grad is not None and bool(weight.grad.abs().max() > 0)
        for name, weight in model.named_parameters()
        if name.startswith("cells.") and weight.ndim == 4
    }


@settings(max_examples=15, deadline=None)
@given(text=genotypes(("none", "none", "skip_connect", "sep_conv_3x3", "max_pool_3x3")))
def test_every_weight_that_simplify_keeps_moves_the_output(text: str) -> None:
    """In at least one of the network's cells; so nothing dead is left, even where cells feed zeros to the next ones."""
    graph = SMALL.simplify(SMALL.parse(text))
    moved: Counter[int] = Counter()
    for seed in range(8):  # two channels may all be negative, and then a rectifier hides what is before it
        for name, gradient in gradients_of(graph, seed).items():
            moved[int(name.split(".")[3])] += gradient
        if all(moved.values()):
            break
    assert all(moved.values())
    with_weights = [n for n, node in enumerate(graph.nodes) if node.op in ("c_{k-2}", "c_{k-1}", "sep_conv_3x3")]
    assert set(with_weights) <= set(moved)


def test_cells_of_nothing_leave_a_constant() -> None:
    architecture = SMALL.parse(uniform_genotype("none"))
    simplified = SMALL.simplify(architecture)
    assert Counter(node.op for node in simplified.nodes) == {"input": 1, "add": 8, "concat": 2, "output": 1}
    assert SMALL.cost(simplified).parameters == 9 * 6 + 2 * 6 + 3 * 32 + 3  # stem with its normalisation, and head
    model = SMALL.build(simplified).eval()
    with torch.no_grad():
        outputs = model(torch.randn(4, 1, 8, 8))
    assert (outputs == outputs[0]).all()


def test_a_reduction_cell_behind_nothing_is_dead() -> None:
    nothing, full = (reference.cells_of(uniform_genotype(op))[0] for op in ("none", "sep_conv_3x3"))
    dead = SMALL.simplify(SMALL.parse(reference.genotype(nothing, full)))
    assert dead.key == SMALL.simplify(SMALL.parse(uniform_genotype("none"))).key


@pytest.mark.parametrize("op", ["none", "skip_connect", "max_pool_3x3"])
def test_degenerate_cells_vary(op: str) -> None:
    rng = np.random.default_rng(0)
    parent = SMALL.parse(uniform_genotype(op))
    child = SMALL.mutate(parent, rng)
    assert SMALL.simplify(child).key != SMALL.simplify(parent).key
    SMALL.check(SMALL.crossover(parent, child, rng))
    SMALL.check(SMALL.crossover(child, SMALL.sample(rng), rng))


def test_neighbours_are_all_single_edits() -> None:
    """16 operations with 6 alternatives; an input of intermediate node k (from 0) may move to k other states."""
    normal, reduction = reference.cells_of(SPACE.format(V2))
    expected = set()
    for which in range(2):
        for node in range(4):
            for side in range(2):
                op, state = (normal, reduction)[which][node][side]
                taken = {chosen for _, chosen in (normal, reduction)[which][node]}
                changes = [(other, state) for other in OPS if other != op]
                changes += [(op, other) for other in range(node + 2) if other not in taken]
                for change in changes:
                    cells = [[list(pair) for pair in cell] for cell in (normal, reduction)]
                    cells[which][node][side] = change
                    expected.add(SPACE.parse(reference.genotype(*cells)))
    assert len(expected) == 16 * 6 + 2 * 2 * (1 + 2 + 3)
    assert set(SPACE.neighbours(V2)) == expected


def test_mutation_is_even_over_the_neighbours_that_change_the_function() -> None:
    """Nodes 2 and 3 are one sum here, so moving an input from one to the other changes nothing."""
    skip = "skip_connect"
    twins = [[(skip, 0), (skip, 1)], [(skip, 0), (skip, 1)], [("sep_conv_3x3", 2), ("dil_conv_3x3", 0)]]
    cell = [*twins, [("max_pool_3x3", 0), ("sep_conv_5x5", 1)]]
    text = reference.genotype(cell, reference.cells_of(SPACE.format(V2))[1])
    parent = SPACE.parse(text)
    rng = np.random.default_rng(0)
    counts = Counter(SPACE.mutate(parent, rng) for _ in range(5_900))
    neighbours = [SPACE.format(neighbour) for neighbour in SPACE.neighbours(parent)]
    others = [neighbour for neighbour in neighbours if not reference.same_function(neighbour, text)]
    assert len(others) < len(neighbours)
    assert {SPACE.format(child) for child in counts} == set(others)
    assert scipy.stats.chisquare(list(counts.values())).pvalue > 0.001


def test_every_node_of_a_child_comes_from_a_parent() -> None:
    rng = np.random.default_rng(0)
    left, right = SPACE.sample(rng), SPACE.sample(rng)
    parents = [nodes_of(parent) for parent in (left, right)]
    origins = set()
    for _ in range(50):
        child = nodes_of(SPACE.crossover(left, right, rng))
        assert all(pair in (first, second) for pair, first, second in zip(child, *parents, strict=True))
        origins.add(tuple(pair == first for pair, first in zip(child, parents[0], strict=True)))
    assert len(origins) > 30


def test_sampling_is_uniform_in_operations_and_states() -> None:
    rng = np.random.default_rng(0)
    ops: Counter[tuple[int, int, str]] = Counter()
    states: Counter[tuple[int, tuple[int, ...]]] = Counter()
    for _ in range(2_000):
        nodes = nodes_of(SPACE.sample(rng))
        for node, pair in enumerate(nodes):
            ops.update((node, side, op) for side, (op, _) in enumerate(pair))
            states[node, tuple(state for _, state in pair)] += 1
    assert len(ops) == 16 * 7
    assert scipy.stats.chisquare(list(ops.values())).pvalue > 0.001
    for node in range(8):
        counts = [n for (which, _), n in states.items() if which == node]
        assert len(counts) == math.comb(node % 4 + 2, 2)
        assert len(counts) == 1 or scipy.stats.chisquare(counts).pvalue > 0.001


def test_the_notation_is_free_in_what_says_nothing() -> None:
    text = SPACE.format(V2)
    assert text.startswith("Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ")
    assert text.endswith("('max_pool_3x3', 1), ('skip_connect', 2)], reduce_concat=range(2, 6))")
    swapped = text.replace("[('sep_conv_3x3', 0), ('sep_conv_3x3', 1)", "[ (\"sep_conv_3x3\",1,),\n('sep_conv_3x3', 0)")
    assert swapped != text
    assert SPACE.parse(f" {swapped.replace('range(2, 6)', '[2, 3, 4, 5,]')}\n") == V2
    assert SPACE.parse(text[:-1].replace("], ", ",], ") + ",)") == V2


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("Genotype", "genotype", "position 0 of the genotype: expected 'Genotype'; got .genotype"),
        ("normal=", "normal:", "position 15 of the genotype: expected '='; got .:"),
        (
            "('sep_conv_3x3', 0), (",
            "('sep_conv_7x7', 0), (",
            r"position 18 .*: expected one of 'max_pool.*; got \"'sep_conv_7",
        ),
        ("('sep_conv_3x3', 0), (", "('none', 0), (", r"position 18 .*: expected one of 'max_pool.*; got \"'none', 0"),
        ("('sep_conv_3x3', 0), (", "(sep_conv_3x3, 0), (", "position 18 .*: expected one of .*; got .sep_conv_3x3, 0"),
        (
            "('sep_conv_3x3', 0), (",
            "('sep_conv_3x3', 2), (",
            "position 34 .*: expected 0 or 1 for intermediate node 2; got .2",
        ),
        (
            "('sep_conv_3x3', 1)",
            "('sep_conv_3x3', 0)",
            "expected 1 for intermediate node 2, another state than .*; got .0",
        ),
        ("2)], normal_concat", "2), ('skip_connect', 0)], normal_concat", r"expected ']'; got \"\('skip_connect', 0"),
        (", ('dil_conv_3x3', 2)]", "]", r"expected ','; got '\], normal_concat"),
        ("range(2, 6), reduce", "range(2, 7), reduce", "expected '6'; got .7"),
        ("range(2, 6), reduce", "[4, 5], reduce", "expected '2'; got .4"),
        ("reduce_concat=range(2, 6))", "reduce_concat=range(2, 6)", r"expected '\)'; got the end"),
        ("reduce_concat=range(2, 6))", "reduce_concat=range(2, 6)).normal", "expected the end; got '.normal'"),
    ],
)
def test_a_notation_that_does_not_parse_says_where(before: str, after: str, message: str) -> None:
    text = SPACE.format(V2)
    assert before in text
    with pytest.raises(ValueError, match=message):
        SPACE.parse(text.replace(before, after, 1))


def changed(node: int | None = None, label: Node | None = None, edges: dict[Any, Any] | None = None) -> Architecture:
    nodes = [label if position == node and label else known for position, known in enumerate(V2.nodes)]
    moved = sorted((edges or {}).get(edge, edge) for edge in V2.edges)
    return Architecture(tuple(nodes), tuple(edge for edge in moved if edge))


@pytest.mark.parametrize(
    ("architecture", "message"),
    [
        (SPACE.simplify(V2), "a pair of cells has 32 nodes; got 27. Graphs that simplify has shortened"),
        (changed(5, Node("concat")), "node 5 must be 'add' with reduction=0; got 'concat'"),
        (changed(0, Node("output")), "node 0 must be 'input'; got 'output'"),
        (
            changed(3, Node("none", (("reduction", 0.0),))),
            "node 3 must be one of max_pool_3x3, .* with reduction=0; got 'none'",
        ),
        (
            changed(3, Node("sep_conv_3x3", (("reduction", 1.0),))),
            "with reduction=0; got 'sep_conv_3x3' with reduction=1",
        ),
        (changed(edges={(1, 3): (0, 3)}), r"node 3 must read one of nodes \[1, 2\]; it reads \[0\]"),
        (changed(edges={(2, 4): (1, 4)}), r"the first the earlier one; nodes 3 and 4 read \[1\] and \[1\]"),
        (changed(edges={(3, 5): (3, 15)}), "two operations to each 'add', .*: build cells with parse"),
        (Architecture(V2.nodes, V2.edges, (("a", 1.0),)), "have no settings; got {'a': 1.0}"),
    ],
)
def test_graphs_outside_the_space_are_refused(architecture: Architecture, message: str) -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=message):
        SPACE.check(architecture)
    with pytest.raises(ValueError, match=message):
        SPACE.format(architecture)
    with pytest.raises(ValueError, match=message):
        SPACE.mutate(architecture, rng)


@pytest.mark.parametrize(
    ("architecture", "message"),
    [
        (changed(3, Node("sep_conv_7x7", (("reduction", 0.0),))), "node 3 is 'sep_conv_7x7' with reduction=0"),
        (changed(3, Node("sep_conv_3x3")), "with the attribute reduction 0 or 1; node 3 is 'sep_conv_3x3'"),
        (Architecture((Node("input"), Node("output")), ((0, 1),)), "two 'concat' and eight 'add'; got input, output"),
    ],
)
def test_graphs_of_other_parts_are_neither_counted_nor_built(architecture: Architecture, message: str) -> None:
    for refusing in (SPACE.simplify, SPACE.cost, SPACE.build):
        with pytest.raises(ValueError, match=message):
            refusing(architecture)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"channels": 0}, "channels must be a whole number of at least 1; got 0"),
        ({"cells": 2}, "cells must be a whole number of at least 3; got 2"),
        ({"classes": 2.5}, "classes must be a whole number of at least 1; got 2.5"),
        ({"ops": ["none"]}, "ops must be at least two different operations; got none"),
        ({"ops": ["none", "conv"]}, "ops must be among none, .*; got 'conv'"),
        ({"ops": "none"}, "ops must be a list; got 'none'"),
        ({"input_shape": [3, 30, 32]}, "must be multiples of 4; got 30x32: pad or resize"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        spaces.load("darts", **arguments)


def test_none_is_searched_where_it_is_listed() -> None:
    space = spaces.load("darts", ops=["none", "skip_connect"], cells=np.int64(8))
    assert "none" in SPACE.ops
    assert space.size == (180 * 2**8) ** 2
    assert space.format(space.parse(uniform_genotype("none"))) == uniform_genotype("none")
