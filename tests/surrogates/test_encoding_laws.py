"""Every law over every encoding that the registry discovers, on a cell space and on one of free graphs."""

from collections.abc import Callable

import encoding_laws
import numpy as np
import pytest
from branching_space import BranchingSpace

from spaces import Architecture, Node, Space
from spaces.cell201 import Cell201
from spaces.discovery import discover, find
from surrogates import ENCODINGS, Encoding
from surrogates.encodings.columns import Columns
from surrogates.encodings.concatenated import Concatenated
from surrogates.encodings.log_cost import LogCost
from surrogates.encodings.row_cache import RowCache

DISCOVERED = discover(ENCODINGS)
SPACES: dict[str, Space] = {
    "cell": Cell201("compact", channels=(4, 8), input_shape=(1, 8, 8)),
    "branching": BranchingSpace(),
}


def test_the_registry_is_not_empty() -> None:
    assert {"graph_features", "log_cost", "columns", "concatenated"} <= set(DISCOVERED)


@pytest.mark.parametrize("law", encoding_laws.LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("name", DISCOVERED)
def test_law(law: Callable[[type[Encoding], Space], None], name: str, space: str) -> None:
    law(DISCOVERED[name], SPACES[space])


@pytest.mark.parametrize("name", ["graph_features", "log_cost", "concatenated"])
def test_what_a_graph_tells_is_known(name: str) -> None:
    space = SPACES["cell"]
    encoding = find(ENCODINGS, name)(space)
    assert np.isfinite(encoding.encode(encoding_laws.samples(space, 50))).all()


def test_row_cache_computes_each_row_once_and_lets_the_oldest_go() -> None:
    architectures = [Architecture((Node(f"op{number}"),), ()) for number in range(5)]
    asked: list[list[str]] = []

    def compute(missing: object) -> np.ndarray:
        names = [architecture.nodes[0].op for architecture in missing]  # type: ignore[attr-defined]
        asked.append(names)
        return np.array([[float(name[2:])] for name in names], np.float32)

    cache = RowCache(1, bound=3)
    order = [architectures[index] for index in (2, 0, 2, 1)]
    assert cache.rows(order, compute).ravel().tolist() == [2, 0, 2, 1]
    assert cache.rows(architectures, compute).ravel().tolist() == [0, 1, 2, 3, 4]
    assert asked == [["op2", "op0", "op1"], ["op3", "op4"]]
    assert len(cache) == 3
    assert cache.rows(architectures[2:3], compute).ravel().tolist() == [2]
    assert asked[2:] == [["op2"]]
    with pytest.raises(ValueError, match=r"bound must be 0 \(keep none\) or more; got -1"):
        RowCache(1, bound=-1)


def test_log_cost_is_the_cost_of_the_simplified_network() -> None:
    space = Cell201("compact", input_shape=(1, 8, 8))
    deep = space.parse("|nor_conv_3x3~0|+|none~0|avg_pool_3x3~1|+|none~0|none~1|nor_conv_1x1~2|")
    dead = space.parse("|nor_conv_3x3~0|+|nor_conv_3x3~0|none~1|+|none~0|none~1|none~2|")
    cost = space.cost(space.simplify(deep))
    rows = LogCost(space).encode([deep, dead])
    np.testing.assert_allclose(rows[0], [np.log(cost.parameters + 1), np.log(cost.macs + 1), 3], rtol=1e-6)
    assert rows[1, 2] == 0
    assert rows[1, 0] < rows[0, 0]


def test_columns_are_looked_up_by_identity_and_nan_where_unknown() -> None:
    space = SPACES["branching"]
    known, unknown = encoding_laws.samples(space, 2)
    values = {space.simplify(known).key: {"nwot": 3.0, "synflow": float("inf")}, "other": {"nwot": 1.0, "plain": 2.0}}
    columns = Columns(space, values)
    assert columns.names == ("nwot", "plain", "synflow")
    values[space.simplify(unknown).key] = {"nwot": 9.0}  # values are those of construction
    rows = columns.encode([known, unknown])
    np.testing.assert_array_equal(rows, [[3.0, np.nan, np.nan], [np.nan, np.nan, np.nan]])
    assert Columns(space, {}, names=["nwot"]).encode([known]).shape == (1, 1)
    with pytest.raises(ValueError, match=r"column names must be unique; got \['a', 'a'\]"):
        Columns(space, {}, names=["a", "a"])


def test_concatenated_joins_in_order_and_keeps_names_apart() -> None:
    space = SPACES["cell"]
    architectures = encoding_laws.samples(space, 4)
    cost, side = LogCost(space), Columns(space, names=["nwot"])
    joined = Concatenated(space, [cost, side])
    assert joined.names == (*cost.names, "nwot")
    np.testing.assert_array_equal(joined.encode(architectures)[:, :3], cost.encode(architectures))
    assert Concatenated(space, ["log_cost", cost]).names[:4:3] == ("0.log_parameters", "1.log_parameters")
    with pytest.raises(ValueError, match=r"expected an encoding: one of .*Did you mean 'log_cost'"):
        Concatenated(space, ["log_cots"])
