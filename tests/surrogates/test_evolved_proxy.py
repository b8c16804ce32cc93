"""A formula's proxy against its ingredients scored one by one."""

import json
import math
from pathlib import Path

import networks
import pytest

from spaces.architecture import Architecture, Node
from surrogates.proxies.evolved import Evolved
from surrogates.proxies.nwot import Nwot
from surrogates.proxies.parameters import Parameters
from surrogates.proxies.proxy_failure import ProxyFailure
from surrogates.proxies.scoring import score_all

GRAPH = ("graph_nodes", "count_nor_conv_3x3", "count_none_such")
INPUTS = [
    {"name": name, "centre": 1.0, "spread": 2.0} for name in ("nwot", "parameters", "evolved", "jacob_covv", *GRAPH)
]


def written(folder: Path, formula: str) -> Path:
    path = folder / "formula.json"
    path.write_text(json.dumps({"formula": formula, "inputs": INPUTS}))
    return path


def test_it_is_its_formula_of_the_ingredients_and_asks_for_their_needs(tmp_path: Path) -> None:
    evolved = Evolved(written(tmp_path, "nwot - 2.0 * parameters"))
    assert evolved.needs == Nwot.needs | Parameters.needs
    proxies = {"evolved": evolved, "nwot": Nwot(), "parameters": Parameters()}
    found = score_all(proxies, networks.built(), networks.batch())
    nwot, parameters = ((math.log1p(float(found[name])) - 1.0) / 2.0 for name in ("nwot", "parameters"))
    assert found["evolved"] == pytest.approx(nwot - 2.0 * parameters)


def test_statistics_of_the_graph_are_ingredients_of_which_a_bare_network_has_none(tmp_path: Path) -> None:
    evolved = Evolved(written(tmp_path, "graph_nodes - count_nor_conv_3x3 + 3 * count_none_such"))
    assert evolved.needs == {"architecture"}
    graph = Architecture((Node("input"), Node("nor_conv_3x3"), Node("skip"), Node("output")), ((0, 1), (1, 2), (2, 3)))
    found = score_all({"evolved": evolved}, networks.Raising(), networks.batch(), architecture=graph)["evolved"]
    nodes, convolutions, absent = ((math.log1p(count) - 1.0) / 2.0 for count in (2, 1, 0))
    assert found == pytest.approx(nodes - convolutions + 3 * absent)
    outcome = score_all({"evolved": evolved}, networks.built(), networks.batch())["evolved"]
    assert isinstance(outcome, ProxyFailure)
    assert str(outcome).startswith("topology is read off an architecture; this network came without one")


def test_an_ingredient_that_fails_is_named(tmp_path: Path) -> None:
    evolved = Evolved(written(tmp_path, "nwot"))
    outcome = score_all({"evolved": evolved}, networks.built(), networks.batch()[:1])["evolved"]
    assert isinstance(outcome, ProxyFailure)
    assert str(outcome).startswith("the evolved formula needs nwot: nwot compares inputs, so the batch must have")


def test_a_formula_that_overflows_is_a_failure_and_no_number(tmp_path: Path) -> None:
    text = "parameters"
    for _ in range(11):
        text = f"square({text} * 100000)"
    outcome = score_all({"evolved": Evolved(written(tmp_path, text))}, networks.built(), networks.batch())["evolved"]
    assert isinstance(outcome, ProxyFailure)
    assert str(outcome).startswith("the evolved formula gives inf for parameters=")


def test_what_it_cannot_compute_is_refused_when_it_is_made(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"expected a proxy: one of .* Got 'jacob_covv'"):
        Evolved(written(tmp_path, "jacob_covv"))
    with pytest.raises(ValueError, match="a formula's proxies take no arguments; evolved does"):
        Evolved(written(tmp_path, "evolved"))
    with pytest.raises(OSError, match="No such file"):
        Evolved(tmp_path / "absent.json")
