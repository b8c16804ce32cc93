"""Each proxy against a reference of its own, and what a probe and shared scoring promise."""

import math

import networks
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from surrogates.proxies.nwot import Nwot
from surrogates.proxies.parameters import Parameters
from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy import Proxy
from surrogates.proxies.proxy_failure import ProxyFailure
from surrogates.proxies.scoring import score_all
from surrogates.proxies.synflow import Synflow


def test_nwot_is_the_log_determinant_of_the_hamming_kernel() -> None:
    model, inputs = networks.built(), networks.batch(6)
    model.dropout.p = 0.0
    with torch.no_grad():
        first = model.norm.train()(model.first(inputs))
        second = model.second(torch.relu(first))
    codes = [[*(first[i] > 0).flatten().tolist(), *(second[i] > 0).flatten().tolist()] for i in range(6)]
    units = len(codes[0])
    assert units == 4 * 64 + 6 * 64
    kernel = np.array([[units - sum(a != b for a, b in zip(x, y, strict=True)) for y in codes] for x in codes])
    sign, expected = np.linalg.slogdet(kernel.astype(float))
    assert sign == 1
    assert Nwot().score(Probe(model, inputs, needs=Nwot.needs)) == pytest.approx(expected, rel=1e-9)


def test_nwot_does_not_depend_on_the_order_of_the_batch() -> None:
    model, inputs = networks.built(), networks.batch()
    model.dropout.p = 0.0
    scores = [Nwot().score(Probe(model, x, needs=Nwot.needs)) for x in (inputs, inputs.flip(0))]
    assert scores[0] == pytest.approx(scores[1], rel=1e-6)


def test_nwot_counts_relu6_and_no_hardtanh() -> None:
    clipped = nn.Sequential(nn.Flatten(), nn.Linear(64, 5), nn.ReLU6(), nn.Hardtanh(), nn.Hardtanh(-2, 2))
    (signs,) = Probe(clipped, networks.batch(), needs=Nwot.needs).activation_signs
    assert signs.shape == (8, 5)
    assert torch.equal(signs, clipped[1](networks.batch().flatten(1)) > 0)


@pytest.mark.parametrize(
    ("model", "inputs", "reason"),
    [
        (networks.WithoutReLU(), networks.batch(), "nwot needs ReLU activations; the network ran none"),
        (networks.built(), networks.batch(4)[[0, 1, 1, 2]], "kernel of 4 inputs is singular"),
        (nn.Sequential(nn.Flatten(), nn.ReLU()), networks.batch(1), "must have at least 2; it has 1"),
        (nn.Sequential(nn.Flatten(0), nn.ReLU()), networks.batch(3), r"begin with the batch of 3 inputs; .*\(192,\)"),
        (networks.Raising(), networks.batch(), "activation_signs were collected: RuntimeError: shapes do not fit"),
    ],
)
def test_nwot_says_why_not(model: nn.Module, inputs: Tensor, reason: str) -> None:
    if isinstance(model, networks.Convolutional):
        model.dropout.p = 0.0
    with pytest.raises(ProxyFailure, match=reason):
        Nwot().score(Probe(model, inputs, needs=Nwot.needs))


def test_synflow_of_a_linear_network_by_hand() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.LayerNorm(2), nn.Linear(2, 1))
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[1.0, -2.0], [3.0, 0.5]]))
        model[0].bias.copy_(torch.tensor([-1.0, 1.0]))
        model[3].weight.copy_(torch.tensor([[-2.0, 4.0]]))
        model[3].bias.copy_(torch.tensor([10.0]))
    # With absolute weights and an input of ones the hidden layer is (1 + 2 + 1, 3 + 0.5 + 1) = (4, 4.5).
    # dR/dW1 is (2, 4) for its rows: flow 2 (1 + 2) + 4 (3 + 0.5) = 20; W2's is 2 · 4 + 4 · 4.5 = 26. Biases count not.
    assert Synflow().score(Probe(model, torch.randn(3, 2), needs=Synflow.needs)) == pytest.approx(math.log(46))


def test_synflow_of_linear_layers_is_their_number_times_the_output() -> None:
    """Conservation of synaptic flow (Tanaka et al., theorem 2): without biases each layer carries all of R."""
    model = nn.Sequential(nn.Conv2d(1, 3, 3, bias=False), nn.ReLU(), nn.Conv2d(3, 2, 3, bias=False), nn.Flatten())
    positive = nn.Sequential(nn.Conv2d(1, 3, 3, bias=False), nn.Conv2d(3, 2, 3, bias=False)).double()
    positive[0].weight.data = model[0].weight.data.abs().double()
    positive[1].weight.data = model[2].weight.data.abs().double()
    output = positive(torch.ones(1, 1, 8, 8, dtype=torch.float64)).sum().item()
    assert Synflow().score(Probe(model, networks.batch(), needs=Synflow.needs)) == pytest.approx(math.log(2 * output))


