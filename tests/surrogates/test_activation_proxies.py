"""Proxies that read activations, feature maps and outputs, each against a computation of its own."""

import math
from itertools import pairwise

import networks
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from spaces.cell201 import Cell201
from surrogates.proxies.depth import Depth
from surrogates.proxies.epsinas import Epsinas
from surrogates.proxies.expressivity import Expressivity
from surrogates.proxies.l_swag import LSwag
from surrogates.proxies.macs import Macs
from surrogates.proxies.meco import Meco
from surrogates.proxies.probe import Probe
from surrogates.proxies.progressivity import Progressivity
from surrogates.proxies.proxy import Proxy
from surrogates.proxies.proxy_failure import ProxyFailure
from surrogates.proxies.rbflex import Rbflex
from surrogates.proxies.regularised_swap import RegularisedSwap
from surrogates.proxies.swap import Swap
from surrogates.proxies.trainability import Trainability
from surrogates.proxies.w_pca import WPca
from surrogates.proxies.zen import Zen

CELL = "|nor_conv_3x3~0|+|nor_conv_1x1~0|avg_pool_3x3~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"


def score(proxy: Proxy, model: nn.Module, inputs: Tensor, targets: Tensor | None = None) -> float:
    return proxy.score(Probe(model, inputs, targets, proxy.needs))


def test_macs_are_the_spaces_own_count() -> None:
    space = Cell201(cells=2)
    cell = space.parse(CELL)
    assert score(Macs(), space.build(cell), torch.randn(2, 3, 32, 32)) == space.cost(cell).macs


def test_macs_of_attention_by_hand() -> None:
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    projections, products, feed_forward = 5 * 8 * (24 + 8), 2 * 2 * 5 * 5 * 4, 2 * 5 * 8 * 16
    assert score(Macs(), layer, torch.randn(3, 5, 8)) == projections + products + feed_forward


def test_depth_takes_the_longest_path() -> None:
    space = Cell201(
        cells=2
    )  # stem, then 2 cells of 2 convolutions in each of 3 stages, 2 reductions of 2, and the head
    assert score(Depth(), space.build(space.parse(CELL)), torch.randn(2, 3, 32, 32)) == 1 + 3 * 2 * 2 + 2 * 2 + 1
    attention = nn.MultiheadAttention(8, 2, batch_first=True)

    class Attends(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention = attention

        def forward(self, x: Tensor) -> Tensor:
            return self.attention(x, x, x, need_weights=False)[0]

    assert score(Depth(), Attends(), torch.randn(2, 5, 8)) == 2
    with pytest.raises(ProxyFailure, match="needs a convolution or linear layer"):
        score(Depth(), nn.PReLU(), torch.randn(2, 5))


@pytest.mark.parametrize("count", [5, 16, 17, 32, 33, 70])
def test_swap_counts_distinct_columns(count: int) -> None:
    model, inputs = networks.built(), networks.batch(count)
    model.get_submodule("dropout").p = 0.0  # type: ignore[assignment]
    layers = Probe(model, inputs, needs=Swap.needs).activation_signs
    columns = {tuple(column) for layer in layers for column in layer.T.tolist()}
    assert sum(layer.shape[1] for layer in layers) == 640
    assert score(Swap(), model, inputs) == len(columns) > 1


def test_relus_of_one_tensor_count_each_for_nwot_and_once_for_patterns() -> None:
    class Twice(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.relu(x) + torch.relu(x) + torch.relu(x.add_(1))

    first, second, third = Probe(Twice(), networks.batch(), needs=Swap.needs).activation_signs
    assert first is second
    assert torch.equal(first, networks.batch().flatten(1) > 0)
    assert torch.equal(third, networks.batch().flatten(1) > -1)


def test_regularised_swap_prefers_the_size_sought() -> None:
    model, inputs = networks.built(), networks.batch()
    patterns = score(Swap(), model, inputs)
    assert score(RegularisedSwap(mu=0.285, sigma=1.0), model, inputs) == pytest.approx(patterns)
    assert score(RegularisedSwap(mu=1.285, sigma=2.0), model, inputs) == pytest.approx(patterns * math.exp(-0.5))
    with pytest.raises(ProxyFailure, match=r"0.285 thousand parameters are too far from mu = 100\.0"):
        score(RegularisedSwap(mu=100.0, sigma=1.0), model, inputs)
    with pytest.raises(ValueError, match="sigma must be a number above 0; got 0"):
        RegularisedSwap(sigma=0)


def test_zen_of_one_convolution_by_hand() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 1, bias=False), nn.BatchNorm2d(2), nn.AdaptiveAvgPool2d(1))
    found = Probe(model, networks.batch(), needs=Zen.needs, seed=3).perturbation
    torch.manual_seed(3)
    weight = torch.randn(2, 1, 1, 1)
    noise, change = torch.randn(8, 1, 8, 8), torch.randn(8, 1, 8, 8)
    maps = []
    for images in (noise, noise + 0.01 * change):
        features = images * weight[None, :, 0]
        variance, mean = torch.var_mean(features, dim=(0, 2, 3), keepdim=True, correction=0)
        maps.append((features - mean) / (variance + 1e-5).sqrt())
    distance = float((maps[0] - maps[1]).abs().sum(dim=(1, 2, 3)).mean())
    assert found.distance == pytest.approx(distance, rel=1e-4)
    assert found.log_deviations == pytest.approx([0.5 * math.log(float((variance + 1e-5).mean()))], rel=1e-4)
    expected = math.log(found.distance) + found.log_deviations[0]
    assert Zen().score(Probe(model, networks.batch(), needs=Zen.needs, seed=3)) == pytest.approx(expected)


