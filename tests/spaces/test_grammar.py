"""``grammar`` against hand-written networks, brute force over all small derivations, and bad input."""

import itertools
from collections import Counter
from collections.abc import Iterator
from typing import Any

import networkx
import numpy as np
import pytest
import scipy.stats
import torch
from space_laws import fill
from torch import Tensor, nn
from torch.nn import functional

import spaces
from spaces import Architecture, Node
from spaces.grammar import Grammar

SMALL = Grammar(channels=8, input_shape=(3, 8, 8), classes=5)

RESNET = (
    "(seq (conv 1 1) batch_norm relu "
    "(branch clone (seq (conv 1 1) batch_norm relu (conv 1 1) batch_norm) identity add) relu "
    "(branch clone (seq (conv 2 2) batch_norm relu (conv 1 1) batch_norm) (seq pool (linear 2)) add) relu)"
)
MIXER = (
    "(seq (patch 2) (linear 0.5) "
    "(branch clone identity (seq layer_norm (permute (seq (linear 2) gelu (linear 0.5)))) add) "
    "(branch clone identity (seq layer_norm (linear 2) gelu (linear 0.5)) add) layer_norm)"
)
ATTENTION = "(branch clone (branch clone (linear 1) (linear 1) dot) (linear 1) attend)"
VIT = (
    f"(seq (patch 2) (linear 0.5) position (branch clone identity (seq layer_norm {ATTENTION} (linear 1)) add) "
    "(branch clone identity (seq layer_norm (linear 2) gelu (linear 0.5)) add) layer_norm)"
)


