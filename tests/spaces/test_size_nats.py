"""``size_nats`` against NATS-Bench's published figures, the cell's text in plain functions, and bad input."""

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import scipy.stats
import torch
from torch import Tensor
from torch.nn import functional

import spaces
from spaces import Architecture, Node
from spaces.size_nats import SizeNats

CELL = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"
SMALL = SizeNats((2, 3, 5), input_shape=(2, 8, 4), classes=3)


def test_there_are_32768_candidates_and_every_one_reads_back() -> None:
    space = SizeNats()
    texts = [":".join(map(str, widths)) for widths in itertools.product(range(8, 65, 8), repeat=5)]
    assert space.size == len(texts) == 32_768
    for text in texts[::7]:
        assert space.format(space.parse(text)) == text
    assert len({space.parse(text).key for text in texts[::7]}) == len(texts[::7])


@pytest.mark.parametrize(
    ("text", "parameters"),
    [("8:8:8:8:8", 11_714), ("8:8:16:40:40", 107_826), ("64:64:64:64:64", 713_674), ("8:8:8:16:40", 67_378)],
)
def test_parameters_are_the_published_ones(text: str, parameters: int) -> None:
    """Of CIFAR-10, from the benchmark's files; the last is its 12th candidate as the documentation prints it."""
    space = SizeNats()
    assert space.cost(space.parse(text)).parameters == parameters


def test_published_flops_are_macs_and_the_bias_of_the_head() -> None:
    space = SizeNats()
    assert space.cost(space.parse("8:8:8:16:40")).macs + 10 == 7_991_706


def test_the_largest_and_the_smallest_network_cost_most_and_least() -> None:
    space = SizeNats()
    rng = np.random.default_rng(0)
    least, most = space.cost(space.parse("8:8:8:8:8")), space.cost(space.parse("64:64:64:64:64"))
    for _ in range(500):
        cost = space.cost(space.sample(rng))
        assert least.parameters <= cost.parameters <= most.parameters
        assert least.macs <= cost.macs <= most.macs


def output(widths: tuple[int, ...], weights: Iterator[Tensor], x: Tensor) -> Tensor:
    """Logits in evaluation mode with fresh normalisations, wired by the text of the cell.

    Weights come in the order: stem; of each cell its operations sorted by (source, target), the skip connection last;
    of each reduction its two convolutions and the shortcut; head.
    """

    def normalised(value: Tensor) -> Tensor:
        return value / (1 + 1e-5) ** 0.5

    def convolved(value: Tensor, stride: int = 1) -> Tensor:
        return normalised(functional.conv2d(value.clamp(min=0), next(weights), stride=stride, padding=1))

    def cell(value: Tensor, outputs: int) -> Tensor:
        maps = [value]
        skipped: list[tuple[int, int]] = []
        for target, group in enumerate(CELL.split("+"), start=1):
            total = torch.zeros(())
            for op, source in re.findall(r"(\w+)~(\d)", group):
                if op == "skip_connect":
                    skipped.append((int(source), target))
                else:
                    total = total + convolved(maps[int(source)])
            maps.append(total)
        assert skipped == [(0, 3)]
        skip = value if len(value[0]) == outputs else normalised(functional.conv2d(value, next(weights)))
        return maps[3] + skip

    x = normalised(functional.conv2d(x, next(weights), padding=1))
    x = cell(x, widths[0])
    for outputs in (widths[2], widths[4]):
        residual = convolved(convolved(x, stride=2))
        x = residual + functional.conv2d(functional.avg_pool2d(x, 2), next(weights))
        x = cell(x, outputs)
    return normalised(x).clamp(min=0).mean(dim=(2, 3)) @ next(weights).T + next(weights)


