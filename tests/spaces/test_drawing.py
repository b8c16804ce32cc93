"""Drawings say every node, edge and attribute, and nothing lies on anything else."""

import itertools
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spaces import Architecture, Node
from spaces.cell201 import Cell201
from spaces.drawing import as_svg, as_text

SVG = "{http://www.w3.org/2000/svg}"
SPACE = Cell201("compact", channels=[4, 8])
MIXED = Architecture(
    (Node("input"), Node("conv", (("bits", 8.0), ("rate", 0.25))), Node("a<&>b"), Node("output")),
    ((0, 1), (0, 3), (1, 2), (2, 3)),
    (("channels", 1234567.0),),
)


@st.composite
def graphs(draw: st.DrawFn) -> Architecture:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if rng.random() < 0.5:
        return SPACE.sample(rng)
    n = int(rng.integers(0, 12))
    edges = tuple(pair for pair in itertools.combinations(range(n), 2) if rng.random() < 0.3)
    return Architecture(tuple(Node(f"op{index % 4}") for index in range(n)), edges)


def test_text_of_a_graph_written_by_hand() -> None:
    assert as_text(MIXED) == (
        "channels=1234567\n"
        "node  operation\n"
        "0     input\n"
        "1     conv bits=8 rate=0.25  <- 0\n"
        "2     a<&>b                  <- 1\n"
        "3     output                 <- 0, 2"
    )


@settings(max_examples=40, deadline=None)
@given(architecture=graphs())
def test_text_holds_the_whole_graph_and_names_inputs_before_their_use(architecture: Architecture) -> None:
    lines = as_text(architecture).split("\n")
    table = lines[lines.index("node  operation") + 1 :]
    named: set[int] = set()
    edges = set()
    for line in table:
        match = re.fullmatch(r"(\d+) +(\w+)(?: +<- ([\d, ]+))?", line)
        assert match is not None
        node, sources = int(match[1]), {int(source) for source in (match[3] or "").split(", ") if source}
        assert match[2] == architecture.nodes[node].op
        assert sources <= named
        named.add(node)
        edges |= {(source, node) for source in sources}
    assert named == set(range(len(architecture.nodes)))
    assert edges == set(architecture.edges)


@settings(max_examples=40, deadline=None)
@given(architecture=graphs())
def test_svg_has_every_box_inside_apart_and_below_its_inputs(architecture: Architecture) -> None:
    root = ElementTree.fromstring(as_svg(architecture))
    assert root.tag == f"{SVG}svg"
    left, top, width, height = map(float, root.attrib["viewBox"].split())
    boxes = [
        tuple(float(box.attrib[name]) for name in ("x", "y", "width", "height")) for box in root.iter(f"{SVG}rect")
    ]
    assert len(boxes) == len(architecture.nodes)
    for x, y, wide, high in boxes:
        assert left <= x < x + wide <= left + width + 0.1
        assert top <= y < y + high <= top + height + 0.1
    for (x, y, wide, high), (other_x, other_y, _, _) in itertools.combinations(boxes, 2):
        assert abs(x - other_x) > wide or abs(y - other_y) > high
    for source, target in architecture.edges:
        assert boxes[source][1] < boxes[target][1]
    lines = [path for path in root.iter(f"{SVG}path") if path.attrib["fill"] == "none"]
    assert len(lines) == len(architecture.edges)


def test_svg_shows_title_settings_and_attributes_escaped() -> None:
    root = ElementTree.fromstring(as_svg(MIXED, title='<trial "7">'))
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert texts == [
        '<trial "7">',
        "channels=1234567",
        "input",
        "conv",
        "bits=8 rate=0.25",
        "a<&>b",
        "output",
    ]
    assert [title.text for title in root.iter(f"{SVG}title")] == ['<trial "7">']


def test_svg_refers_to_nothing_and_names_nothing() -> None:
    drawing = as_svg(MIXED, title="one")
    assert drawing.count("http") == 1  # the namespace
    assert re.search(r'\b(id|href|src|class|style)="', drawing) is None
    assert "url(" not in drawing


def test_colours_depend_on_the_operation_alone_and_tell_the_five_apart() -> None:
    def colours(architecture: Architecture) -> dict[str, str]:
        root = ElementTree.fromstring(as_svg(architecture))
        boxes = [box.attrib["fill"] for box in root.iter(f"{SVG}rect")]
        return {node.op: colour for node, colour in zip(architecture.nodes, boxes, strict=True)}

    everything = colours(
        SPACE.parse("|none~0|+|skip_connect~0|nor_conv_1x1~1|+|nor_conv_3x3~0|avg_pool_3x3~1|none~2| channels=4")
    )
    hues = sorted(int(colour.split("(")[1].split(",")[0]) for colour in everything.values())
    assert min(after - before for before, after in itertools.pairwise([*hues, hues[0] + 360])) >= 20
    assert colours(Architecture((Node("none"),), ())) == {"none": everything["none"]}


@pytest.mark.parametrize("width", [60, 300, 900.5])
def test_width_scales_the_picture_and_keeps_its_proportions(width: float) -> None:
    root = ElementTree.fromstring(as_svg(MIXED, width=width))
    _, _, wide, high = map(float, root.attrib["viewBox"].split())
    assert float(root.attrib["width"]) == pytest.approx(width, abs=0.1)
    assert float(root.attrib["height"]) == pytest.approx(width * high / wide, abs=0.2)


@pytest.mark.parametrize("width", [0, -5, float("nan")])
def test_a_width_that_is_not_positive_is_refused(width: float) -> None:
    with pytest.raises(ValueError, match=f"width must be a positive number of px; got {width}: leave it out"):
        as_svg(MIXED, width=width)