def test_zen_sees_no_value_of_the_batch() -> None:
    model = networks.built()
    assert score(Zen(), model, networks.batch()) == score(Zen(), model, torch.full((8, 1, 8, 8), 7.0))


def test_epsinas_as_its_authors_compute_it() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.GELU(), nn.Flatten(), nn.Linear(72, 3))
    inputs, scaled = networks.batch(), []
    for constant in (1e-7, 1.0):
        copy = nn.Sequential(nn.Conv2d(1, 2, 3), nn.GELU(), nn.Flatten(), nn.Linear(72, 3))
        for parameter in copy.parameters():
            nn.init.constant_(parameter, constant if parameter.ndim > 1 else 0.0)
        outputs = copy(inputs).detach().double().numpy().ravel()
        scaled.append((outputs - outputs.min()) / (outputs.max() - outputs.min()))
    both = np.array(scaled)
    both[both == 0] = np.nan
    expected = np.nanmean(np.abs(both[0] - both[1])) / np.nanmean(both)
    assert score(Epsinas(), model, inputs) == pytest.approx(expected, rel=1e-4)


def test_epsinas_is_blind_to_how_many_linear_layers_scale_the_outputs() -> None:
    """In single precision ten weights of 1e-7 in a row are zero."""
    shallow = nn.Sequential(nn.Conv2d(1, 2, 3), nn.GELU(), nn.Flatten(), nn.Linear(72, 3))
    deep = nn.Sequential(*shallow, *(nn.Linear(3, 3) for _ in range(8)))
    expected = score(Epsinas(), shallow, networks.batch())
    assert expected > 0
    assert score(Epsinas(), deep, networks.batch()) == pytest.approx(expected, rel=1e-6)
    assert all(parameter.dtype == torch.float32 for parameter in deep.parameters())


def test_meco_is_the_least_eigenvalue_of_numpys_correlations() -> None:
    model = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Conv2d(3, 2, 3), nn.Flatten())
    inputs, expected = networks.batch(), 0.0
    for depth in (1, 3):
        channels = model[:depth](inputs)[0].detach().double().flatten(1).numpy()
        expected += np.linalg.eigvals(np.corrcoef(channels)).real.min()
    assert score(Meco(), model, inputs) == pytest.approx(expected, rel=1e-5)


def test_rbflex_is_its_kernels_determinants() -> None:
    model, inputs, expected = networks.built(), networks.batch(), 0.0
    probe = Probe(model, inputs, needs=Rbflex.needs)
    activations = np.concatenate([each.flatten(1).double().numpy() for each in probe.activations], axis=1)
    for rows, gamma in ((activations, 0.01), (probe.last_features[:3].double().numpy(), 0.3)):
        low, high = rows.min(axis=0), rows.max(axis=0)
        scaled = ((rows - low) / (high - low + (high == low))).T
        squares = sum((unit[:, None] - unit[None]) ** 2 for unit in scaled)
        expected += 3 * np.linalg.slogdet(np.exp(-gamma * squares))[1]
    assert activations.shape == (3, 640)
    assert probe.last_features.shape == (8, 6)
    assert Rbflex(0.01, 0.3).score(probe) == pytest.approx(expected, rel=1e-6)
    with pytest.raises(ProxyFailure, match="two of the first three look the same"):
        score(Rbflex(), nn.Sequential(nn.Flatten(), nn.ReLU(), nn.Linear(64, 3)), torch.ones(4, 64))


