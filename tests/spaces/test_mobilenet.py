"""``mobilenet`` against the authors' figures and terms, and bad input."""

from typing import Any

import mobilenet_reference as reference
import numpy as np
import pytest
import torch
from small_spaces import SMALL
from torch.utils.flop_counter import FlopCounterMode

import spaces
from spaces import Architecture, Cost
from spaces.mobilenet import MobileNet

LARGEST, SMALLEST = reference.uniform(4, 7, 6), reference.uniform(2, 3, 3)


def notation(units: reference.Units, settings: str) -> str:
    runs = [" ".join([f"unit{number}:", *[f"{k}/{e}" for k, e in unit]]) for number, unit in enumerate(units, start=1)]
    return "; ".join([settings, *runs])


def units_of(space: MobileNet, architecture: Architecture) -> reference.Units:
    runs = space.format(architecture).split("; ")[1:]
    return [[tuple(map(int, layer.split("/"))) for layer in run.split(" ")[1:]] for run in runs]  # type: ignore[misc]


def cost(units: reference.Units, width: float, resolution: int, classes: int = 1000) -> Cost:
    space = MobileNet(width, resolution, input_shape=(3, resolution, resolution), classes=classes)
    return space.cost(space.parse(notation(units, f"width={width:g} resolution={resolution}")))


@pytest.mark.parametrize(
    ("units", "width", "resolution", "parameters", "macs"),
    [
        (LARGEST, 1.0, 224, 7_664_760, 566_170_656),
        (LARGEST, 1.0, 128, 7_664_760, 188_248_320),
        (SMALLEST, 1.0, 224, 3_410_792, 121_278_672),
        (SMALLEST, 1.0, 128, 3_410_792, 41_476_224),
        (LARGEST, 1.2, 224, 10_701_632, 843_101_040),
        (LARGEST, 1.2, 160, 10_701_632, 433_563_888),
        (SMALLEST, 1.2, 224, 4_602_456, 193_078_200),
        (SMALLEST, 1.2, 160, 4_602_456, 100_320_888),
    ],
)
def test_the_extremes_of_the_released_networks(
    units: reference.Units, width: float, resolution: int, parameters: int, macs: int
) -> None:
    """As the authors' layers give them, as we count them, and as torch counts what we build."""
    counts = reference.counts(units, width, resolution, 1000)
    assert (counts.parameters, counts.macs) == (parameters, macs)
    assert cost(units, width, resolution) == Cost(parameters, macs)
    space = MobileNet(width)
    with torch.device("meta"):
        model = space.build(space.parse(notation(units, f"width={width:g} resolution={resolution}"))).eval()
        with FlopCounterMode(display=False) as counter:
            model(torch.empty(1, 3, 224, 224))
    assert sum(weight.numel() for weight in model.parameters()) == parameters
    assert counter.get_total_flops() == 2 * macs


def test_a_specialised_network_has_the_counts_of_the_authors_table() -> None:
    found = cost(reference.SPECIALISED, 1.2, 236)
    assert f"{found.parameters / 1e6:.1f}M {found.macs / 1e6:.0f}M" == "9.1M 595M"
    assert found == Cost(9_135_928, 595_189_032)


def test_the_smallest_network_has_the_count_that_torchprofile_published() -> None:
    """89,421,520 at 192 pixels, its own rules being that products and means count too; the classes must then be ten."""
    counts = reference.counts(SMALLEST, 1.0, 192, 10)
    assert cost(SMALLEST, 1.0, 192, classes=10).macs == counts.macs == 88_574_144
    assert counts.macs + counts.products + counts.means == 89_421_520


def test_the_size_is_the_papers() -> None:
    """Section 3.1: ((3 x 3)^2 + (3 x 3)^3 + (3 x 3)^4)^5, about 2 x 10^19, each at 25 resolutions."""
    assert MobileNet().size == 25 * (9**2 + 9**3 + 9**4) ** 5
    assert MobileNet(resolution=224).size == 21758655492572485851  # about 2 x 10^19


def test_costs_of_random_members_are_the_authors_and_lie_between_the_extremes() -> None:
    space, rng = MobileNet([1, 1.2]), np.random.default_rng(0)
    for _ in range(100):
        architecture = space.sample(rng)
        width, resolution = architecture.setting("width"), int(architecture.setting("resolution"))
        counts = reference.counts(units_of(space, architecture), width, resolution, 1000)
        found = space.cost(architecture)
        assert found == Cost(counts.parameters, counts.macs)
        least, most = (reference.counts(units, width, resolution, 1000) for units in (SMALLEST, LARGEST))
        assert least.parameters < found.parameters < most.parameters
        assert least.macs < found.macs < most.macs


