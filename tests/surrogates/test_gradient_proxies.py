"""Proxies that read gradients, each against a computation of its own: loops, finite differences, identities."""

import math
from copy import deepcopy
from itertools import product

import networks
import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from surrogates.proxies.epe_nas import EpeNas
from surrogates.proxies.fisher import Fisher
from surrogates.proxies.grad_norm import GradNorm
from surrogates.proxies.grad_sign import GradSign
from surrogates.proxies.grasp import Grasp
from surrogates.proxies.jacob_cov import JacobCov
from surrogates.proxies.l2_norm import L2Norm
from surrogates.proxies.ntk_condition import NtkCondition
from surrogates.proxies.nwot import Nwot
from surrogates.proxies.plain import Plain
from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy import Proxy
from surrogates.proxies.proxy_failure import ProxyFailure
from surrogates.proxies.scoring import score_all
from surrogates.proxies.snip import Snip
from surrogates.proxies.zico import Zico

TARGETS = torch.tensor([0, 1, 2, 0, 1, 2, 0, 1])


def score(proxy: Proxy, model: nn.Module, inputs: Tensor, targets: Tensor | None = TARGETS) -> float:
    return proxy.score(Probe(model, inputs, targets, proxy.needs))


def smooth() -> nn.Module:
    """No normalisation, so that examples do not interact; smooth, in double precision."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model = nn.Sequential(nn.Conv2d(1, 3, 3), nn.Tanh(), nn.Conv2d(3, 2, 3), nn.Flatten(), nn.Linear(32, 3))
    return model.double()


def gradients(model: nn.Module, inputs: Tensor, targets: Tensor) -> dict[str, Tensor]:
    """Of the weights, by backward on a copy."""
    copied = deepcopy(model)
    functional.cross_entropy(copied(inputs), targets).backward()
    return {
        name: weight.grad for name, weight in copied.named_parameters() if weight.ndim > 1 and weight.grad is not None
    }


def test_sums_over_weights_and_their_gradients() -> None:
    model, inputs = smooth(), networks.batch().double()
    grads, weights = gradients(model, inputs, TARGETS), dict(model.named_parameters())
    assert len(grads) == 3
    assert score(GradNorm(), model, inputs) == pytest.approx(sum(float(grad.norm()) for grad in grads.values()))
    products = {name: (weights[name] * grad).detach() for name, grad in grads.items()}
    assert score(Snip(), model, inputs) == pytest.approx(sum(float(each.abs().sum()) for each in products.values()))
    assert score(Plain(), model, inputs) == pytest.approx(sum(float(each.sum()) for each in products.values()))
    norms = [math.sqrt(float(weights[name].detach().square().sum())) for name in grads]
    assert score(L2Norm(), model, inputs) == pytest.approx(sum(norms))


def test_before_batch_normalisation_plain_is_zero() -> None:
    """Euler's theorem: the loss is the same for any scale of such weights, so that w · dL/dw sums to zero."""
    model = nn.Sequential(nn.Conv2d(1, 4, 3, bias=False), nn.BatchNorm2d(4, eps=1e-12), nn.ReLU(), nn.Flatten())
    inputs, targets = networks.batch().double(), torch.tensor([0, 1, 2, 3, 4, 5, 6, 7])
    assert score(Plain(), model.double(), inputs, targets) == pytest.approx(0, abs=1e-9)
    assert score(Snip(), model, inputs, targets) > 1e-3


def test_fisher_by_pruning_each_channel_of_each_example() -> None:
    """Turner et al., section 3.1: the change of the loss to first order when a channel is scaled away is a · dL/da."""
    model, inputs, total = smooth(), networks.batch().double(), 0.0
    for place in (0, 2, 4):
        activation = model[: place + 1](inputs).detach()
        for example, channel in product(range(len(inputs)), range(activation.shape[1])):
            losses = []
            for scale in (1 + 1e-5, 1 - 1e-5):
                scaled = activation.clone()
                scaled[example, channel] *= scale
                losses.append(float(functional.cross_entropy(model[place + 1 :](scaled), TARGETS).detach()))
            total += ((losses[0] - losses[1]) / 2e-5) ** 2 / 2 / len(inputs)
    assert score(Fisher(), model, inputs) == pytest.approx(total, rel=1e-5)


def test_fisher_is_the_same_where_relu_overwrites_a_layers_output() -> None:
    scores = []
    for in_place in (False, True):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(in_place), nn.Flatten(), nn.Linear(108, 3))
        scores.append(score(Fisher(), model, networks.batch()))
    assert scores[0] == pytest.approx(scores[1], rel=1e-6)


def jacobians(model: nn.Module, inputs: Tensor) -> np.ndarray:
    rows = []
    for example in inputs:
        jacobian = torch.autograd.functional.jacobian(lambda x: model(x[None])[0], example)
        rows.append(jacobian.sum(dim=0).flatten().numpy())
    return np.array(rows)


def test_jacob_cov_and_epe_nas_from_each_examples_own_jacobian() -> None:
    model, inputs = smooth(), networks.batch().double()
    correlation = np.corrcoef(jacobians(model, inputs))
    eigenvalues = np.linalg.eigvals(correlation).real
    expected = -sum(math.log(value + 1e-5) + 1 / (value + 1e-5) for value in eigenvalues)
    assert score(JacobCov(), model, inputs) == pytest.approx(expected, rel=1e-6)
    total = 0.0
    for label in range(3):
        members = [place for place in range(8) if TARGETS[place] == label]
        total += abs(sum(math.log(abs(correlation[i, j]) + 1e-5) for i in members for j in members))
    assert score(EpeNas(), model, inputs) == pytest.approx(total, rel=1e-6)


