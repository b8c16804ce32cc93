"""The laws of a proxy: plain functions of its name and all proxies. ``test_proxy_laws.py`` runs them over all."""

import math
import pickle
import random
from collections.abc import Mapping

import networks
import numpy as np
import pytest
import torch
from torch import nn

from spaces.cell201 import Cell201
from surrogates.proxies.probe import NEEDS
from surrogates.proxies.proxy import Proxy
from surrogates.proxies.proxy_failure import ProxyFailure
from surrogates.proxies.scoring import score_all

Proxies = Mapping[str, Proxy]
TARGETS = torch.tensor([0, 1, 2, 0, 1, 2, 0, 1])


def score(name: str, proxies: Proxies, model: nn.Module, seed: int = 0) -> float | ProxyFailure:
    return score_all({name: proxies[name]}, model, networks.batch(), TARGETS, seed)[name]


def number(outcome: float | ProxyFailure) -> float:
    assert isinstance(outcome, float), outcome
    assert math.isfinite(outcome)
    return outcome


def needs_are_known(name: str, proxies: Proxies) -> None:
    assert proxies[name].needs <= NEEDS


def a_sound_network_has_a_finite_score(name: str, proxies: Proxies) -> None:
    number(score(name, proxies, networks.built()))


def cells_have_a_finite_score_or_a_reason(name: str, proxies: Proxies) -> None:
    space, rng = Cell201("compact", channels=4, input_shape=(1, 8, 8)), np.random.default_rng(0)
    outcomes = [score(name, proxies, space.build(space.simplify(space.sample(rng)))) for _ in range(12)]
    assert sum(isinstance(outcome, float) and math.isfinite(outcome) for outcome in outcomes) >= 8
    assert all(isinstance(outcome, float) or str(outcome) for outcome in outcomes)


def misbehaving_networks_give_a_finite_score_or_a_reason(name: str, proxies: Proxies) -> None:
    for model in networks.MISBEHAVING.values():
        outcome = score(name, proxies, model())
        assert isinstance(outcome, ProxyFailure) or math.isfinite(outcome)
        assert isinstance(outcome, float) or str(outcome)


def scores_are_deterministic(name: str, proxies: Proxies) -> None:
    torch.rand(3)
    first = number(score(name, proxies, networks.built()))
    torch.rand(5)
    assert number(score(name, proxies, networks.built())) == first


def the_model_is_left_as_it_was(name: str, proxies: Proxies) -> None:
    for model in (networks.built(), networks.Raising()):
        model.train()
        dict(model.named_modules()).get("norm", model).eval()
        next(model.parameters()).requires_grad_(False)
        for parameter in list(model.parameters())[1:3]:
            parameter.grad = torch.full_like(parameter, 2.0)
        names = [id(tensor) for tensor in (*model.parameters(), *model.buffers())]
        before = snapshot(model)
        score(name, proxies, model)
        assert snapshot(model) == before
        assert [id(tensor) for tensor in (*model.parameters(), *model.buffers())] == names


def snapshot(model: nn.Module) -> object:
    state = {key: tensor.tolist() for key, tensor in model.state_dict().items()}
    modes = [module.training for module in model.modules()]
    gradients = [None if p.grad is None else p.grad.tolist() for p in model.parameters()]
    hooks = [len(module._forward_hooks) + len(module._forward_pre_hooks) for module in model.modules()]
    return state, modes, gradients, [p.requires_grad for p in model.parameters()], hooks


def global_generators_are_left_as_they_were(name: str, proxies: Proxies) -> None:
    def states() -> object:
        return random.getstate(), pickle.dumps(np.random.get_state()), torch.get_rng_state().tolist()  # noqa: NPY002

    model = networks.built()
    # Away from any state that a leaking seed of an earlier call may have left.
    random.random(), np.random.rand(), torch.rand(1)  # noqa: NPY002
    before = states()
    score(name, proxies, model)
    assert states() == before


def however_relu_is_written_the_score_is_the_same(name: str, proxies: Proxies) -> None:
    scores = [number(score(name, proxies, networks.built(way=way))) for way in networks.WAYS]
    assert scores == pytest.approx([scores[0]] * len(scores), rel=1e-6)


def however_normalisation_is_written_the_score_is_the_same(name: str, proxies: Proxies) -> None:
    plain, functional = networks.built(), networks.built(functional_norm=True)
    assert number(score(name, proxies, plain)) == pytest.approx(number(score(name, proxies, functional)), rel=1e-6)


def company_does_not_matter(name: str, proxies: Proxies) -> None:
    alone = number(score(name, proxies, networks.built()))
    for order in (list(proxies), list(reversed(proxies))):
        shared = score_all({other: proxies[other] for other in order}, networks.built(), networks.batch(), TARGETS)
        assert number(shared[name]) == pytest.approx(alone, rel=1e-6)
        assert list(shared) == order


LAWS = (
    needs_are_known,
    a_sound_network_has_a_finite_score,
    cells_have_a_finite_score_or_a_reason,
    misbehaving_networks_give_a_finite_score_or_a_reason,
    scores_are_deterministic,
    the_model_is_left_as_it_was,
    global_generators_are_left_as_they_were,
    however_relu_is_written_the_score_is_the_same,
    however_normalisation_is_written_the_score_is_the_same,
    company_does_not_matter,
)
