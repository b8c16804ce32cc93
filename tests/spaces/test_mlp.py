"""``mlp`` against formulas, and bad input."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from small_spaces import SMALL
from torch import Tensor

import spaces
from spaces import Architecture, Cost
from spaces.mlp import Mlp

SPACE = SMALL["mlp-table"]

FORMULAS = {
    "relu": lambda x: x.clamp(min=0),
    "gelu": lambda x: x * (1 + torch.erf(x / math.sqrt(2))) / 2,
    "silu": lambda x: x / (1 + torch.exp(-x)),
    "tanh": lambda x: 1 - 2 / (torch.exp(2 * x) + 1),
}


def layers_of(architecture: Architecture) -> list[tuple[int, str, bool]]:
    found = []
    for node in architecture.nodes[1:-1]:
        given = dict(node.attributes)
        (activation,) = [name for name in FORMULAS if f"activation_{name}" in given]
        found.append((int(given["width"]), activation, given["skip"] == 1))
    return found


def expected(architecture: Architecture, weights: list[Tensor], x: Tensor) -> Tensor:
    """The network by its definition, given its matrices and biases in order; normalisations are fresh ones."""
    rest = iter(weights)
    norm = architecture.settings[0][0]
    for width, activation, skip in layers_of(architecture):
        value = x @ next(rest).T + next(rest)
        if norm == "normalisation_batch":
            value = value / (1 + 1e-5) ** 0.5
        elif norm == "normalisation_layer":
            centred = value - value.mean(1, keepdim=True)
            value = centred / (centred.square().mean(1, keepdim=True) + 1e-5).sqrt()
        value = FORMULAS[activation](value)
        if skip:
            value = value + (x if x.shape[1] == width else x @ next(rest).T)
        x = value
    logits = x @ next(rest).T + next(rest)
    assert next(rest, None) is None
    return logits


@pytest.mark.parametrize("seed", range(30))
def test_the_network_is_the_formula(seed: int) -> None:
    architecture = SPACE.sample(np.random.default_rng(seed))
    model = SPACE.build(architecture).double().eval()
    weights = [weight for part in model.modules() if isinstance(part, torch.nn.Linear) for weight in part.parameters()]
    x = torch.randn((4, 6), generator=torch.Generator().manual_seed(seed)).double()
    with torch.no_grad():
        torch.testing.assert_close(model(x), expected(architecture, weights, x), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("text", "parameters", "macs"),
    [
        ("normalisation=none; layer: 3/relu/false", 6 * 3 + 3 + 3 * 3 + 3, 6 * 3 + 3 * 3),
        ("normalisation=layer; layer: 3/tanh/false", 6 * 3 + 3 + 2 * 3 + 3 * 3 + 3, 6 * 3 + 3 * 3),
        ("normalisation=none; layer: 3/relu/true", 2 * 6 * 3 + 3 + 3 * 3 + 3, 2 * 6 * 3 + 3 * 3),
        (
            "normalisation=batch; layer: 3/relu/false 3/gelu/true 5/silu/true",
            (6 * 3 + 9) + (3 * 3 + 9) + (2 * 3 * 5 + 15) + (5 * 3 + 3),
            6 * 3 + 3 * 3 + 2 * 3 * 5 + 5 * 3,
        ),
    ],
)
def test_costs_worked_out_by_hand(text: str, parameters: int, macs: int) -> None:
    assert SPACE.cost(SPACE.parse(text)) == Cost(parameters, macs)


def test_sizes_and_the_vocabulary() -> None:
    assert SPACE.size == 3 * ((2 * 4 * 2) + (2 * 4 * 2) ** 3)
    assert Mlp().size == 3 * sum(40**depth for depth in (1, 2, 3, 4))
    assert SPACE.ops == ("input", "layer", "output")
    assert SPACE.attributes == (
        "width",
        *(f"activation_{name}" for name in ("relu", "gelu", "silu", "tanh")),
        "skip",
    )


@pytest.mark.parametrize("name", ["mlp-table", "mlp-images", "mobilenet-small", "mobilenet-settings"])
def test_every_edit_changes_the_cost_or_the_outputs(name: str) -> None:
    """What lets ``simplify`` be the identity: no two members one edit apart are the same network."""
    space = SMALL[name]
    generator = torch.Generator().manual_seed(0)
    x = 2 * torch.randn((3, *space.input_shape), generator=generator).double()

    def outputs(architecture: Architecture) -> Tensor:
        torch.manual_seed(0)
        with torch.no_grad():
            found: Tensor = space.build(architecture).double().eval()(x)
            return found

    with torch.random.fork_rng():
        for seed in range(3):
            parent = space.sample(np.random.default_rng(seed))
            here = outputs(parent)
            for child in space.neighbours(parent):
                assert space.cost(child) != space.cost(parent) or (outputs(child) - here).abs().max() > 1e-9


def test_images_are_flattened() -> None:
    space = spaces.load("mlp", input_shape=[1, 8, 8], width=4, depth=[1], activation="relu", skip=False)
    architecture = space.parse("normalisation=none; layer: 4/relu/false")
    assert space.cost(architecture) == Cost(64 * 4 + 4 + 4 * 10 + 10, 64 * 4 + 4 * 10)
    assert space.build(architecture)(torch.zeros(2, 1, 8, 8)).shape == (2, 10)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"depth": [0]}, "depth must be a whole number of at least 1; got 0"),
        ({"depth": 3}, "depth must be a list; got 3"),
        ({"width": [8, 2.5]}, "width must be a whole number of at least 1; got 2.5"),
        ({"width": []}, r"width must be one or more different values; got \[\]"),
        ({"activation": ["relu", "swish"]}, "activation must be among relu, gelu, silu, tanh; got 'swish'"),
        ({"activation": {"relu"}}, "activation must be a list; got {'relu'}"),
        ({"normalisation": "group"}, "normalisation must be among none, batch, layer; got 'group'"),
        ({"skip": "yes"}, "skip must be a list; got 'yes'"),
        ({"skip": [1]}, "skip must be true, false, or a list of both; got 1"),
        ({"input_shape": []}, r"input_shape must be the shape of one example; got \[\]"),
        ({"input_shape": [0]}, "input_shape must be a whole number of at least 1; got 0"),
        ({"classes": 0}, "classes must be a whole number of at least 1; got 0"),
        (
            {"depth": [2], "width": 8, "activation": "relu", "skip": False, "normalisation": "none"},
            "a space needs a choice of at least two values, or a run of at least two depths; got none",
        ),
    ],
)
def test_bad_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        spaces.load("mlp", **arguments)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("layer: 16/relu/true", "position 0 .*expected 'normalisation='; got 'layer"),
        ("normalisation=none; layer: 16/relu", "position 34 .*expected '/'; got the end"),
        ("normalisation=none; layer: 16/relu/1", "position 35 .*expected skip, one of false, true; got '1'"),
        ("normalisation=none; layer:", "position 26 .*as many layers of layer as one of 1, 2, 3, 4; got 0"),
    ],
)
def test_notation_that_does_not_parse_says_where(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Mlp().parse(text)