@pytest.mark.parametrize("text", ["2:3:5:3:2", "5:5:5:5:5", "3:2:2:5:3"])
def test_the_network_is_wired_as_the_cells_text_says(text: str) -> None:
    model = SMALL.build(SMALL.parse(text)).double().eval()
    weights = [weight for name, weight in model.named_parameters() if weight.ndim > 1 or name.startswith("10.")]
    x = torch.randn((2, 2, 8, 4), generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    with torch.no_grad():
        expected = output(tuple(map(int, text.split(":"))), iter(weights), x)
        torch.testing.assert_close(model(x), expected, rtol=1e-9, atol=1e-9)


def test_sampling_is_uniform_over_the_notations() -> None:
    space = SizeNats((2, 3))
    rng = np.random.default_rng(0)
    counts = Counter(space.format(space.sample(rng)) for _ in range(6_400))
    assert len(counts) == 32
    assert scipy.stats.chisquare(list(counts.values())).pvalue > 0.001


def test_mutation_reaches_every_neighbour_evenly() -> None:
    rng = np.random.default_rng(0)
    parent = SMALL.parse("2:3:5:3:2")
    counts = Counter(SMALL.format(SMALL.mutate(parent, rng)) for _ in range(4_000))
    expected = {
        ":".join(map(str, widths))
        for widths in itertools.product((2, 3, 5), repeat=5)
        if sum(a != b for a, b in zip(widths, (2, 3, 5, 3, 2), strict=True)) == 1
    }
    assert set(counts) == expected
    assert {SMALL.format(neighbour) for neighbour in SMALL.neighbours(parent)} == expected
    assert scipy.stats.chisquare(list(counts.values())).pvalue > 0.001


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "position 0 of the widths '': expected one of 2, 3, 5; got the end"),
        ("2:3:5:3", "position 7 of the widths '2:3:5:3': expected ':' and 1 more of the five widths; got the end"),
        ("2:4:5:3:2", "position 2 of the widths '2:4:5:3:2': expected one of 2, 3, 5; got '4:5:3:2'"),
        ("2:3:5:3:2:2", "position 8 of .*: expected one of 2, 3, 5; got '2:2'"),
        ("2:3:5:3:+2", r"position 8 of .*: expected one of 2, 3, 5; got '\+2'"),
    ],
)
def test_a_notation_that_does_not_parse_says_where(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SMALL.parse(text)


def chain(*channels: float, settings: tuple[tuple[str, float], ...] = ()) -> Architecture:
    ops = ("stem", "cell", "reduction", "cell", "reduction", "cell")
    body = [Node(op, (("channels", width),)) for op, width in zip(ops, channels, strict=True)]
    edges = tuple((position, position + 1) for position in range(7))
    return Architecture((Node("input"), *body, Node("output")), edges, settings)


@pytest.mark.parametrize(
    ("architecture", "message"),
    [
        (Architecture((Node("input"), Node("output")), ((0, 1),)), "a network is the chain input - stem .* parse"),
        (Architecture(chain(2, 2, 3, 3, 5, 5).nodes, ((0, 1),)), r"the edges \(\(0, 1\),\): build networks with parse"),
        (chain(2, 2, 3, 4, 5, 5), "channels must be one of 2, 3, 5; node 4 has 4"),
        (chain(2, 3, 3, 3, 5, 5), "the stem and the first cell have the same channels; got 2 and 3: change both"),
        (chain(2, 2, 3, 3, 5, 5, settings=(("channels", 1.0),)), "has no settings; got {'channels': 1.0}"),
        (
            Architecture(
                (Node("input", (("a", 1.0),)), *chain(2, 2, 3, 3, 5, 5).nodes[1:]), chain(2, 2, 3, 3, 5, 5).edges
            ),
            r"and the others none; node 0 has \['a'\]",
        ),
    ],
)
def test_graphs_outside_the_space_are_refused(architecture: Architecture, message: str) -> None:
    for refusing in (SMALL.check, SMALL.format, SMALL.simplify, SMALL.cost, SMALL.build):
        with pytest.raises(ValueError, match=message):
            refusing(architecture)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"widths": [8]}, r"widths must be at least two different numbers; got \[8\]"),
        ({"widths": [8, 8]}, r"widths must be at least two different numbers; got \[8, 8\]"),
        ({"widths": 8}, "widths must be a list; got 8"),
        ({"widths": [8, 0]}, "widths must be a whole number of at least 1; got 0"),
        ({"widths": [8, 2.5]}, "widths must be a whole number of at least 1; got 2.5"),
        ({"classes": True}, "classes must be a whole number of at least 1; got True"),
        ({"input_shape": [3, 32]}, r"input_shape must be \(channels, height, width\); got \[3, 32\]"),
        ({"input_shape": [3, 2, 32]}, "must be multiples of 4; got 2x32: pad or resize the images"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        spaces.load("size_nats", **arguments)
