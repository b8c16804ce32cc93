"""The laws of a proxy: plain functions of its name and all proxies. ``test_proxy_laws.py`` runs them over all."""

import math
import pickle
import random
from collections.abc import Mapping
from functools import cache
from typing import Any

import networks
import numpy as np
import pytest
import torch
from torch import nn

from spaces.architecture import Architecture, Node
from spaces.cell201 import Cell201
from spaces.mlp import Mlp
from spaces.transformer import Transformer
from surrogates.proxies.probe import NEEDS
from surrogates.proxies.proxy import Proxy
from surrogates.proxies.proxy_failure import ProxyFailure
from surrogates.proxies.scoring import score_all

Proxies = Mapping[str, Proxy]
TARGETS = torch.tensor([0, 1, 2, 0, 1, 2, 0, 1])


SEQUENCES = frozenset({"w_pca", "zero_lm"})  # defined for Transformers alone
ORDERED = frozenset({"zico", "l_swag", "meco", "rbflex"})  # see the two halves of the batch, or its first examples


# A graph for proxies of topology; the networks here were built from none.
GRAPH = Architecture(
    tuple(Node(op) for op in ("input", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3", "output")),
    ((0, 1), (0, 2), (1, 4), (2, 3), (3, 4)),
)


def score(
    name: str, proxies: Proxies, model: nn.Module, seed: int = 0, graph: Architecture | None = GRAPH
) -> float | ProxyFailure:
    return score_all({name: proxies[name]}, model, networks.batch(), TARGETS, seed, graph)[name]


def built(name: str, **how: Any) -> nn.Module:
    return networks.built(kind=networks.Tokens if name in SEQUENCES else networks.Convolutional, **how)


def number(outcome: float | ProxyFailure) -> float:
    assert isinstance(outcome, float), outcome
    assert math.isfinite(outcome)
    return outcome


def needs_are_known(name: str, proxies: Proxies) -> None:
    assert proxies[name].needs <= NEEDS


def a_sound_network_has_a_finite_score(name: str, proxies: Proxies) -> None:
    number(score(name, proxies, built(name)))


def only_sequences_lack_a_score_of_cells(name: str, proxies: Proxies) -> None:
    space, rng = Cell201("compact", channels=4, input_shape=(1, 8, 8)), np.random.default_rng(0)
    cells = [space.simplify(space.sample(rng)) for _ in range(8)]
    outcomes = [score(name, proxies, space.build(cell), graph=cell) for cell in cells]
    numbers = sum(isinstance(outcome, float) and math.isfinite(outcome) for outcome in outcomes)
    assert numbers == 0 if name in SEQUENCES else numbers >= 3
    assert all(isinstance(outcome, float) or str(outcome) for outcome in outcomes)


def misbehaving_networks_give_a_finite_score_or_a_reason(name: str, proxies: Proxies) -> None:
    for model in networks.MISBEHAVING.values():
        outcome = score(name, proxies, model())
        assert isinstance(outcome, ProxyFailure) or math.isfinite(outcome)
        assert isinstance(outcome, float) or str(outcome)


def scores_are_deterministic(name: str, proxies: Proxies) -> None:
    torch.rand(3)
    first = number(score(name, proxies, built(name)))
    torch.rand(5)
    assert number(score(name, proxies, built(name))) == first


def the_model_is_left_as_it_was(name: str, proxies: Proxies) -> None:
    for model in (built(name), networks.Raising()):
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
    layouts = [tensor.stride() for tensor in model.state_dict().values()]
    return state, layouts, modes, gradients, [p.requires_grad for p in model.parameters()], hooks


def global_generators_are_left_as_they_were(name: str, proxies: Proxies) -> None:
    def states() -> object:
        return random.getstate(), pickle.dumps(np.random.get_state()), torch.get_rng_state().tolist()  # noqa: NPY002

    model = built(name)
    # Away from any state that a leaking seed of an earlier call may have left.
    random.random(), np.random.rand(), torch.rand(1)  # noqa: NPY002
    before = states()
    score(name, proxies, model)
    assert states() == before


def however_relu_is_written_the_score_is_the_same(name: str, proxies: Proxies) -> None:
    scores = [number(score(name, proxies, built(name, way=way))) for way in networks.WAYS]
    assert scores == pytest.approx([scores[0]] * len(scores), rel=1e-6)


def however_normalisation_is_written_the_score_is_the_same(name: str, proxies: Proxies) -> None:
    plain, functional = built(name), built(name, functional_norm=True)
    assert number(score(name, proxies, plain)) == pytest.approx(number(score(name, proxies, functional)), rel=1e-6)


def the_order_of_the_batch_matters_where_the_definition_says_so(name: str, proxies: Proxies) -> None:
    model, inputs = built(name), networks.batch()
    model.get_submodule("dropout").p = 0.0  # type: ignore[assignment]
    chosen, turned = {name: proxies[name]}, torch.tensor([5, 2, 7, 0, 3, 6, 1, 4])
    first = number(score_all(chosen, model, inputs, TARGETS, architecture=GRAPH)[name])
    second = number(score_all(chosen, model, inputs[turned], TARGETS[turned], architecture=GRAPH)[name])
    assert (second == pytest.approx(first, rel=1e-3, abs=1e-6)) == (name not in ORDERED)


def company_does_not_matter(name: str, proxies: Proxies) -> None:
    alone = number(score(name, proxies, built(name)))
    for order in (tuple(proxies), tuple(reversed(proxies))):
        shared = together(order, name in SEQUENCES, tuple(proxies.items()))
        assert number(shared[name]) == pytest.approx(alone, rel=1e-5)
        assert tuple(shared) == order


@cache
def together(
    order: tuple[str, ...], sequences: bool, proxies: tuple[tuple[str, Proxy], ...]
) -> dict[str, float | ProxyFailure]:
    model = networks.built(kind=networks.Tokens if sequences else networks.Convolutional)
    return score_all({name: dict(proxies)[name] for name in order}, model, networks.batch(), TARGETS, 0, GRAPH)


def without_labels_there_is_the_same_score_or_a_reason(name: str, proxies: Proxies) -> None:
    outcome = score_all({name: proxies[name]}, built(name), networks.batch(), architecture=GRAPH)[name]
    if isinstance(outcome, ProxyFailure):
        assert "labels" in str(outcome)
    else:
        assert outcome == number(score(name, proxies, built(name)))


def a_small_batch_gives_a_finite_score_or_a_reason(name: str, proxies: Proxies) -> None:
    for count in (0, 1, 2, 3):
        inputs, targets = networks.batch(count), TARGETS[:count]
        outcome = score_all({name: proxies[name]}, built(name), inputs, targets, architecture=GRAPH)[name]
        assert isinstance(outcome, ProxyFailure) or math.isfinite(outcome)
        assert isinstance(outcome, float) or str(outcome)


def transformers_and_perceptrons_have_a_finite_score_or_a_reason(name: str, proxies: Proxies) -> None:
    vit = Transformer("vit", embed_dims=8, layers=(1, 2), heads=2, input_shape=(1, 8, 8), classes=3, patch=4)
    gpt = Transformer("gpt", embed_dims=8, layers=(1, 2), heads=2, mlp_ratios=2, input_shape=(5,), classes=3)
    table = Mlp(depth=[1, 2], width=[5], normalisation="batch", input_shape=(1, 8, 8), classes=3)
    tokens = torch.arange(40).reshape(8, 5) % 3
    for space, inputs in ((vit, networks.batch()), (gpt, tokens), (table, networks.batch())):
        graph = space.sample(np.random.default_rng(0))
        outcome = score_all({name: proxies[name]}, space.build(graph), inputs, TARGETS, architecture=graph)[name]
        assert isinstance(outcome, ProxyFailure) or math.isfinite(outcome)
        assert isinstance(outcome, float) or "failed while" not in str(outcome) or name == "grad_sign", outcome


def a_bare_network_has_the_same_score_or_the_reason(name: str, proxies: Proxies) -> None:
    outcome = score(name, proxies, built(name), graph=None)
    if "architecture" in proxies[name].needs:
        assert "topology is read off an architecture; this network came without one" in str(outcome)
    else:
        assert number(outcome) == number(score(name, proxies, built(name)))


def twins_have_one_score(name: str, proxies: Proxies) -> None:
    turned = Architecture(tuple(GRAPH.nodes[i] for i in (0, 2, 3, 1, 4)), ((0, 1), (0, 3), (1, 2), (2, 4), (3, 4)))
    assert turned.key == GRAPH.key
    assert number(score(name, proxies, built(name), graph=turned)) == number(score(name, proxies, built(name)))


LAWS = (
    needs_are_known,
    a_sound_network_has_a_finite_score,
    only_sequences_lack_a_score_of_cells,
    misbehaving_networks_give_a_finite_score_or_a_reason,
    scores_are_deterministic,
    the_model_is_left_as_it_was,
    global_generators_are_left_as_they_were,
    however_relu_is_written_the_score_is_the_same,
    however_normalisation_is_written_the_score_is_the_same,
    the_order_of_the_batch_matters_where_the_definition_says_so,
    company_does_not_matter,
    without_labels_there_is_the_same_score_or_a_reason,
    a_small_batch_gives_a_finite_score_or_a_reason,
    transformers_and_perceptrons_have_a_finite_score_or_a_reason,
    a_bare_network_has_the_same_score_or_the_reason,
    twins_have_one_score,
)