class Block(nn.Module):
    """A residual block of He et al. (2016)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut = nn.Identity() if stride == 1 else nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(inputs, outputs, 1))

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.body(x) + self.shortcut(x))


class Tokens(nn.Module):
    """A layer of an MLP-Mixer (Tolstikhin et al., 2021) or ViT (Dosovitskiy et al., 2021) on tokens (batch, n, d)."""

    def __init__(self, n: int, d: int, attention: bool) -> None:
        super().__init__()
        self.embedding = nn.Linear(32, d)
        self.attention = attention
        if attention:
            self.position = nn.Parameter(torch.empty(n, d))
        self.norm_a = nn.LayerNorm(d)
        self.mixing = nn.ModuleList(
            [nn.Linear(d, d) for _ in range(4)] if attention else [nn.Linear(n, 2 * n), nn.Linear(2 * n, n)]
        )
        self.norm_b = nn.LayerNorm(d)
        self.mlp = nn.Sequential(nn.Linear(d, 2 * d), nn.GELU(), nn.Linear(2 * d, d))
        self.norm_c = nn.LayerNorm(d)

    def mixed(self, x: Tensor) -> Tensor:
        if not self.attention:
            up, down = self.mixing
            return down(functional.gelu(up(x.transpose(1, 2)))).transpose(1, 2)
        query, key, value, out = self.mixing
        size = x.shape[-1]
        q, k = (nn.functional.rms_norm(projected, (size,), eps=1e-5) for projected in (query(x), key(x)))
        return out(functional.scaled_dot_product_attention(q, k, value(x)))

    def forward(self, image: Tensor) -> Tensor:
        patches = functional.unfold(image, 2, stride=2).transpose(1, 2)  # (batch, 16, 32)
        x = self.embedding(patches) + (self.position if self.attention else 0)
        x = x + self.mixed(self.norm_a(x))
        x = self.norm_c(x + self.mlp(self.norm_b(x)))
        return x.transpose(1, 2).unsqueeze(-1)


def around(body: nn.Module, channels: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 8, 1, bias=False),
        nn.BatchNorm2d(8),
        body,
        nn.BatchNorm2d(channels),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(channels, 5),
    ).double()


def resnet() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(8, 8, 3, 1, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU(), Block(8, 8, 1), Block(8, 16, 2)
    )


@pytest.mark.parametrize(
    ("text", "body", "macs"),
    [
        # 64 positions of 8 channels, then 16 of 16; a 3x3 convolution has 9 weights a pair of channels
        (RESNET, resnet(), 64 * 9 * 8 * 8 * 3 + 16 * (9 * 8 * 16 + 9 * 16 * 16 + 8 * 16)),
        # 16 tokens of 16 features
        (MIXER, Tokens(16, 16, attention=False), 16 * 32 * 16 + 16 * 2 * 16 * 32 + 16 * 2 * 16 * 32),
        (VIT, Tokens(16, 16, attention=True), 16 * 32 * 16 + 16 * 4 * 16 * 16 + 2 * 16 * 16 * 16 + 16 * 2 * 16 * 32),
    ],
    ids=["resnet", "mixer", "vit"],
)
def test_known_networks_are_derivations(text: str, body: nn.Module, macs: int) -> None:
    """Weights of our network, in order, loaded into a hand-written one give the same logits."""
    architecture = SMALL.parse(text)
    assert SMALL.format(architecture) == text
    ours = SMALL.build(architecture).double()
    theirs = around(body, 16)
    x = torch.randn((3, 3, 8, 8), generator=torch.Generator().manual_seed(0)).double()
    weights, places = ([*model.parameters()] for model in (ours, theirs))
    if "position" in text:  # the table is in the order of the graph here, the module's first parameter there
        table = next(place for place, weight in enumerate(weights) if weight.ndim == 3)
        weights.insert(3, weights.pop(table))
    if "patch" in text:  # pixel_unshuffle and unfold order channels and pixels alike
        assert torch.equal(functional.pixel_unshuffle(x, 2).flatten(2), functional.unfold(x, 2, stride=2))
    assert sum(weight.numel() for weight in places) == SMALL.cost(architecture).parameters
    assert SMALL.cost(architecture).macs == macs + 64 * 3 * 8 + 16 * 5
    with torch.no_grad():
        for source, target in zip(weights, places, strict=True):
            given = source.flatten(1).T if source.ndim == 3 else source
            target.copy_(given.reshape(target.shape))
        torch.testing.assert_close(ours(x), theirs(x), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("text", "nodes", "edges"),
    [
        ("identity", "input output", ((0, 1),)),
        ("(seq relu (seq) (seq identity gelu))", "input relu gelu output", ((0, 1), (1, 2), (2, 3))),
        (
            "(branch clone relu identity add)",
            "input clone relu identity right add output",
            ((0, 1), (1, 2), (1, 3), (2, 5), (3, 4), (4, 5), (5, 6)),
        ),
        (
            "(branch split identity (permute gelu) dot)",
            "input clone first_half second_half permute gelu unpermute right dot output",
            ((0, 1), (1, 2), (1, 3), (2, 8), (3, 4), (4, 5), (5, 6), (6, 7), (7, 8), (8, 9)),
        ),
    ],
)
def test_graphs_written_by_hand(text: str, nodes: str, edges: Any) -> None:
    architecture = SMALL.parse(text)
    assert " ".join(node.op for node in architecture.nodes) == nodes
    assert architecture.edges == edges


@pytest.mark.parametrize(
    ("text", "nodes", "edges"),
    [
        ("(branch clone relu identity add)", "input relu add output", ((0, 1), (0, 2), (1, 2), (2, 3))),
        (
            "(branch clone identity identity add)",
            "input identity add output",
            ((0, 1), (0, 2), (1, 2), (2, 3)),
        ),
        (
            "(branch clone relu identity concat)",
            "input relu right concat output",
            ((0, 1), (0, 2), (1, 3), (2, 3), (3, 4)),
        ),
        (
            "(branch clone pool identity add)",  # two shapes: the right operand is pooled to the left's
            "input pool right add output",
            ((0, 1), (0, 2), (1, 3), (2, 3), (3, 4)),
        ),
    ],
)
def test_simplified_graphs_written_by_hand(text: str, nodes: str, edges: Any) -> None:
    simplified = SMALL.simplify(SMALL.parse(text))
    assert " ".join(node.op for node in simplified.nodes) == nodes
    assert simplified.edges == edges


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("(branch clone relu gelu add)", "(branch clone gelu relu add)", True),
        ("(branch clone relu gelu concat)", "(branch clone gelu relu concat)", False),
        ("(branch clone relu gelu dot)", "(branch clone gelu relu dot)", False),
        ("(branch clone relu (conv 1 2) attend)", "(branch clone (conv 1 2) relu attend)", False),
        ("(branch split relu gelu add)", "(branch split gelu relu add)", False),
        ("(branch clone softmax (conv 2 1) add)", "(branch clone (conv 2 1) softmax add)", False),
    ],
)
def test_operands_have_an_order_where_it_matters(one: str, other: str, same: bool) -> None:
    """By the key, and by the values that the two derivations give with equal weights."""
    graphs = [SMALL.simplify(SMALL.parse(text)) for text in (one, other)]
    assert (graphs[0].key == graphs[1].key) == same
    x = torch.randn((2, 3, 8, 8), generator=torch.Generator().manual_seed(0))
    values = []
    for graph in graphs:
        model = SMALL.build(graph).eval()
        assert isinstance(model, nn.Sequential)
        for weight in model.parameters():
            if weight.ndim > 1:
                fill(weight, str(tuple(weight.shape)))
        values.append(model[:3](x))
    assert (values[0].shape == values[1].shape and torch.allclose(*values, atol=1e-6)) == same


def bodies(length: int, depth: int, primitives: tuple[str, ...] = ("relu", "gelu")) -> Iterator[tuple[int, str, int]]:
    """Every body of at most ``length`` items as ``(items, text, items at the top)``, enumerated by the grammar."""
    yield 0, "", 0
    for items, text, top in every_item(length, depth, primitives):
        for more, rest, others in bodies(length - items, depth, primitives):
            yield items + more, f"{text} {rest}".strip(), top + others


def every_item(length: int, depth: int, primitives: tuple[str, ...]) -> Iterator[tuple[int, str, int]]:
    if length < 1:
        return
    for primitive in primitives:
        yield 1, primitive, 1
    if depth < 1:
        return
    for items, text, _ in bodies(length - 1, depth - 1, primitives):
        if items:
            yield 1 + items, f"(permute (seq {text}))", 1
        for more, other, _ in bodies(length - 1 - items, depth - 1, primitives):
            for kind, end in itertools.product(("clone", "split"), ("add", "concat", "dot", "attend")):
                yield 1 + items + more, f"(branch {kind} (seq {text}) (seq {other}) {end})", 1


@pytest.mark.parametrize(
    ("length", "count"),
    [
        # one item: relu, gelu, 8 empty branches; two: 10 * 10 pairs, 10 permutations, 2 * 8 branches of one item
        (2, 1 + 10 + 10 * 10 + 10 + 2 * 8 * 10),
        # exactly three: 10^3 + 2 * 10 * 170 of two items in a row, 270 permutations, 8 * (2 * 270 + 10^2) branches
        pytest.param(3, 281 + 1000 + 3400 + 270 + 8 * 640, marks=pytest.mark.slow),
    ],
)
def test_every_derivation_is_reached_from_every_other_by_mutations(length: int, count: int) -> None:
    space = Grammar(channels=2, primitives=["relu", "gelu"], depth=3, length=length, input_shape=(1, 2, 2))
    members = {space.parse(f"(seq {text})") for _, text, _ in bodies(length, 3)}
    assert len(members) == count
    keys = {member: space.simplify(member).key for member in members}
    graph: networkx.DiGraph = networkx.DiGraph()
    for member in members:
        for neighbour in space.neighbours(member):
            assert keys[neighbour] != keys[member]  # every edit changes the function
            graph.add_edge(member, neighbour)
    assert set(graph) == members
    assert networkx.is_strongly_connected(graph)


def test_neighbours_are_the_documented_edits() -> None:
    space = Grammar(channels=2, primitives=["relu", "gelu"], depth=2, length=4, input_shape=(1, 2, 2))
    found = {space.format(neighbour) for neighbour in space.neighbours(space.parse("(branch clone relu identity add)"))}
    kinds = ("clone", "split")
    expected = {f"(seq {leaf} (branch clone relu identity add))" for leaf in ("relu", "gelu")}
    expected |= {f"(seq (branch clone relu identity add) {leaf})" for leaf in ("relu", "gelu")}
    for kind in kinds:  # an empty branch in each gap
        empty = f"(branch {kind} identity identity add)"
        expected |= {
            f"(seq {empty} (branch clone relu identity add))",
            f"(seq (branch clone relu identity add) {empty})",
        }
        expected |= {
            f"(branch clone (seq {empty} relu) identity add)",
            f"(branch clone (seq relu {empty}) identity add)",
        }
        expected |= {f"(branch clone relu {empty} add)"}
        expected |= {f"(branch {kind} (branch clone relu identity add) identity add)"}  # wrapped
        expected |= {f"(branch clone (branch {kind} relu identity add) identity add)"}
    expected |= {"identity", "relu", "gelu", "(permute (branch clone relu identity add))"}
    expected |= {"(branch split relu identity add)", "(branch clone identity identity add)"}
    expected |= {f"(branch clone relu identity {end})" for end in ("concat", "dot", "attend")}
    expected |= {f"(branch clone relu {leaf} add)" for leaf in ("relu", "gelu")}
    expected |= {"(branch clone gelu identity add)", "(branch clone (permute relu) identity add)"}
    expected |= {f"(branch clone (seq {pair}) identity add)" for pair in ("relu relu", "relu gelu", "gelu relu")}
    assert found == expected


@pytest.mark.parametrize("text", ["identity", "(seq relu relu)", "(branch clone (permute (permute relu)) gelu add)"])
def test_mutations_are_even_over_the_neighbours(text: str) -> None:
    space = Grammar(channels=2, primitives=["relu", "gelu"], depth=3, length=5, input_shape=(1, 2, 2))
    parent, rng = space.parse(text), np.random.default_rng(0)
    expected = {space.format(neighbour) for neighbour in space.neighbours(parent)}
    drawn = Counter(space.format(space.mutate(parent, rng)) for _ in range(60 * len(expected)))
    assert set(drawn) == expected
    assert scipy.stats.chisquare(list(drawn.values())).pvalue > 1e-3


def test_samples_follow_the_grammars_probabilities() -> None:
    """Without bounds in the way: 0.1 of the networks are the identity, 0.09 a single item."""
    space, rng = Grammar(length=500, depth=50, elements=10**12), np.random.default_rng(0)
    texts = [space.format(space.sample(rng)) for _ in range(3000)]
    n = texts.count("identity")
    assert scipy.stats.binomtest(n, 3000, 0.1).pvalue > 1e-3
    items = [text.count("permute") + text.count("branch") + leaves(text) for text in texts]
    assert abs(np.mean(items) - 22.5) < 3 * np.std(items) / 3000**0.5
    firsts = Counter(text.split()[1].strip("()") if text.startswith("(seq") else "other" for text in texts)
    del firsts["other"]
    assert scipy.stats.binomtest(firsts["branch"], sum(firsts.values()), 0.2).pvalue > 1e-3
    assert scipy.stats.binomtest(firsts["permute"], sum(firsts.values()), 0.1).pvalue > 1e-3


def leaves(text: str) -> int:
    return sum(text.count(primitive) for primitive in spaces.grammar.PRIMITIVES)  # no name holds another


def test_crossover_exchanges_runs_of_the_common_region() -> None:
    rng = np.random.default_rng(0)
    left, right = (
        SMALL.parse("(seq relu (branch clone relu relu add))"),
        SMALL.parse("(seq gelu (branch split gelu gelu dot) gelu)"),
    )
    drawn = {SMALL.format(SMALL.crossover(left, right, rng)) for _ in range(400)}
    assert drawn == {
        "(seq gelu (branch clone relu relu add))",
        "(seq relu (branch split gelu gelu dot))",
        "(seq relu (branch clone relu relu add) gelu)",
        "(seq gelu (branch split gelu gelu dot))",
        "(seq relu (branch split gelu gelu dot) gelu)",
        "(seq relu (branch clone gelu relu add))",
        "(seq relu (branch clone relu gelu add))",
    }


def test_degenerate_derivations_survive_variation() -> None:
    rng = np.random.default_rng(0)
    identity, other = SMALL.parse("identity"), SMALL.parse("(permute relu)")
    for _ in range(50):
        SMALL.check(SMALL.mutate(identity, rng))
        SMALL.check(SMALL.crossover(identity, other, rng))
        SMALL.check(SMALL.crossover(other, identity, rng))
    assert SMALL.crossover(identity, identity, rng) == identity
    assert SMALL.crossover(identity, other, rng) == identity  # the only child but its parents


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"position 0 .*expected one of \(, identity, .*; got the end"),
        ("(seq relu", r"position 9 .*expected .*; got the end"),
        ("relu relu", "position 5 .*expected the end; got 'relu'"),
        ("(seq relu))", r"position 10 .*expected the end; got '\)'"),
        ("(attention)", r"position 1 .*expected one of seq, branch, permute, .*; got 'attention'"),
        ("(seq swish)", r"position 5 .*expected one of .*relu.*; got 'swish'"),
        ("linear", r"position 0 .*expected one of \(linear 0.5\), .*; got 'linear'"),
        ("(seq relu (conv 3 1))", r"position 11 .*expected one of \(conv 1 0.5\), .*; got 'conv'"),
        ("(conv x)", r"position 1 .*expected one of \(conv 1 0.5\), .*"),
        ("(branch copy relu relu add)", "position 8 .*expected one of clone, split; got 'copy'"),
        ("(branch clone relu add)", r"position 19 .*expected one of \(, identity, .*; got 'add'"),
        ("(branch clone relu relu mul)", "position 24 .*expected one of add, concat, dot, attend; got 'mul'"),
        ("(permute identity)", "position 9 .*expected a module other than identity .*; got 'identity'"),
        ("(seq " * 300 + ")" * 300, "position 1000 .*expected at most 200 brackets"),
    ],
)
def test_notation_that_does_not_parse_says_where(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SMALL.parse(text)


@pytest.mark.parametrize(
    ("arguments", "text", "message"),
    [
        ({"length": 2}, "(seq relu relu relu)", "at most length=2 items; got 3: enlarge length"),
        ({"depth": 1}, "(permute (permute relu))", "at most depth=1 modules .*; got 2: enlarge depth"),
        (
            {},
            "(branch clone identity identity dot)",
            "at most elements=131072 .* node 5, 'dot', holds 1048576: enlarge",
        ),
    ],
)
def test_derivations_beyond_the_bounds_are_refused(arguments: dict[str, Any], text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Grammar(**arguments).parse(text)
    wide = Grammar(length=500, depth=50, elements=10**9)
    with pytest.raises(ValueError, match=message):
        Grammar(**arguments).check(wide.parse(text))


def chain(*ops: str | Node, edges: Any = None, settings: Any = ()) -> Architecture:
    nodes = tuple(op if isinstance(op, Node) else Node(op) for op in ops)
    given = tuple((place, place + 1) for place in range(len(nodes) - 1)) if edges is None else edges
    return Architecture(nodes, given, settings)


@pytest.mark.parametrize(
    ("architecture", "message"),
    [
        (SMALL.simplify(SMALL.parse(RESNET)), "no derivation .*keep the original"),
        (chain("input", "relu"), "no derivation .*node 2 should be output; got the end"),
        (chain("relu", "output"), "no derivation .*node 0 should be input; got relu"),
        (chain("input", "permute", "unpermute", "output"), "no derivation .*empty permutation is the identity"),
        (chain("input", "output", "relu"), "no derivation .*nodes follow 'output', from node 2"),
        (chain("input", "relu", "output", edges=((0, 1), (0, 2), (1, 2))), "no derivation .*wired otherwise|should be"),
        (chain("input", "attention", "output"), "primitives must be among .*; node 1 is attention"),
        (chain("input", Node("conv", (("stride", 3.0), ("width", 1.0))), "output"), r"node 1 is \(conv 3 1\)"),
        (chain("input", "relu", "output", settings=(("depth", 2.0),)), r"no settings; got \{'depth': 2.0\}"),
    ],
)
def test_graphs_outside_the_space_are_refused(architecture: Architecture, message: str) -> None:
    rng = np.random.default_rng(0)
    for call in (
        lambda: SMALL.check(architecture),
        lambda: SMALL.mutate(architecture, rng),
        lambda: SMALL.crossover(architecture, SMALL.parse("relu"), rng),
        lambda: SMALL.neighbours(architecture),
        lambda: SMALL.format(architecture),
    ):
        with pytest.raises(ValueError, match=message):
            call()


@pytest.mark.parametrize(
    ("architecture", "message"),
    [
        (chain("input", "attention", "output"), "operations must be among .*; node 1 is 'attention'"),
        (chain("input", "relu", "output", edges=((0, 1),)), "'output' has 1 inputs; node 2 has 0"),
        (chain("input", "relu"), "one 'input' and one 'output'; got input, relu"),
        (chain("input", "relu", "add", "output", edges=((0, 1), (1, 2), (2, 3))), "'add' has 2 inputs; node 2 has 1"),
        (chain("input", "relu", "dot", "output", edges=((0, 1), (0, 2), (1, 2), (2, 3))), "must be 'right'; got 0"),
        (chain("input", "unpermute", "output"), "must follow a 'permute'"),
        (chain("input", "conv", "output"), r"'conv' has an attribute 'stride'; got \{\}"),
        (chain("input", Node("patch", (("patch", 0.5),)), "output"), "patch of 'patch' must be a whole .*; got 0.5"),
        (chain("input", "pool", "add", "output", edges=((0, 1), (0, 2), (1, 2), (2, 3))), "shapes.* need .*'right'"),
    ],
)
def test_graphs_of_other_operations_are_neither_counted_nor_built(architecture: Architecture, message: str) -> None:
    for call in (SMALL.cost, SMALL.build, SMALL.simplify):
        with pytest.raises(ValueError, match=message):
            call(architecture)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"channels": 0}, "channels must be a whole number of at least 1; got 0"),
        ({"primitives": []}, "primitives must be one or more different names; got none"),
        ({"primitives": ["relu", "relu"]}, "primitives must be one or more different names; got relu, relu"),
        ({"primitives": ["swish"]}, "primitives must be among linear, .*; got 'swish'"),
        ({"primitives": "relu"}, "primitives must be a list; got 'relu'"),
        ({"widths": [0]}, "widths must be positive numbers, .*; got 0"),
        ({"widths": [1, 1.0]}, r"widths must be one or more different numbers; got \[1.0, 1.0\]"),
        ({"strides": [1.5]}, "strides must be a whole number of at least 1; got 1.5"),
        ({"patches": []}, r"patches must be one or more different numbers; got \[\]"),
        ({"depth": 0}, "depth must be a whole number of at least 1; got 0"),
        ({"length": True}, "length must be a whole number of at least 1; got True"),
        ({"elements": 100}, r"elements must be at least .* = 16384; got 100: enlarge elements"),
        ({"input_shape": (3, 32)}, r"input_shape must be \(channels, height, width\); got \(3, 32\)"),
        ({"classes": -1}, "classes must be a whole number of at least 1; got -1"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        spaces.load("grammar", **arguments)


def test_a_chosen_vocabulary_and_yaml_lists() -> None:
    space = spaces.load("grammar", primitives=["relu", "linear"], widths=[np.float64(4)], input_shape=[1, 8, 8])
    assert space.ops[-2:] == ("relu", "linear")
    assert space.size is None
    with pytest.raises(ValueError, match=r"position 0 .*expected one of \(, identity, relu; got 'gelu'"):
        space.parse("gelu")
