"""``macro`` against the published table of NAS-Bench-Macro, plain functions, and bad input."""

import csv
import gzip
import itertools
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

import spaces
from spaces import Architecture, Node
from spaces.macro import Macro

DATA = Path(os.environ.get("EVONAS_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))
SPACE = Macro()
SMALL = Macro([1, 2], channels=3, head_channels=5, input_shape=[2, 5, 7], classes=4)
NOTATIONS = ["".join(digits) for digits in itertools.product("012", repeat=8)]


@pytest.fixture(scope="module")
def table() -> list[dict[str, str]]:
    path = DATA / "nasbench_macro.csv.gz"
    if not path.exists():
        pytest.skip(f"no published table at {path}: set EVONAS_DATA to the folder that holds nasbench_macro.csv.gz")
    with gzip.open(path, "rt", newline="") as lines:
        return list(csv.DictReader(lines))


def test_parameters_and_flops_equal_the_table_in_all_rows(table: list[dict[str, str]]) -> None:
    costs = [SPACE.cost(SPACE.parse(row["arch"])) for row in table]
    equal = [
        (cost.parameters, cost.macs) == (int(row["params"]), int(row["flops"]))
        for row, cost in zip(table, costs, strict=True)
    ]
    assert (len(equal), sum(equal)) == (6_561, 6_561)


def test_the_table_holds_every_notation_and_reads_back(table: list[dict[str, str]]) -> None:
    assert {row["arch"] for row in table} == set(NOTATIONS)
    assert SPACE.size == len(NOTATIONS)
    assert all(SPACE.format(SPACE.parse(text)) == text for text in NOTATIONS)


def test_a_network_as_built_has_the_published_parameters(table: list[dict[str, str]]) -> None:
    rows = {row["arch"]: row for row in table}
    for text in ("22212220", "00000000", "01201201"):
        model = SPACE.build(SPACE.parse(text))
        assert sum(weight.numel() for weight in model.parameters()) == int(rows[text]["params"])


def test_distinct_networks_are_those_with_distinct_blocks_in_each_stage() -> None:
    """Per stage: three first layers, and every sequence of blocks that the others may hold: 9 x 21 x 21."""

    def function(text: str) -> tuple[str, ...]:
        return tuple(stage[0] + stage[1:].replace("0", "") for stage in (text[:2], text[2:5], text[5:]))

    keys: dict[tuple[str, ...], set[str]] = {}
    for text in NOTATIONS:
        keys.setdefault(function(text), set()).add(SPACE.simplify(SPACE.parse(text)).key)
    assert len(keys) == len(set().union(*keys.values())) == 3_969
    assert all(len(found) == 1 for found in keys.values())


def test_the_graph_says_channels_and_strides() -> None:
    nodes = SPACE.parse("00120000").nodes
    assert [node.op for node in nodes] == ["input", *["identity"] * 2, "mb3_k3", "mb6_k5", *["identity"] * 4, "output"]
    assert [dict(node.attributes).get("channels") for node in nodes[1:-1]] == [64, 64, 128, 128, 128, 256, 256, 256]
    assert [dict(node.attributes).get("stride") for node in nodes[1:-1]] == [2, 1, 2, 1, 1, 2, 1, 1]
    assert [node.op for node in SPACE.simplify(SPACE.parse("00120000")).nodes[1:-1]] == [
        "identity",
        "mb3_k3",
        "mb6_k5",
        "identity",
    ]


def expected(text: str, stages: list[int], weights: Iterator[Tensor], x: Tensor) -> Tensor:
    """Logits as the paper says, in evaluation mode with fresh normalisations; weights in the order of their use."""

    def convolved(value: Tensor, stride: int = 1, groups: int = 1) -> Tensor:
        weight = next(weights)
        value = functional.conv2d(value, weight, stride=stride, padding=weight.shape[-1] // 2, groups=groups)
        return value / (1 + 1e-5) ** 0.5

    x = convolved(x).relu()
    strides = [stride for number in stages for stride in (2, *[1] * (number - 1))]
    for digit, stride in zip(text, strides, strict=True):
        if digit == "0":
            x = convolved(x, stride) if stride == 2 else x
        else:
            inner = convolved(x).relu()
            assert inner.shape[1] == (3, 6)[int(digit) - 1] * x.shape[1]
            inner = convolved(inner, stride, groups=inner.shape[1]).relu()
            x = convolved(inner) + (x if stride == 1 else 0)
    return convolved(x).relu().mean(dim=(2, 3)) @ next(weights).T + next(weights)


@settings(max_examples=30, deadline=None)
@given(digits=st.tuples(*[st.sampled_from("012")] * 3), seed=st.integers(0, 2**32 - 1))
def test_the_network_computes_what_the_paper_says(digits: tuple[str, ...], seed: int) -> None:
    text = "".join(digits)
    model = SMALL.build(SMALL.parse(text)).double().eval()
    weights = [
        weight
        for layer in model.modules()
        if isinstance(layer, torch.nn.Conv2d | torch.nn.Linear)
        for weight in layer.parameters()
    ]
    kernels = [weight.shape[-1] for weight in weights if weight.ndim == 4 and weight.shape[1:] != (1, 1, 1)]
    assert kernels.count(5) == text.count("2")
    x = torch.randn((2, 2, 5, 7), generator=torch.Generator().manual_seed(seed)).double()
    remaining = iter(weights)
    with torch.no_grad():
        torch.testing.assert_close(model(x), expected(text, [1, 2], remaining, x), rtol=1e-9, atol=1e-9)
    assert list(remaining) == []


def test_neighbours_and_mutations_are_all_networks_at_distance_one() -> None:
    parent, rng = SMALL.parse("021"), np.random.default_rng(0)
    near = {"121", "221", "001", "011", "020", "022"}
    assert sorted(SMALL.format(neighbour) for neighbour in SMALL.neighbours(parent)) == sorted(near)
    drawn = Counter(SMALL.format(SMALL.mutate(parent, rng)) for _ in range(1200))
    assert set(drawn) == near
    assert scipy.stats.chisquare(list(drawn.values())).pvalue > 1e-3


def test_samples_are_uniform_over_notations() -> None:
    rng = np.random.default_rng(0)
    drawn = Counter(SMALL.format(SMALL.sample(rng)) for _ in range(2700))
    assert len(drawn) == SMALL.size == 27
    assert scipy.stats.chisquare(list(drawn.values())).pvalue > 1e-3


def test_crossover_draws_every_layer_evenly_from_the_two_parents() -> None:
    rng = np.random.default_rng(0)
    left, right = SMALL.parse("000"), SMALL.parse("222")
    drawn = Counter(SMALL.format(SMALL.crossover(left, right, rng)) for _ in range(1600))
    assert set(drawn) == {"".join(digits) for digits in itertools.product("02", repeat=3)}
    assert scipy.stats.chisquare(list(drawn.values())).pvalue > 1e-3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "position 0 .*expected one digit for each of 8 layers; got the end"),
        ("0120", "position 4 of the network '0120': expected one digit for each of 8 layers; got the end"),
        ("012012012", "position 8 .*expected one digit for each of 8 layers; got '2'"),
        ("01231201", r"position 3 .*expected one of 0 \(identity\), 1 \(mb3_k3\), 2 \(mb6_k5\); got '31201'"),
        ("0121 201", "position 4 .*expected one of 0 .*; got ' 201'"),
        ("0121²201", "position 4 .*expected one of 0 .*; got '²201'"),
    ],
)
def test_notation_that_does_not_parse_says_where(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SPACE.parse(text)


def test_white_space_around_the_notation_is_ignored() -> None:
    assert SPACE.parse(" 22212220\n") == SPACE.parse("22212220")


CHAIN = SMALL.parse("100")


def altered(nodes: tuple[Node, ...] = CHAIN.nodes, **changes: Any) -> Architecture:
    return Architecture(nodes, changes.get("edges", CHAIN.edges), changes.get("settings", ()))


def second(op: str, **attributes: float) -> tuple[Node, ...]:
    return (*CHAIN.nodes[:2], Node(op, tuple(attributes.items())), *CHAIN.nodes[3:])


SHORT = (CHAIN.nodes[0], CHAIN.nodes[1], CHAIN.nodes[-1])
CHAIN_FAULT = "one chain from 'input' to 'output'; got"
LAYER_FAULT = "layer 2 must be one of identity, mb3_k3, mb6_k5 with stride 1 and 6 channels or stride 2 and 12"


@pytest.mark.parametrize(
    ("architecture", "message"),
    [
        (SMALL.simplify(CHAIN), "has 5 nodes: input, 3 layers, output; got 4. .*keep the original"),
        (
            altered((*CHAIN.nodes[:4], CHAIN.nodes[0])),
            "first node must be 'input' and the last 'output'; got .*'input'",
        ),
        (altered(second("conv")), r"layer 2 must be one of .* with \{'channels': 12.0, 'stride': 2.0\}; got 'conv'"),
        (altered(second("mb3_k3", channels=12.0, stride=1.0)), "layer 2 must be .*'stride': 1.0}: write networks with"),
        (altered(edges=((0, 1), (1, 2), (2, 3))), r"the layers form a chain, \(\(0, 1\), .*; got \(\(0, 1\)"),
        (altered(settings=(("channels", 3.0),)), r"no settings; got \{'channels': 3.0\}: leave them out"),
    ],
)
def test_graphs_outside_the_space_are_refused(architecture: Architecture, message: str) -> None:
    rng = np.random.default_rng(0)
    for call in (
        lambda: SMALL.check(architecture),
        lambda: SMALL.mutate(architecture, rng),
        lambda: SMALL.crossover(architecture, CHAIN, rng),
        lambda: SMALL.neighbours(architecture),
        lambda: SMALL.format(architecture),
    ):
        with pytest.raises(ValueError, match=message):
            call()


@pytest.mark.parametrize(
    ("architecture", "message"),
    [
        (Architecture((), ()), CHAIN_FAULT),
        (altered((*CHAIN.nodes[:4], CHAIN.nodes[0])), CHAIN_FAULT + " input, mb3_k3, identity, identity, input"),
        (altered(edges=((0, 1), (1, 2), (2, 3))), CHAIN_FAULT),
        (altered(second("conv")), LAYER_FAULT + " channels; got 'conv' with {}"),
        (altered(second("mb3_k3", channels=12.0)), LAYER_FAULT),
        (altered(second("mb3_k3", channels=12.0, stride=1.0)), LAYER_FAULT),
        (altered(second("mb3_k3", channels=12.5, stride=2.0)), LAYER_FAULT),
        (altered(second("mb3_k3", channels=18.0, stride=3.0)), LAYER_FAULT),
        (altered(SHORT, edges=((0, 1), (1, 2))), "2 layers of stride 2, one a stage; got 1"),
    ],
)
def test_graphs_that_are_no_networks_are_neither_counted_nor_built(architecture: Architecture, message: str) -> None:
    for call in (SMALL.cost, SMALL.build, SMALL.simplify):
        with pytest.raises(ValueError, match=message):
            call(architecture)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"layers": []}, "layers must give the layers of at least one stage; got none"),
        ({"layers": 8}, "layers must be a list; got 8"),
        ({"layers": [2, 0]}, "layers must be a whole number of at least 1; got 0"),
        ({"channels": 0}, "channels must be a whole number of at least 1; got 0"),
        ({"head_channels": 1.5}, "head_channels must be a whole number of at least 1; got 1.5"),
        ({"classes": True}, "classes must be a whole number of at least 1; got True"),
        ({"input_shape": (3, 32)}, r"input_shape must be \(channels, height, width\); got \(3, 32\)"),
        (
            {"input_shape": (3, 7, 32)},
            "3 stages halve .* at least 8; got 7x32: enlarge the images or give fewer stages",
        ),
    ],
)
def test_bad_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        spaces.load("macro", **arguments)