def test_grasp_by_a_finite_difference_along_the_gradient() -> None:
    model, inputs, step = smooth(), networks.batch().double(), 1e-5
    along = gradients(model, inputs, TARGETS)
    shifted = []
    for sign in (1, -1):
        with torch.no_grad():
            for name, grad in along.items():
                model.get_parameter(name).add_(sign * step * grad)
        shifted.append(gradients(model, inputs, TARGETS))
        with torch.no_grad():
            for name, grad in along.items():
                model.get_parameter(name).sub_(sign * step * grad)
    weights = dict(model.named_parameters())
    changes = {name: (shifted[0][name] - shifted[1][name]) / (2 * step) for name in along}
    expected = -sum(float((weights[name].detach() * change).sum()) for name, change in changes.items())
    assert score(Grasp(), model, inputs) == pytest.approx(expected, rel=1e-5)


def test_grad_sign_example_by_example() -> None:
    model, inputs = smooth(), networks.batch().double()
    total = 0.0
    signs = [gradients(model, inputs[[i]], TARGETS[[i]]) for i in range(8)]
    for name in signs[0]:
        total += float(sum(each[name].sign() for each in signs).abs().sum())  # type: ignore[union-attr]
    assert score(GradSign(), model, inputs) == total


def test_zico_of_two_halves() -> None:
    model, inputs = smooth(), networks.batch().double()
    first, second = (gradients(model, inputs[half], TARGETS[half]) for half in (slice(0, 4), slice(4, 8)))
    expected = 0.0
    for name in first:
        stacked = np.stack([first[name].numpy().ravel(), second[name].numpy().ravel()])
        expected += math.log((np.abs(stacked).mean(axis=0) / stacked.std(axis=0)).sum())
    assert score(Zico(), model, inputs) == pytest.approx(expected, rel=1e-9)


def test_ntk_condition_of_explicit_gradients() -> None:
    model, inputs = smooth(), networks.batch().double()
    rows = []
    for example in inputs:
        model.zero_grad()
        model(example[None]).sum().backward()
        rows.append(
            torch.cat([p.grad.flatten() for p in model.parameters() if p.ndim > 1 and p.grad is not None]).numpy()
        )
    eigenvalues = np.linalg.svd(np.array(rows), compute_uv=False) ** 2
    model.zero_grad()
    assert score(NtkCondition(), model, inputs) == pytest.approx(-math.log(eigenvalues[0] / eigenvalues[-1]), rel=1e-6)


def test_what_fails_going_back_leaves_what_went_forwards() -> None:
    proxies = {"snip": Snip(), "nwot": Nwot(), "jacob_cov": JacobCov()}
    outcomes = score_all(proxies, networks.built(), networks.batch(), TARGETS + 3)  # the network has 3 classes
    assert "IndexError" in str(outcomes["snip"])
    for name in ("nwot", "jacob_cov"):
        assert outcomes[name] == score_all({name: proxies[name]}, networks.built(), networks.batch(), TARGETS)[name]


def test_a_network_may_overwrite_its_input() -> None:
    inputs = networks.batch()
    model = nn.Sequential(nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(64, 3))
    outcomes = score_all({"nwot": Nwot(), "jacob_cov": JacobCov(), "snip": Snip()}, model, inputs, TARGETS)
    assert isinstance(outcomes["nwot"], float)
    assert isinstance(outcomes["jacob_cov"], float)
    assert isinstance(outcomes["snip"], float)
    assert torch.equal(inputs, networks.batch())


@pytest.mark.parametrize(
    ("proxy", "model", "inputs", "targets", "reason"),
    [
        (Snip(), networks.built(), networks.batch(), None, "need labels; the batch has none"),
        (Snip(), networks.built(), networks.batch(), torch.rand(8), "need class indices as labels; .* torch.float32"),
        (Snip(), networks.Pair(), networks.batch(), TARGETS, "must put out one tensor; it puts out tuple"),
        (Snip(), nn.Flatten(), networks.batch(), TARGETS, "weights of two or more dimensions are needed"),
        (GradNorm(), networks.with_nan_weights(), networks.batch(), TARGETS, "outputs must be finite; some are not"),
        (JacobCov(), networks.built(), networks.batch(1), TARGETS[:1], "batch of at least 2 inputs; it has 1"),
        (EpeNas(), networks.built(), networks.batch(3), torch.arange(3), "every class has one: enlarge the batch"),
        (EpeNas(), networks.built(), networks.batch(), None, "needs labels; the batch has none"),
        (Zico(), networks.built(), networks.batch(3), TARGETS[:3], "need a batch of at least 4; it has 3"),
        (NtkCondition(), networks.built(), networks.batch(1), None, "at least 2; the batch has 1"),
        (JacobCov(), nn.Sequential(nn.Flatten(), nn.Linear(64, 3)), torch.zeros(8, 64).long(), None, "failed while"),
        (GradNorm(), networks.Raising(), networks.batch(), TARGETS, "weight_gradients were collected: RuntimeError"),
    ],
)
def test_gradient_proxies_say_why_not(
    proxy: Proxy, model: nn.Module, inputs: Tensor, targets: Tensor | None, reason: str
) -> None:
    with pytest.raises(ProxyFailure, match=reason):
        score(proxy, model, inputs, targets)