@pytest.mark.parametrize("name", ["mobilenet-small", "mobilenet-settings"])
def test_the_network_computes_what_the_authors_layers_do(name: str) -> None:
    space = SMALL[name]
    assert isinstance(space, MobileNet)
    rng = np.random.default_rng(0)
    for _ in range(8):
        architecture = space.sample(rng)
        model = space.build(architecture).double().eval()
        weights = [
            weight
            for module in model.modules()
            if isinstance(module, torch.nn.Conv2d | torch.nn.Linear)
            for weight in module.parameters()
        ]
        for weight in weights:
            torch.nn.init.normal_(weight, std=weight[0].numel() ** -0.5)
        x = torch.randn((2, *space.input_shape)).double()
        size = int(architecture.setting("resolution")) if name == "mobilenet-settings" else None
        with torch.no_grad():
            rest = iter(weights)
            expected = reference.output(units_of(space, architecture), (1, 2, 1, 2, 1, 1), size, rest, x)
            assert next(rest, None) is None
            torch.testing.assert_close(model(x), expected, rtol=1e-9, atol=1e-9)


def test_a_member_written_by_hand() -> None:
    space = MobileNet(depth=[1, 2], width=[1, 0.5], resolution=None)
    architecture = space.parse("width=0.5; unit1: 3/4; unit2: 5/3 7/6; unit3: 3/3; unit4: 3/3; unit5: 7/6")
    ops = [node.op for node in architecture.nodes]
    assert ops == ["input", "unit1", "unit2", "unit2", "unit3", "unit4", "unit5", "output"]
    assert architecture.nodes[3].attributes == (("expansion", 6.0), ("kernel", 7.0))
    assert architecture.settings == (("width", 0.5),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("width=1", "position 7 .*expected ' resolution='; got the end"),
        ("width=1 resolution=100", "position 19 .*expected resolution, one of 128, 132, .*; got '100'"),
        (notation(SMALLEST, "width=1 resolution=128").replace("3/3", "3/5", 1), "expected expansion, one of 3, 4, 6"),
        (notation(reference.uniform(5, 3, 3), "width=1 resolution=128"), "as many layers of unit1 as one of 2, 3, 4"),
    ],
)
def test_notation_that_does_not_parse_says_where(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MobileNet().parse(text)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"width": 0}, "width must be a positive number; got 0"),
        ({"width": "1.0"}, "width must be a positive number; got '1.0'"),
        ({"width": [1, True]}, "width must be a positive number; got True"),
        (
            {"width": [1, 1.001]},
            r"width must be numbers that make different channels; got \[1.0, 1.001\]: leave some out",
        ),
        (
            {"resolution": 256},
            "resolution must be at most the image's .*got 256 for 224x224: give a larger input_shape",
        ),
        ({"input_shape": [3, 64, 96]}, "resolution must be at most .*got 224 for 64x96: .*None for images as they are"),
        ({"resolution": 128.5}, "resolution must be a whole number of at least 1; got 128.5"),
        ({"resolution": [16, 224]}, "divide height and width by 32, so both must be at least that; got 16: enlarge"),
        ({"resolution": None, "input_shape": [1, 8, 64]}, "must be at least that; got 8: enlarge .*smaller strides"),
        ({"depth": [0, 2]}, "depth must be a whole number of at least 1; got 0"),
        ({"depth": 2}, "depth must be a list; got 2"),
        ({"kernel": [3, 4]}, "kernel must be odd, so that it has a middle; got 4"),
        ({"expansion": [0]}, "expansion must be a whole number of at least 1; got 0"),
        ({"strides": [2, 2]}, r"strides must be of the stem and five units, six numbers; got \[2, 2\]"),
        ({"strides": [0, 2, 2, 2, 1, 2]}, "strides must be a whole number of at least 1; got 0"),
        ({"input_shape": (3, 224)}, r"input_shape must be \(channels, height, width\); got \(3, 224\)"),
        ({"classes": 0}, "classes must be a whole number of at least 1; got 0"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        spaces.load("mobilenet", **arguments)
