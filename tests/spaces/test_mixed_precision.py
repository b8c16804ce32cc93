"""``mixed_precision`` against torch's own fake quantisation, brute force over a tiny space, and bad input."""

import copy
import itertools
from collections import Counter
from typing import Any

import networkx
import numpy as np
import pytest
import scipy.stats
import torch
from torch import Tensor, nn

import spaces
from spaces import Architecture, Node
from spaces.cell201 import Cell201
from spaces.mixed_precision import MixedPrecision, stored_bits
from spaces.transformer import Transformer

OPS = ("none", "nor_conv_1x1")
CELL = Cell201("compact", channels=3, ops=OPS, input_shape=(1, 4, 4), classes=2)
TINY = MixedPrecision(CELL, bits=[2, 8], quantised="nor_conv_1x1", recipe={"epochs": [3, 9]})
CHAIN = "|nor_conv_1x1~0|+|none~0|nor_conv_1x1~1|+|none~0|none~1|nor_conv_1x1~2|"
DEAD = "|nor_conv_1x1~0|+|none~0|none~1|+|nor_conv_1x1~0|none~1|none~2|"

Member = tuple[tuple[int | None, ...], int]  # bits of the six operations, None for 'none'; epochs


def written(member: Member) -> str:
    widths, epochs = member
    a, b, c, d, e, f = ("none" if width is None else "nor_conv_1x1" for width in widths)
    policy = "-".join(str(width) for width in widths if width is not None)
    return f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2| @ bits={policy} epochs={epochs}"


EVERYTHING: list[Member] = [
    (widths, epochs) for widths in itertools.product((None, 2, 8), repeat=6) for epochs in (3, 9)
]
MEMBERS = {written(member): member for member in EVERYTHING}


def edited(member: Member) -> set[Member]:
    """Every result of one edit, from the rules in words: a new operation has the most bits."""
    widths, epochs = member
    found = {(widths, 12 - epochs)}
    for place, width in enumerate(widths):
        others = (8,) if width is None else (None, 10 - width)
        found |= {((*widths[:place], other, *widths[place + 1 :]), epochs) for other in others}
    return found


@pytest.mark.parametrize("bits", [2, 3, 8, 16])
@pytest.mark.parametrize("shape", [(4, 3), (5, 2, 3, 3)])
def test_weights_and_gradients_are_torchs_fake_quantisation(bits: int, shape: tuple[int, ...]) -> None:
    from spaces._mixed_precision_network import FakeQuantised

    generator = torch.Generator().manual_seed(bits)
    weight = torch.randn(shape, generator=generator).requires_grad_()
    twin = weight.detach().clone().requires_grad_()
    outward = torch.randn(shape, generator=generator)
    most = 2 ** (bits - 1) - 1
    scale = twin.detach().abs().flatten(1).amax(1) / most
    zeros = torch.zeros(len(scale), dtype=torch.int32)
    expected = torch.fake_quantize_per_channel_affine(twin, scale, zeros, 0, -most, most)
    quantised = FakeQuantised(bits)(weight)
    torch.testing.assert_close(quantised, expected)
    (quantised * outward).sum().backward()  # type: ignore[no-untyped-call]
    (expected * outward).sum().backward()  # type: ignore[no-untyped-call]
    assert weight.grad is not None
    torch.testing.assert_close(weight.grad, outward)
    torch.testing.assert_close(weight.grad, twin.grad)
    assert max(len(channel.unique()) for channel in quantised.detach()) <= 2 * most + 1


def test_a_channel_of_zeros_stays_zero() -> None:
    from spaces._mixed_precision_network import FakeQuantised

    weight = torch.tensor([[0.0, 0.0], [1.0, -0.4]])
    assert FakeQuantised(2)(weight).tolist() == [[0.0, 0.0], [1.0, 0.0]]


def levels(weight: Tensor) -> int:
    """Most different magnitudes within a channel."""
    return max(len(channel.detach().abs().unique()) for channel in weight)


