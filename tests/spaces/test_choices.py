"""List-of-choices spaces by brute force: what they hold, how they vary, what they refuse."""

import itertools
from collections import Counter
from typing import Any

import numpy as np
import pytest
import scipy.stats
import space_laws
from toy_choices import ToyChoices

from spaces import Architecture, Node
from spaces.choices import Choice, ChoiceSpace, Layers

TOY = ToyChoices()
WIDTH = Choice("width", [1, 2])
LAYERS = [f"{width}/{activation}" for width in (2, 4, 8) for activation in ("relu", "gelu")]
WIDE = [[], *[list(pair) for pair in itertools.product(LAYERS, repeat=2)]]
PLAIN = [["-"], ["-", "-", "-"]]


def text(scale: str, bias: str, wide: list[str], plain: list[str]) -> str:
    return f"scale={scale} bias={bias}; {' '.join(['wide:', *wide])}; {' '.join(['plain:', *plain])}"


EVERYTHING = [text(*genes) for genes in itertools.product(("1", "1.5"), ("true", "false"), WIDE, PLAIN)]


def test_the_space_holds_every_combination_once() -> None:
    assert TOY.size == len(EVERYTHING) == 2 * 2 * 37 * 2
    architectures = [TOY.parse(each) for each in EVERYTHING]
    assert [TOY.format(each) for each in architectures] == EVERYTHING
    assert len({each.key for each in architectures}) == TOY.size


def test_a_graph_written_by_hand() -> None:
    architecture = TOY.parse("scale=1.5 bias=false; wide: 4/gelu 2/relu; plain: -")
    assert architecture == Architecture(
        (
            Node("input"),
            Node("wide", (("activation_gelu", 1.0), ("width", 4.0))),
            Node("wide", (("activation_relu", 1.0), ("width", 2.0))),
            Node("plain"),
            Node("output"),
        ),
        ((0, 1), (1, 2), (2, 3), (3, 4)),
        (("bias", 0.0), ("scale", 1.5)),
    )
    assert TOY.ops == ("input", "wide", "plain", "output")
    assert TOY.attributes == ("width", "activation_relu", "activation_gelu")
    genes = TOY.genes(architecture)
    assert genes.settings == {"scale": 1.5, "bias": False}
    assert genes.layers == {
        "wide": ({"width": 4, "activation": "gelu"}, {"width": 2, "activation": "relu"}),
        "plain": ({},),
    }
    assert isinstance(genes.layers["wide"][0]["width"], int)
    assert isinstance(genes.settings["bias"], bool)


@pytest.mark.parametrize("law", space_laws.CHEAP, ids=lambda law: law.__name__)
def test_laws(law: Any) -> None:
    for seed in range(20):
        law(TOY, seed)


def expected_neighbours(parent: str) -> set[str]:
    """Every text one gene away; a run that shrinks loses its end, one that grows from nothing has first values."""
    head, wide, plain = parent.split("; ")
    scale, bias = (part.split("=")[1] for part in head.split(" "))
    layers, dashes = wide.split(" ")[1:], plain.split(" ")[1:]
    found = {text("1.5" if scale == "1" else "1", bias, layers, dashes)}
    found.add(text(scale, "true" if bias == "false" else "false", layers, dashes))
    found.add(text(scale, bias, [] if layers else ["2/relu"] * 2, dashes))
    found.add(text(scale, bias, layers, ["-"] if len(dashes) == 3 else ["-"] * 3))
    for place, layer in enumerate(layers):
        width, activation = layer.split("/")
        other = "gelu" if activation == "relu" else "relu"
        changed = [f"{width}/{other}", *[f"{new}/{activation}" for new in ("2", "4", "8") if new != width]]
        for new in changed:
            found.add(text(scale, bias, [*layers[:place], new, *layers[place + 1 :]], dashes))
    return found


@pytest.mark.parametrize("parent", EVERYTHING[::17])
def test_neighbours_are_all_texts_one_gene_away(parent: str) -> None:
    found = [TOY.format(neighbour) for neighbour in TOY.neighbours(TOY.parse(parent))]
    assert len(found) == len(set(found))
    assert set(found) == expected_neighbours(parent)


def test_a_longer_run_repeats_its_last_layer() -> None:
    space = Grown()
    found = {space.format(each) for each in space.neighbours(space.parse("layer: 1 2"))}
    assert found == {"layer: 1", "layer: 1 2 2 2", "layer: 1 1", "layer: 2 2"}


