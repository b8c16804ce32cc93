"""One-hot operations and adjacency: rows by hand, and what is cut off."""

import numpy as np
import pytest
from branching_space import relabelled

from spaces import Architecture, Node
from spaces.cell201 import Cell201
from surrogates.encodings.operation_adjacency import OperationAdjacency


def graph(*edges):
    ops = ("input", "nor_conv_3x3", "nor_conv_1x1", "output")
    return Architecture(tuple(Node(op) for op in ops), edges)


def columns(encoding, architecture):
    (row,) = encoding.encode([architecture])
    return {name for name, value in zip(encoding.names, row, strict=True) if value}


def test_a_row_by_hand():
    """The 3x3 runs after the 1x1, so its place is behind it whatever its number is."""
    encoding = OperationAdjacency(Cell201(), nodes=5)
    chain = Architecture(
        (Node("input"), Node("nor_conv_1x1"), Node("nor_conv_3x3"), Node("output")), ((0, 1), (0, 3), (1, 2), (2, 3))
    )
    expected = {
        *("operation[0,input]", "operation[1,nor_conv_1x1]", "operation[2,nor_conv_3x3]", "operation[3,output]"),
        *("edge[0,1]", "edge[0,3]", "edge[1,2]", "edge[2,3]"),
    }
    assert columns(encoding, chain) == expected
    assert columns(encoding, relabelled(chain, np.random.default_rng(3))) == expected


def test_more_nodes_than_places_are_cut_off_at_the_end():
    encoding = OperationAdjacency(Cell201(), nodes=2)
    assert columns(encoding, graph((0, 1), (0, 2), (1, 3), (2, 3))) <= {
        *("operation[0,input]", "operation[1,nor_conv_3x3]", "operation[1,nor_conv_1x1]", "edge[0,1]")
    }


def test_different_functions_have_different_rows():
    space, rng = Cell201(), np.random.default_rng(0)
    simplified = {graph.key: graph for graph in (space.simplify(space.sample(rng)) for _ in range(300))}
    rows = OperationAdjacency(space).encode(list(simplified.values()))
    assert len(np.unique(rows, axis=0)) == len(simplified)


def test_too_few_places_are_refused():
    with pytest.raises(ValueError, match="nodes must be at least 2, an input and an output; got 1"):
        OperationAdjacency(Cell201(), nodes=1)
