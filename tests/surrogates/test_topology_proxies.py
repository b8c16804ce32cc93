"""Proxies that read the graph, and the count of linear regions, each against a computation of its own."""

import networks
import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from spaces.architecture import Architecture, Node
from spaces.cell101 import Cell101
from spaces.cell201 import Cell201
from spaces.darts import Darts
from spaces.transformer import Transformer
from surrogates.proxies.linear_regions import LinearRegions
from surrogates.proxies.nasgraph import Nasgraph
from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy_failure import ProxyFailure
from surrogates.proxies.sample_patterns import sample_patterns


def degree(architecture: Architecture, channels: int = 16) -> float:
    probe = Probe(networks.Raising(), networks.batch(), needs=Nasgraph.needs, architecture=architecture)
    return Nasgraph(channels).score(probe)


def chain(*ops: str) -> Architecture:
    nodes = tuple(Node(op) for op in ("input", *ops, "output"))
    return Architecture(nodes, tuple((i, i + 1) for i in range(len(ops) + 1)))


def converted(architecture: Architecture, channels: int) -> float:
    """The authors' procedure: an image for every channel runs through real layers, on a larger map, edge by edge."""
    blocks: dict[str, nn.Module] = {"avg_pool_3x3": nn.AvgPool2d(3, 1, 1, count_include_pad=False)}
    for kernel in (1, 3):
        layer = nn.Conv2d(channels, channels, kernel, padding=kernel // 2, bias=False)
        draw = torch.Generator().manual_seed(0)
        layer.weight.data = torch.randn(channels, channels, kernel, kernel, generator=draw)
        blocks[f"nor_conv_{kernel}x{kernel}"] = nn.Sequential(layer, nn.ReLU())
    edges = set()
    for source, target in architecture.edges:
        block = blocks.get(architecture.nodes[target].op, nn.Identity())
        for i in range(channels):
            image = torch.zeros(1, channels, 9, 9)
            image[0, i] = 1.0
            outputs = block(image)[0].sum(dim=(1, 2))
            edges |= {((source, i), (target, j)) for j in range(channels) if outputs[j] != 0}
    return 2 * len(edges) / len({node for edge in edges for node in edge})


def test_nasgraph_is_what_images_of_single_channels_show() -> None:
    space, rng = Cell201(), np.random.default_rng(1)
    for _ in range(6):
        cell = space.simplify(space.sample(rng))
        if cell.edges:
            assert degree(cell, 5) == pytest.approx(converted(cell, 5))


def test_nasgraph_by_hand() -> None:
    # Per channel, connections make one chain: 2 edges of 3 nodes, then 3 of 4.
    assert degree(chain("skip_connect")) == pytest.approx(2 * 2 / 3)
    assert degree(chain("max_pool_3x3", "identity")) == pytest.approx(2 * 3 / 4)
    # Of one channel a convolution has the edge or has not; without it, the other end is connected all the same.
    weight = torch.randn(1, 1, 1, 1, generator=torch.Generator().manual_seed(0)).item()
    assert degree(chain("conv1x1-bn-relu"), channels=1) == pytest.approx(4 / 3 if weight > 0 else 1.0)


def test_nasgraph_prefers_what_connects_more_channels() -> None:
    pool, small, large = (degree(chain(op)) for op in ("avg_pool_3x3", "nor_conv_1x1", "nor_conv_3x3"))
    assert pool < small < large < 16
    separable = degree(chain("sep_conv_3x3"))
    drawn = torch.Generator().manual_seed(0)
    pointwise = nn.Conv2d(16, 16, 1, bias=False)
    pointwise.weight.data = torch.randn(16, 16, 1, 1, generator=drawn)
    depthwise = torch.randn(1, 16, 3, 3, generator=drawn)
    edges = 0
    for i in range(16):
        image = torch.zeros(1, 16, 7, 7)
        image[0, i] = 1.0
        spread = functional.conv2d(image, depthwise.transpose(0, 1), padding=1, groups=16)
        edges += int((pointwise(spread).relu().sum(dim=(0, 2, 3)) > 0).sum())
    assert separable == pytest.approx(2 * (edges + 16) / 48)


def test_nasgraph_converts_published_spaces_and_no_others() -> None:
    rng = np.random.default_rng(0)
    for space in (Cell101(), Darts()):
        assert degree(space.simplify(space.sample(rng))) > 1
    vit = Transformer("vit", embed_dims=8, layers=(1, 2), heads=2, input_shape=(1, 8, 8), classes=3, patch=4)
    with pytest.raises(ProxyFailure, match=r"converts convolutions of a known kernel, .*; '\w+' is none of them"):
        degree(vit.sample(rng))
    for op in ("mb3_k3", "depthwise", "cell", "strange"):
        with pytest.raises(ProxyFailure, match=f"'{op}' is none of them"):
            degree(chain(op))
    kernel = Architecture((Node("input"), Node("conv", (("kernel", 3.0),)), Node("output")), ((0, 1), (1, 2)))
    assert degree(kernel) == degree(chain("nor_conv_3x3"))
    with pytest.raises(ProxyFailure, match="needs operations that are connected; none are"):
        degree(Architecture((Node("input"), Node("output")), ()))
    with pytest.raises(ValueError, match="channels must be at least 1; got 0"):
        Nasgraph(0)


class Steps(nn.Module):
    """Switches ``units`` units at the quantiles of a standard normal number, so that there are one more regions."""

    def __init__(self, units: int) -> None:
        super().__init__()
        quantiles = torch.linspace(0, 1, units + 2)[1:-1]
        self.register_buffer("thresholds", torch.distributions.Normal(0.0, 1.0).icdf(quantiles))

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x.flatten(1)[:, :1] - self.thresholds)


@pytest.mark.parametrize("units", [1, 7, 40])
def test_units_on_a_line_cut_it_into_one_piece_more(units: int) -> None:
    probe = Probe(Steps(units), torch.zeros(2, 1), needs=LinearRegions.needs)
    assert LinearRegions().score(probe) == units + 1


def test_linear_regions_are_the_different_rows_of_signs() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2), nn.ReLU())
    torch.manual_seed(4)
    found = sample_patterns(model, torch.zeros(1, 2))
    torch.manual_seed(4)
    seen = set()
    for _ in range(4):
        first = model[1](torch.randn(250, 2))
        second = model[3](first.relu())
        seen |= {tuple(row) for row in torch.cat([first > 0, second > 0], dim=1).tolist()}
    assert found == len(seen) > 3


@pytest.mark.parametrize(("pools", "side"), [(1, 3), (2, 8), (4, 16)])
def test_images_are_as_small_as_the_network_takes(pools: int, side: int) -> None:
    sides = []

    class Watching(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            sides.append(x.shape[-1])
            return torch.relu(x)

    layers = [nn.MaxPool2d(2) for _ in range(pools)]
    sample_patterns(nn.Sequential(Watching(), *layers), torch.zeros(2, 1, 16, 16))
    assert sides[-4:] == [side] * 4


def test_linear_regions_say_why_not() -> None:
    with pytest.raises(ProxyFailure, match="linear regions need ReLU activations; the network ran none"):
        sample_patterns(nn.Sequential(nn.Flatten(), nn.Linear(64, 3)), networks.batch())
    with pytest.raises(ProxyFailure, match=r"need real numbers as inputs; they are torch\.int64"):
        sample_patterns(nn.ReLU(), torch.zeros(2, 5, dtype=torch.int64))
