"""What an architecture refuses, and its JSON."""

import json
import os
import pickle
import subprocess
import sys
from typing import Any

import pytest

from spaces import Architecture, Node

CHAIN = Architecture((Node("a"), Node("b", (("bits", 8.0),)), Node("c")), ((0, 1), (1, 2)), (("width", 0.5),))


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        (((1, 0),), r"edge \(1, 0\) does not point forwards: .* a cycle is impossible"),
        (((1, 1),), r"edge \(1, 1\) does not point forwards"),
        (((0, 3),), r"edge \(0, 3\) leaves the graph of 3 nodes"),
        (((-1, 2),), r"edge \(-1, 2\) leaves the graph of 3 nodes"),
        (((0, 1), (0, 1)), r"sorted and unique; \(0, 1\) follows \(0, 1\)"),
        (((1, 2), (0, 1)), r"sorted and unique; \(0, 1\) follows \(1, 2\)"),
    ],
)
def test_edges_that_break_a_rule_are_refused(edges: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Architecture(CHAIN.nodes, edges)


@pytest.mark.parametrize("pairs", [(("b", 1.0), ("a", 1.0)), (("a", 1.0), ("a", 2.0))])
def test_names_must_be_sorted_and_unique(pairs: Any) -> None:
    with pytest.raises(ValueError, match=r"attributes of node 'x': names must be sorted and unique"):
        Node("x", pairs)
    with pytest.raises(ValueError, match=r"settings: names must be sorted and unique"):
        Architecture((), (), pairs)


def test_json_is_one_short_line() -> None:
    text = '{"nodes":["a",["b",{"bits":8.0}],"c"],"edges":[[0,1],[1,2]],"settings":{"width":0.5}}'
    assert CHAIN.to_json() == text
    assert Architecture.from_json(text) == CHAIN
    assert json.loads(Architecture((Node("a"),), ()).to_json()) == {"nodes": ["a"], "edges": []}


@pytest.mark.parametrize(
    "text", ["", "[]", "3", '{"nodes":["a"]}', '{"nodes":[["a"]],"edges":[]}', '{"nodes":["a"],"edges":[3]}']
)
def test_json_that_is_no_architecture_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"an architecture is JSON with 'nodes', 'edges' and perhaps 'settings'; got"):
        Architecture.from_json(text)


def test_json_of_a_broken_graph_is_refused() -> None:
    with pytest.raises(ValueError, match="does not point forwards"):
        Architecture.from_json('{"nodes":["a","b"],"edges":[[1,0]]}')


def test_settings_are_read_by_name() -> None:
    assert CHAIN.setting("width") == 0.5
    with pytest.raises(KeyError, match=r"setting 'depth' is not among \['width'\]"):
        CHAIN.setting("depth")


def test_equality_ignores_whether_the_key_was_asked_for() -> None:
    asked = pickle.loads(pickle.dumps(CHAIN))
    assert len(asked.key) == 20
    assert set(asked.key) <= set("0123456789abcdef")
    fresh = Architecture(CHAIN.nodes, CHAIN.edges, CHAIN.settings)
    assert asked == fresh
    assert hash(asked) == hash(fresh)
    assert pickle.loads(pickle.dumps(asked)) == fresh


def test_a_pickle_is_hashed_anew_where_texts_have_other_hashes() -> None:
    hash(CHAIN)
    code = (
        "import pickle, sys; from spaces import Architecture; one = pickle.load(sys.stdin.buffer); "
        "assert hash(one) == hash(Architecture(one.nodes, one.edges, one.settings))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"}
    subprocess.run([sys.executable, "-c", code], input=pickle.dumps(CHAIN), env=environment, check=True)