def test_each_node_is_quantised_to_its_own_bits_wherever_it_is_stacked() -> None:
    space = MixedPrecision(Cell201("compact", channels=16, input_shape=(1, 4, 4)), bits=[2, 3, 32])
    cell = "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|none~0|none~1|nor_conv_3x3~2| @ bits="
    model: Any = space.build(space.parse(f"{cell}2-3-32"))
    convolutions = [module for module in model.modules() if isinstance(module, nn.Conv2d)]
    found = [levels(module.weight) for module in convolutions]
    assert len(found) == 1 + 3 + 1 + 3
    assert [found[1], found[2], found[5], found[6]] == [2, 4, 2, 4]  # 0 and 1, and 0 to 3, times the scale
    assert min(found[0], found[3], found[4], found[7]) > 8


def test_the_quantised_network_is_the_wrapped_one_with_rounded_weights() -> None:
    architecture = TINY.parse(f"{CHAIN} @ bits=2-8-2 epochs=3")
    quantised = TINY.build(architecture).eval()
    plain = CELL.build(CELL.parse(CHAIN)).eval()
    for ours, theirs in zip(leaves(quantised), leaves(plain), strict=True):
        for name, weight in theirs.named_parameters():
            weight.data.copy_(getattr(ours, name))
        assert type(theirs).__name__ in type(ours).__name__
    x = torch.randn((2, 1, 4, 4), generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(quantised(x), plain(x))


def leaves(model: nn.Module) -> list[nn.Module]:
    return [module for module in model.modules() if isinstance(module, nn.Conv2d | nn.Linear | nn.BatchNorm2d)]


def test_training_moves_quantised_weights_and_copies_stay_apart() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model: Any = TINY.build(TINY.parse(f"{CHAIN} @ bits=2-8-2 epochs=3"))
    twin = copy.deepcopy(model)
    twin.load_state_dict(model.state_dict())
    before = [weight.clone() for weight in model.parameters()]
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    model(torch.randn((4, 1, 4, 4), generator=torch.Generator().manual_seed(0))).square().sum().backward()
    optimiser.step()
    assert all(bool((old != new).any()) for old, new in zip(before, model.parameters(), strict=True))
    assert all(torch.equal(old, new) for old, new in zip(before, twin.parameters(), strict=True))


def test_cost_is_the_wrapped_spaces_and_storage_counts_bits() -> None:
    architecture = TINY.parse(f"{CHAIN} @ bits=2-8-2 epochs=9")
    assert TINY.cost(architecture) == CELL.cost(CELL.parse(CHAIN))
    quantised = [(3 * 3, 3, 2), (3 * 3, 3, 8), (3 * 3, 3, 2), (6 * 6, 6, 2), (6 * 6, 6, 8), (6 * 6, 6, 2)]
    rest = TINY.cost(architecture).parameters - sum(weights for weights, _, _ in quantised)
    expected = 32 * rest + sum(weights * bits + 32 * channels for weights, channels, bits in quantised)
    assert stored_bits(TINY.build(architecture)) == expected
    assert stored_bits(CELL.build(CELL.parse(CHAIN))) == 32 * CELL.cost(CELL.parse(CHAIN)).parameters


def test_every_notation_reads_back_and_neighbours_are_all_at_one_edit() -> None:
    assert len(MEMBERS) == len(EVERYTHING) == 2 * 3**6
    for text in list(MEMBERS)[::7]:
        assert TINY.format(TINY.parse(text)) == text
    for text in list(MEMBERS)[::97]:
        found = [MEMBERS[TINY.format(near)] for near in TINY.neighbours(TINY.parse(text))]
        assert len(found) == len(set(found))
        assert set(found) == edited(MEMBERS[text])


def test_every_network_is_reached_from_every_other_by_mutations() -> None:
    """As in the wrapped space, one strongly connected component holds every network; the other notations repeat some
    with so many operations dead that another path would take two edits, the first of which changes nothing.
    """
    functions = {member: TINY.simplify(TINY.parse(text)).key for text, member in MEMBERS.items()}
    graph = networkx.DiGraph(
        (member, near) for member in EVERYTHING for near in edited(member) if functions[near] != functions[member]
    )
    connected = max(networkx.strongly_connected_components(graph), key=len)
    assert {functions[member] for member in connected} == set(functions.values())


@pytest.mark.parametrize(
    "text", [f"{DEAD} @ bits=2-8 epochs=3", f"{CHAIN} @ bits=2-8-8 epochs=9", written(((None,) * 6, 3))]
)
def test_mutations_are_even_over_the_edits_that_change_the_network(text: str) -> None:
    parent, rng = TINY.parse(text), np.random.default_rng(0)
    here = TINY.simplify(parent).key
    changing = {written(near) for near in edited(MEMBERS[text]) if TINY.simplify(TINY.parse(written(near))).key != here}
    drawn = Counter(TINY.format(TINY.mutate(parent, rng)) for _ in range(100 * len(changing)))
    assert set(drawn) == changing
    assert scipy.stats.chisquare(list(drawn.values())).pvalue > 1e-3


def test_bits_of_a_dead_operation_change_nothing() -> None:
    one, other = TINY.parse(f"{DEAD} @ bits=2-8 epochs=3"), TINY.parse(f"{DEAD} @ bits=8-8 epochs=3")
    assert TINY.simplify(one).key == TINY.simplify(other).key
    assert TINY.simplify(one).key != TINY.simplify(TINY.parse(f"{DEAD} @ bits=2-2 epochs=3")).key
    assert TINY.simplify(one).key != TINY.simplify(TINY.parse(f"{DEAD} @ bits=2-8 epochs=9")).key


def test_samples_are_even_over_cells_bits_and_recipes() -> None:
    rng = np.random.default_rng(0)
    drawn = Counter(TINY.format(TINY.sample(rng)) for _ in range(40_000))
    expected = {text: 40_000 / 64 / 2 / 2 ** (6 - member[0].count(None)) for text, member in MEMBERS.items()}
    assert scipy.stats.chisquare([drawn[text] for text in MEMBERS], list(expected.values())).pvalue > 1e-3


def test_crossover_draws_bits_and_recipe_evenly_and_keeps_those_of_one_parent() -> None:
    rng = np.random.default_rng(0)
    left, right = written(((2, 2, 2, None, None, None), 3)), written(((8, 8, None, 8, None, None), 9))
    children = [MEMBERS[TINY.format(TINY.crossover(TINY.parse(left), TINY.parse(right), rng))] for _ in range(2000)]
    genes = np.array([[widths[0] == 8, widths[1] == 8, epochs == 9] for widths, epochs in children])
    assert np.abs(genes.mean(axis=0) - 0.5).max() < 0.05
    assert np.abs(np.corrcoef(genes.T.astype(float)) - np.eye(3)).max() < 0.1
    assert {widths[2] for widths, _ in children} == {None, 2}
    assert {widths[3] for widths, _ in children} == {None, 8}
    assert {widths[4:] for widths, _ in children} == {(None, None)}


def test_bits_follow_the_layers_of_a_network_that_grows_and_shrinks() -> None:
    inner = Transformer(embed_dims=4, layers=[1, 2, 3], heads=[1, 2], mlp_ratios=[1, 2], input_shape=[3], classes=5)
    space = MixedPrecision(inner, bits=[2, 4, 8], quantised=["multi_head", "mlp"])
    parent = "embed_dim=4 heads=1-2 mlp_ratio=1-2 @ bits=2-4-4-2"
    near = {space.format(child) for child in space.neighbours(space.parse(parent))}
    assert "embed_dim=4 heads=1 mlp_ratio=1 @ bits=2-4" in near
    assert "embed_dim=4 heads=1-2-2 mlp_ratio=1-2-2 @ bits=2-4-4-2-8-8" in near
    assert "embed_dim=4 heads=1-1 mlp_ratio=1-2 @ bits=2-4-4-2" in near
    assert "embed_dim=4 heads=1-2 mlp_ratio=1-2 @ bits=2-4-4-8" in near


def test_spaces_by_name_and_from_yaml_values() -> None:
    default = spaces.load("mixed_precision")
    assert default.ops == Cell201("compact").ops
    assert (default.input_shape, default.classes, default.attributes) == ((3, 32, 32), 10, ("bits",))
    made = spaces.load(
        "mixed_precision",
        space={"name": "cell201", "skeleton": "compact", "channels": [4, 8], "classes": 7},
        bits=4,
        recipe={"learning_rate": [0.1, 1e-4], "epochs": 12},
        input_shape=[1, 8, 8],
    )
    assert (made.input_shape, made.classes) == ((1, 8, 8), 7)
    architecture = made.sample(np.random.default_rng(0))
    assert dict(architecture.settings).keys() == {"channels", "epochs", "learning_rate"}
    assert architecture.setting("epochs") == 12
    assert spaces.load("mixed_precision", space="cell201").classes == 10
    tokens = spaces.load("mixed_precision", space={"name": "transformer"}, quantised=["multi_head", "mlp"])
    assert tokens.vocabulary == 50_257


MEMBER = TINY.parse(f"{CHAIN} @ bits=2-8-2 epochs=3")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CHAIN, r"position 71 .*expected ' @ bits='; got the end"),
        (f"{CHAIN} @ ", r"position 74 .*expected 'bits='; got the end"),
        (f"{CHAIN} @ bits", r"position 74 .*expected a field such as 'bits=8-4'; got 'bits'"),
        (f"{CHAIN} @ bits=2-8", r"position 79 .*expected bits of 3 quantised nodes, not of 2; got '2-8'"),
        (f"{CHAIN} @ bits=", r"position 79 .*expected bits of 3 quantised nodes, not of 0; got the end"),
        (f"{CHAIN} @ bits=2-4-8 epochs=3", r"position 81 .*expected one of 2, 8; got '4-8 epochs=3'"),
        (f"{CHAIN} @ bits=2-8-2", r"position 84 .*expected 'epochs='; got the end"),
        (f"{CHAIN} @ bits=2-8-2 epochs=4", r"position 92 .*expected one of 3, 9; got '4'"),
        (f"{CHAIN} @ bits=2-8-2 bits=2", r"position 85 .*expected 'epochs='; got 'bits=2'"),
        (f"{CHAIN} @ bits=2-8-2 epochs=3 epochs=3", r"position 94 .*expected the end; got 'epochs=3'"),
        ("|nor_conv~0| @ bits=2 epochs=3", r"position 1 of the cell .*got 'nor_conv~0"),
    ],
)
def test_notation_that_does_not_parse_says_where(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TINY.parse(text)


def replaced(place: int, node: Node) -> Architecture:
    nodes = (*MEMBER.nodes[:place], node, *MEMBER.nodes[place + 1 :])
    return Architecture(nodes, MEMBER.edges, MEMBER.settings)


@pytest.mark.parametrize(
    ("architecture", "message"),
    [
        (
            replaced(1, Node("nor_conv_1x1")),
            "nodes of nor_conv_1x1 have bits of 2, 8, .*; got node 1, .*, with bits None",
        ),
        (replaced(1, Node("nor_conv_1x1", (("bits", 4.0),))), "got node 1, 'nor_conv_1x1', with bits 4"),
        (replaced(2, Node("none", (("bits", 2.0),))), "others none; got node 2, 'none', with bits 2"),
        (replaced(2, Node("none", (("rate", 2.0),))), "nodes of a cell have no attributes; node 2 has"),
        (Architecture(MEMBER.nodes, MEMBER.edges, (("channels", 3.0),)), "'epochs' must be one of 3, 9; got None"),
        (
            Architecture(MEMBER.nodes, MEMBER.edges, (("channels", 3.0), ("epochs", 4.0))),
            "'epochs' must be one of 3, 9; got 4",
        ),
        (TINY.simplify(MEMBER), "a cell has 8 nodes"),
    ],
)
def test_graphs_outside_the_space_are_refused(architecture: Architecture, message: str) -> None:
    rng = np.random.default_rng(0)
    for call in (
        lambda: TINY.check(architecture),
        lambda: TINY.mutate(architecture, rng),
        lambda: TINY.crossover(architecture, MEMBER, rng),
        lambda: TINY.neighbours(architecture),
        lambda: TINY.format(architecture),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_operations_without_weights_cannot_be_quantised() -> None:
    space = MixedPrecision(CELL, quantised=["none", "nor_conv_1x1"])
    with pytest.raises(
        ValueError, match=r"nodes \[2, 4, 5\] are none: name in 'quantised' only operations with weights"
    ):
        space.build(space.parse(f"{CHAIN} @ bits=2-8-2-2-4-4"))


def test_a_space_that_drops_attributes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Cell201, "simplify", lambda self, architecture: self.parse(CHAIN))
    with pytest.raises(
        ValueError, match="simplify of Cell201 drops the attribute 'bits': a space that is wrapped keeps"
    ):
        TINY.simplify(MEMBER)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"space": "cell210"}, r"expected a space: .*Did you mean 'cell201'\?"),
        ({"space": {"skeleton": "compact"}}, "is described with its 'name'; got .*: add name: cell201"),
        ({"space": {"name": "cell201", "width": 8}}, "space 'cell201' takes skeleton, .*; got width"),
        ({"space": {"name": "cell201", "cells": 0}}, "cells must be a whole number of at least 1; got 0"),
        ({"space": 7}, "space must be a name, a mapping with 'name' and arguments, or a space; got 7"),
        ({"space": TINY, "quantised": "nor_conv_1x1"}, "nodes have bits already: wrap the space that is inside it"),
        (
            {"space": CELL, "quantised": "nor_conv_1x1", "input_shape": [1, 8, 8]},
            r"of \(1, 4, 4\); got .*: leave it out",
        ),
        ({"space": CELL, "quantised": "nor_conv_1x1", "classes": 10}, "has 2 classes; got classes=10: leave it out"),
        ({"space": CELL}, "quantised must be .*input, output, none, nor_conv_1x1; got 'nor_conv_3x3': name those"),
        ({"quantised": []}, r"quantised must be one or more different values; got \[\]"),
        ({"bits": 1}, "bits must be whole numbers from 2 to 16, or 32 for weights as they are; got 1"),
        ({"bits": [8, 17]}, "bits must be whole numbers from 2 to 16, .*; got 17"),
        ({"bits": [4.5]}, "bits must be whole numbers .*; got 4.5"),
        ({"bits": [4, 4]}, r"bits must be one or more different values; got \[4, 4\]"),
        ({"bits": "8"}, "bits must be a list; got '8'"),
        ({"recipe": [0.1]}, r"recipe must be a mapping of names to lists of values; got \[0.1\]"),
        ({"recipe": {"momentum": [0.9]}}, "settings are augmentation, epochs, .*; got 'momentum'"),
        ({"recipe": {"epochs": [2.5]}}, "epochs must be whole numbers of at least 1; got 2.5"),
        ({"recipe": {"learning_rate": [0]}}, "learning_rate must be numbers above 0; got 0"),
        ({"recipe": {"weight_decay": [-1]}}, "weight_decay must be numbers of at least 0; got -1"),
        ({"recipe": {"augmentation": ["flip"]}}, "augmentation must be numbers of at least 0; got 'flip'"),
        ({"recipe": {"learning_rate": [float("inf")]}}, "learning_rate must be numbers above 0; got inf"),
        ({"recipe": {"epochs": []}}, r"epochs must be one or more different values; got \[\]"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        spaces.load("mixed_precision", **arguments)