class TwoStages(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3, padding=1, bias=False)
        self.cells = nn.ModuleList([nn.Conv2d(4, 4, 1, bias=False), nn.Conv2d(4, 4, 2, stride=2, bias=False)])

    def forward(self, x: Tensor) -> Tensor:
        return self.cells[1](self.cells[0](self.stem(x)))


def test_stages_of_a_linear_network() -> None:
    """The mean outer product estimates each stage's Jacobian, which here is its own weight."""
    model, inputs = TwoStages(), torch.zeros(64, 1, 16, 16)
    found = Probe(model, inputs, needs=Expressivity.needs, seed=5).stages
    torch.manual_seed(5)
    weights = [nn.init.kaiming_normal_(torch.empty_like(weight)) for weight in model.parameters()]
    features = [nn.functional.conv2d(torch.randn(64, 1, 16, 16), weights[0], padding=1)]
    features.append(nn.functional.conv2d(features[0], weights[1]))
    features.append(nn.functional.conv2d(features[1], weights[2], stride=2))
    entropies = []
    for feature in features:
        eigenvalues = np.linalg.eigvalsh(np.cov(feature.transpose(0, 1).flatten(1).double().numpy(), bias=True))
        shares = eigenvalues / eigenvalues.sum()
        entropies.append(-(shares * np.log(shares)).sum())
    assert found.entropies == pytest.approx(entropies, rel=1e-4)
    norms = [np.linalg.norm(weights[1][:, :, 0, 0].numpy(), 2), np.linalg.norm(weights[2].flatten(1).numpy(), 2)]
    assert found.norms == pytest.approx(norms, rel=0.05)
    probe = Probe(model, inputs, needs=Expressivity.needs, seed=5)
    assert Expressivity().score(probe) == pytest.approx(sum(entropies), rel=1e-4)
    assert Progressivity().score(probe) == pytest.approx(min(b - a for a, b in pairwise(entropies)), abs=1e-4)
    assert Trainability().score(probe) == pytest.approx(np.mean([2 - n - 1 / n for n in found.norms]))


def test_w_pca_counts_directions() -> None:
    class Feed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(5))

        def forward(self, x: Tensor) -> Tensor:
            return torch.nn.functional.gelu(x) * self.weight

    basis = torch.eye(5)[:3]
    states = torch.randn(8, 7, 3, generator=torch.Generator().manual_seed(0)) @ basis
    assert score(WPca(), Feed(), states) == 5 * 3
    with pytest.raises(ProxyFailure, match="needs feed-forward layers on sequences, as in Transformers"):
        score(WPca(), networks.built(), networks.batch())


def test_l_swag_is_gradients_times_patterns() -> None:
    model, targets = networks.built(), torch.tensor([0, 1, 2, 0, 1, 2, 0, 1])
    model.get_submodule("dropout").p = 0.0  # type: ignore[assignment]
    total = 0.0
    for first, second in Probe(model, networks.batch(), targets, LSwag.needs).split_gradients.values():
        deviations = np.stack([first.double().abs().numpy(), second.double().abs().numpy()]).std(axis=0)
        total += math.log((1 / deviations[deviations > 0]).sum())
    patterns = score(Swap(), model, networks.batch())
    assert score(LSwag(), model, networks.batch(), targets) == pytest.approx(total * patterns)


@pytest.mark.parametrize(
    ("proxy", "model", "reason"),
    [
        (Zen(), nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten()), "needs global average pooling; the network ran none"),
        (Zen(), networks.WithoutNormalisation(), "zen needs batch normalisations"),
        (Zen(), networks.with_nan_weights(), "weights must be finite; some are not"),
        (Expressivity(), networks.WithoutReLU(), "stages of feature maps are compared: at least 2; the network has 0"),
        (Meco(), networks.WithoutReLU(), "meco needs images' feature maps"),
        (Swap(), networks.WithoutReLU(), "need ReLU activations; the network ran none"),
        (Epsinas(), networks.Cut(), "outputs that differ within the batch"),
    ],
)
def test_activation_proxies_say_why_not(proxy: Proxy, model: nn.Module, reason: str) -> None:
    with pytest.raises(ProxyFailure, match=reason):
        score(proxy, model, networks.batch())