class Grown(ChoiceSpace):
    cost = ToyChoices.cost
    build = ToyChoices.build

    def __init__(self, depth: Any = (1, 2, 4), choices: Any = (WIDTH,), **others: Any) -> None:
        super().__init__(layers=[Layers("layer", depth, choices)], **others)


@pytest.mark.parametrize("parent", [EVERYTHING[0], EVERYTHING[-1]])
def test_mutations_are_even_over_the_neighbours(parent: str) -> None:
    rng = np.random.default_rng(0)
    expected = expected_neighbours(parent)
    drawn = Counter(TOY.format(TOY.mutate(TOY.parse(parent), rng)) for _ in range(200 * len(expected)))
    assert set(drawn) == expected
    assert scipy.stats.chisquare(list(drawn.values())).pvalue > 1e-3


def test_samples_are_even_over_each_gene_and_depth() -> None:
    rng = np.random.default_rng(0)
    drawn = Counter(TOY.format(TOY.sample(rng)) for _ in range(20000))
    expected = {each: 20000 / 16 / (1 if "wide:;" in each else 36) for each in EVERYTHING}
    assert set(drawn) <= set(expected)
    observed = [drawn[each] for each in EVERYTHING]
    assert scipy.stats.chisquare(observed, [expected[each] for each in EVERYTHING]).pvalue > 1e-3


def test_crossover_draws_every_gene_evenly_and_deeper_layers_from_the_deeper_parent() -> None:
    space, rng = Grown(depth=[1, 4]), np.random.default_rng(0)
    left, right = space.parse("layer: 1"), space.parse("layer: 2 1 2 1")
    drawn = Counter(space.format(space.crossover(left, right, rng)) for _ in range(4000))
    assert set(drawn) == {"layer: 1", "layer: 2", "layer: 1 1 2 1", "layer: 2 1 2 1"}
    assert scipy.stats.chisquare(list(drawn.values())).pvalue > 1e-3


