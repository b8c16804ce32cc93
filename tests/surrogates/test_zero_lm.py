"""Which weights of a Transformer are attention's and which feed forward, and what they sum up to."""

import networks
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from spaces.transformer import Transformer
from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy_failure import ProxyFailure
from surrogates.proxies.zero_lm import ZeroLm


def score(model: nn.Module, inputs: Tensor, alpha: float) -> float:
    return ZeroLm(alpha).score(Probe(model, inputs, needs=ZeroLm.needs))


def capacity(*weights: Tensor) -> float:
    """Mean squared singular values, by a decomposition."""
    return sum(float(np.mean(np.linalg.svd(weight.detach().double().numpy())[1] ** 2)) for weight in weights)


@pytest.mark.parametrize("form", ["gpt", "vit"])
@pytest.mark.parametrize("alpha", [0.5, 1.0, 0.0, -1.5])
def test_it_weighs_the_mean_squared_singular_values_of_a_spaces_networks(form: str, alpha: float) -> None:
    shape = {"input_shape": (5,)} if form == "gpt" else {"input_shape": (1, 8, 8), "patch": 4}
    space = Transformer(form, embed_dims=8, layers=(2, 3), heads=2, mlp_ratios=2, classes=3, **shape)
    graph = space.sample(np.random.default_rng(0))
    model = space.build(graph)
    inputs = torch.arange(20).reshape(4, 5) % 3 if form == "gpt" else networks.batch(4)
    attention, feed_forward = [], []
    for node, operation in list(zip(graph.nodes, model.operations, strict=True))[1:-1]:
        kind = feed_forward if node.op == "mlp" else attention
        kind += [weight for weight in operation.parameters() if weight.ndim == 2]
    assert len(attention) == len(feed_forward) >= 4
    expected = alpha * capacity(*attention) + (1 - alpha) * capacity(*feed_forward)
    assert score(model, inputs, alpha) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("norm_first", [True, False])
@pytest.mark.parametrize("normalisation", [nn.LayerNorm, nn.RMSNorm])
def test_torchs_own_layers_are_read_too(norm_first: bool, normalisation: type[nn.Module]) -> None:
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=norm_first)
    layer.norm1, layer.norm2 = normalisation(8), normalisation(8)
    attention = layer.self_attn
    expected = 0.25 * capacity(attention.in_proj_weight, attention.out_proj.weight)
    expected += 0.75 * capacity(layer.linear1.weight, layer.linear2.weight)
    assert score(layer, torch.randn(3, 5, 8), 0.25) == pytest.approx(expected, rel=1e-5)


def test_it_says_why_not() -> None:
    class Parallel(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm, self.layer = nn.LayerNorm(8), nn.Linear(8, 8)

        def forward(self, x: Tensor) -> Tensor:
            x = self.norm(x)
            return torch.relu(self.layer(x)) + (x @ x.transpose(1, 2)) @ x

    for model in (networks.built(), nn.Sequential(nn.LayerNorm(8), nn.Linear(8, 8), nn.GELU())):
        with pytest.raises(ProxyFailure, match="the network has no such blocks"):
            score(model, networks.batch(), 0.5)
    with pytest.raises(ProxyFailure, match="must be told apart by a normalisation between them"):
        score(Parallel(), torch.randn(3, 5, 8), 0.5)
    with pytest.raises(ValueError, match="alpha must be finite; got nan"):
        ZeroLm(float("nan"))
