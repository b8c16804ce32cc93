"""Descriptors read from names, against descriptions by hand, and over every space's vocabulary."""

import pytest

import spaces
from spaces.discovery import discover
from surrogates.message_passing.graph_tensors import GraphReader
from surrogates.operation_descriptors import DESCRIPTORS, described


@pytest.mark.parametrize(
    ("op", "expected"),
    [
        ("nor_conv_3x3", {"convolution": 1, "kernel": 3}),
        ("conv1x1-bn-relu", {"convolution": 1, "kernel": 1, "normalisation": 1, "activation": 1}),
        ("max_pool_3x3", {"pooling": 1, "maximum": 1, "kernel": 3}),
        ("avg_pool_3x3", {"pooling": 1, "kernel": 3}),
        ("sep_conv_5x5", {"convolution": 1, "depthwise": 1, "kernel": 5}),
        ("dil_conv_3x3", {"convolution": 1, "dilated": 1, "kernel": 3}),
        ("mb6_k5", {"convolution": 1, "depthwise": 1, "expansion": 6, "kernel": 5}),
        ("skip_connect", {"identity": 1}),
        ("none", {"zero": 1}),
        ("multi_head", {"attention": 1}),
        ("c_{k-2}", {"input": 1}),
        ("layer", {"linear": 1}),
        ("layer_norm", {"normalisation": 1}),
        ("output", {"output": 1}),
        ("something_else", {}),
    ],
)
def test_names_are_read(op: str, expected: dict[str, float]) -> None:
    assert described(op) == expected


@pytest.mark.parametrize("name", discover(spaces.ROOM))
def test_descriptors_tell_the_working_operations_of_every_space(name: str) -> None:
    if name == "choices":
        pytest.skip("a space of the user's own names, whose descriptors the user may give")
    ops = spaces.load(name).ops
    told = [op for op in ops if described(op)]
    assert all(described(op).keys() <= set(DESCRIPTORS) for op in ops)
    assert len(told) > 0.8 * len(ops), f"only {told} of {ops}"


def test_descriptors_by_hand_stand_in_the_place_of_the_name() -> None:
    space = spaces.load("cell201")
    reader = GraphReader(space, {"nor_conv_3x3": {"attention": 1, "kernel": 7}})
    graph = space.parse("|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|")
    tensors = reader.read([graph])
    place = [node.op for node in graph.nodes].index("nor_conv_3x3")
    found = dict(zip(reader.features, tensors.features[0, place].tolist(), strict=True))
    assert {name: value for name, value in found.items() if value} == {"attention": 1.0, "kernel": 3.0}  # log2(1 + 7)


def test_descriptors_by_hand_are_checked() -> None:
    space = spaces.load("cell201")
    with pytest.raises(ValueError, match=r"operations \(input, .*\); got 'conv'"):
        GraphReader(space, {"conv": {"kernel": 3}})
    with pytest.raises(ValueError, match=r"descriptors of 'none' must be among kernel, .*; got size"):
        GraphReader(space, {"none": {"size": 3}})