@pytest.mark.parametrize(
    ("notation", "message"),
    [
        ("", "position 0 .*expected 'scale='; got the end"),
        ("scale=2 bias=true", "position 6 .*expected scale, one of 1, 1.5; got '2 bias=true'"),
        ("scale=1 bias=yes", "position 13 .*expected bias, one of true, false; got 'yes'"),
        ("scale=1 bias=true wide:", "position 17 .*expected '; '; got ' wide:'"),
        ("scale=1 bias=true; narrow:", "position 19 .*expected 'wide:'; got 'narrow:'"),
        ("scale=1 bias=true; wide: 2", r"position 26 .*expected '/'; got the end"),
        ("scale=1 bias=true; wide: 2/tanh", "position 27 .*expected activation, one of relu, gelu; got 'tanh'"),
        ("scale=1 bias=true; wide: 2/relu; ", "position 24 .*as many layers of wide as one of 0, 2; got 1"),
        ("scale=1 bias=true; wide:; plain: 2/relu", "position 33 .*expected '-'; got '2/relu'"),
        ("scale=1 bias=true; wide:; plain: -; deep:", "position 34 .*expected the end; got '; deep:'"),
    ],
)
def test_notation_that_does_not_parse_says_where(notation: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TOY.parse(notation)


GOOD = TOY.parse("scale=1 bias=true; wide: 2/relu 2/relu; plain: -")


def altered(place: int, node: Node) -> Architecture:
    return Architecture((*GOOD.nodes[:place], node, *GOOD.nodes[place + 1 :]), GOOD.edges, GOOD.settings)


@pytest.mark.parametrize(
    ("architecture", "message"),
    [
        (Architecture((), ()), "first node must be 'input' and the last one 'output'; got no nodes"),
        (Architecture((Node("input"), Node("plain")), ((0, 1),)), "got input, plain"),
        (altered(0, Node("input", (("width", 2.0),))), "input and output have no attributes"),
        (Architecture(GOOD.nodes, GOOD.edges[1:], GOOD.settings), "the 5 nodes must be a chain"),
        (Architecture(GOOD.nodes, (*GOOD.edges[:1], (0, 2), *GOOD.edges[1:]), GOOD.settings), "must be a chain"),
        (Architecture(GOOD.nodes, GOOD.edges), r"the network must have scale of 1 or 1.5 and bias of .*got \{\}"),
        (
            Architecture(GOOD.nodes, GOOD.edges, (("bias", 1.0), ("scale", 2.0))),
            r"the network must have .*'scale': 2.0",
        ),
        (altered(1, Node("plain")), "node 2 must follow the order input, wide, plain, output; got 'wide'"),
        (altered(2, Node("deep")), "wide must have 0 or 2 layers in a row; got 1"),
        (altered(3, Node("wide", GOOD.nodes[1].attributes)), "wide must have 0 or 2 layers in a row; got 3"),
        (altered(3, Node("plain", (("width", 2.0),))), r"node 3 \(plain\) must have no attributes, and nothing else"),
        (
            altered(1, Node("wide", (("width", 2.0),))),
            r"node 1 \(wide\) must have width of one of 2, 4, 8 and one of a",
        ),
        (
            altered(1, Node("wide", (("activation_gelu", 1.0), ("activation_relu", 1.0), ("width", 2.0)))),
            r"one of activation_relu, activation_gelu \(1\), and nothing else",
        ),
        (
            Architecture((*GOOD.nodes[:-1], Node("deep"), Node("output")), (*GOOD.edges, (4, 5)), GOOD.settings),
            "node 4 must follow the order input, wide, plain, output; got 'deep'",
        ),
    ],
)
def test_graphs_outside_the_space_are_refused(architecture: Architecture, message: str) -> None:
    rng = np.random.default_rng(0)
    for call in (
        lambda: TOY.check(architecture),
        lambda: TOY.genes(architecture),
        lambda: TOY.simplify(architecture),
        lambda: TOY.mutate(architecture, rng),
        lambda: TOY.crossover(GOOD, architecture, rng),
        lambda: TOY.neighbours(architecture),
        lambda: TOY.format(architecture),
    ):
        with pytest.raises(ValueError, match=message):
            call()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "9lives", "values": [1]}, "the name of a choice must begin with a letter .*got '9lives'"),
        ({"name": "a b", "values": [1]}, "must begin with a letter .*got 'a b'"),
        ({"name": "a", "values": "relu"}, "a must be a list; got 'relu'"),
        ({"name": "a", "values": []}, r"a must be one or more different values; got \[\]"),
        ({"name": "a", "values": [1, 1.0]}, r"a must be one or more different values; got \[1, 1.0\]"),
        ({"name": "a", "values": [True, 1]}, r"a must be one or more different values; got \[True, 1\]"),
        ({"name": "a", "values": ["3", 3]}, r"a must be one or more different values; got \['3', 3\]"),
        ({"name": "a", "values": [float("nan")]}, "values of a must be finite numbers, .*got nan"),
        ({"name": "a", "values": ["x/y"]}, "values of a must be .*got 'x/y'"),
        ({"name": "a", "values": [None]}, "values of a must be .*got None"),
    ],
)
def test_bad_choices_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Choice(**arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"depth": []}, r"depth of layer must be one or more different numbers; got \[\]"),
        ({"depth": [1, 1]}, r"depth of layer must be one or more different numbers; got \[1, 1\]"),
        ({"depth": [-1]}, "depth of layer must be a whole number of at least 0; got -1"),
        ({"depth": 3}, "depth must be a list; got 3"),
        ({"depth": [1], "choices": []}, "a choice of at least two values, or a run of at least two depths"),
        (
            {"choices": [Choice("a", [1, 2]), Choice("a", [3])]},
            "names of the choices of layer must differ; got a twice",
        ),
        ({"choices": [Choice("a", ["b_c"]), Choice("a_b", ["c"])]}, "must differ; got a_b_c twice: rename one"),
        ({"settings": [Choice("a", [1]), Choice("a", [2])]}, "names of the settings must differ; got a twice"),
        ({"input_shape": []}, r"input_shape must be the shape of one example; got \[\]"),
        ({"input_shape": [0]}, "input_shape must be a whole number of at least 1; got 0"),
        ({"classes": 2.5}, "classes must be a whole number of at least 1; got 2.5"),
    ],
)
def test_bad_spaces_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Grown(**arguments)


def test_operations_must_differ() -> None:
    with pytest.raises(ValueError, match="operations must differ; got input twice: rename one"):
        Named("input", "b")
    with pytest.raises(ValueError, match="operations must differ; got b twice"):
        Named("b", "b")
    with pytest.raises(ValueError, match=r"operation of a run of layers must begin with a letter .*got '3x3'"):
        Named("3x3", "b")


class Named(ChoiceSpace):
    cost = ToyChoices.cost
    build = ToyChoices.build

    def __init__(self, *ops: str) -> None:
        super().__init__(layers=[Layers(op, [1, 2]) for op in ops])