def test_synflow_of_a_deep_network_does_not_overflow() -> None:
    layers = [nn.Linear(64, 64, bias=False) for _ in range(60)]
    for layer in layers:
        layer.weight.data.fill_(1.0)  # the output is 64**61, beyond float32
    score = Synflow().score(Probe(nn.Sequential(nn.Flatten(), *layers), networks.batch(), needs=Synflow.needs))
    assert score == pytest.approx(math.log(60) + 61 * math.log(64))


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("cut", "no synaptic flow"),
        ("NaN weights", "must be finite; it is nan"),
        ("overflows", "must be finite; it is (inf|nan)"),
        ("without weights", "needs weights of two or more dimensions"),
        ("raises", "synaptic_flow were collected: RuntimeError"),
    ],
)
def test_synflow_says_why_not(kind: str, reason: str) -> None:
    with pytest.raises(ProxyFailure, match=reason):
        Synflow().score(Probe(networks.MISBEHAVING[kind](), networks.batch(), needs=Synflow.needs))


def test_synflow_is_the_same_where_gradients_are_off() -> None:
    model = networks.built()
    expected = Synflow().score(Probe(model, networks.batch(), needs=Synflow.needs))
    with torch.inference_mode():
        assert Synflow().score(Probe(model, networks.batch(), needs=Synflow.needs)) == expected
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    assert Synflow().score(Probe(model, networks.batch(), needs=Synflow.needs)) == expected


def test_synflow_sees_no_dropout() -> None:
    scores = []
    for rate in (0.0, 0.9):
        model = networks.built()
        model.dropout.p = rate
        scores.append(Synflow().score(Probe(model, networks.batch(), needs=Synflow.needs)))
    assert scores[0] == scores[1]


def test_parameters_are_the_trainable_ones() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 5), nn.Linear(5, 2))
    model[2].bias.requires_grad_(False)
    assert Parameters().score(Probe(model, networks.batch())) == 64 * 5 + 5 + 5 * 2


def test_a_probe_collects_what_is_asked_for() -> None:
    with pytest.raises(ValueError, match=r"needs must be among activation_signs, .*; got gradient"):
        Probe(networks.built(), networks.batch(), needs=frozenset({"gradient", "parameters"}))
    probe = Probe(networks.built(), networks.batch(), needs=frozenset({"parameters"}))
    with pytest.raises(RuntimeError, match="'activation_signs' was not collected; add it to the proxy's needs"):
        _ = probe.activation_signs


class Constant(Proxy):
    def __init__(self, value: float, needs: frozenset[str] = frozenset()) -> None:
        self.value, self.needs = value, needs

    def score(self, probe: Probe) -> float:
        return self.value


class Faulty(Proxy):
    def score(self, probe: Probe) -> float:
        torch.rand(1)
        return 1 / 0


def test_one_failure_leaves_the_others_alone() -> None:
    before = torch.get_rng_state()
    outcomes = score_all(
        {
            "nan": Constant(float("nan")),
            "infinite": Constant(float("inf")),
            "faulty": Faulty(),
            "greedy": Constant(1.0, frozenset({"moonlight"})),
            "sound": Constant(2.0),
            "parameters": Parameters(),
        },
        networks.Raising(),
        networks.batch(),
    )
    reasons = {name: str(outcome) for name, outcome in outcomes.items() if isinstance(outcome, ProxyFailure)}
    assert reasons["nan"] == "nan must be finite; it is nan"
    assert reasons["infinite"] == "infinite must be finite; it is inf"
    assert reasons["faulty"] == "faulty raised ZeroDivisionError: division by zero"
    assert reasons["greedy"].startswith("greedy needs moonlight; a probe collects activation_signs, ")
    assert (outcomes["sound"], outcomes["parameters"]) == (2.0, 4.0)
    assert torch.equal(torch.get_rng_state(), before)
    assert score_all({}, networks.built(), networks.batch()) == {}


def test_a_failure_keeps_no_tensors_alive() -> None:
    outcome = score_all({"nwot": Nwot()}, networks.WithoutReLU(), networks.batch())["nwot"]
    assert isinstance(outcome, ProxyFailure)
    assert outcome.__traceback__ is None
    assert outcome.__cause__ is None
    assert outcome.__context__ is None
