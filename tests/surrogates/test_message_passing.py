"""The network against loops over nodes and members, and the symmetries it must have."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from branching_space import BranchingSpace, relabelled
from predictor_laws import SPACE, problem
from torch import Tensor

from surrogates.message_passing.graph_tensors import GraphReader, GraphTensors
from surrogates.message_passing.heads import dominance, embedded, new_head, new_relation, scores, wins
from surrogates.message_passing.network import Parameters, new_trunk, node_states, pooled
from surrogates.message_passing.training import Schedule, trained

READER = GraphReader(SPACE)


def graphs(count: int = 6) -> GraphTensors:
    return READER.read([SPACE.simplify(architecture) for architecture in problem(0, count)[0]])


def network(members: int = 2, layers: int = 2) -> Parameters:
    generator = torch.Generator().manual_seed(0)
    parameters = new_trunk(members, len(READER.ops), len(READER.features), 8, layers, generator)
    return parameters | new_head(members, 16, 3, 8, generator) | new_relation(members, 8, 2, generator)


def vectors(parameters: Parameters, some: GraphTensors) -> Tensor:
    return pooled(parameters, node_states(parameters, some), some.real)


def states_by_loops(parameters: Parameters, some: GraphTensors, member: int, row: int) -> list[np.ndarray]:
    """Node after node, as the docstring says it."""
    own = {name: value[member].numpy().astype(np.float64) for name, value in parameters.items()}
    count = int(some.real[row].sum())
    states = [
        own["operations"][some.ops[row, node]] + some.features[row, node].numpy() @ own["features"]
        for node in range(count)
    ]
    for layer in range(2):
        to_itself, forwards, backwards = np.split(own[f"{layer}.messages"], 3)
        fresh = []
        for node in range(count):
            sums = states[node] @ to_itself + own[f"{layer}.bias"][0]
            for other in range(count):
                sums = sums + float(some.incoming[row, node, other]) * (states[other] @ forwards)
                sums = sums + float(some.incoming[row, other, node]) * (states[other] @ backwards)
            normal = (sums - sums.mean()) / np.sqrt(sums.var() + 1e-5)
            fresh.append(states[node] + normal / (1 + np.exp(-normal)))
        states = fresh
    return states


def test_messages_pass_as_written() -> None:
    parameters, some = network(), graphs()
    found = node_states(parameters, some).numpy()
    pools = vectors(parameters, some).numpy()
    for member in range(2):
        for row in range(6):
            expected = np.array(states_by_loops(parameters, some, member, row))
            np.testing.assert_allclose(found[member, row, : len(expected)], expected, atol=2e-5)
            gates = expected @ parameters["gate"][member].numpy()
            attention = np.exp(gates) / np.exp(gates).sum(axis=0)
            gated = (expected / (1 + np.exp(-gates))).sum(axis=0) / np.sqrt(len(expected))
            by_hand = np.concatenate([(attention * expected).sum(axis=0), gated])
            np.testing.assert_allclose(pools[member, row], by_hand, atol=2e-5)


def test_isomorphic_graphs_have_one_vector_and_company_does_not_matter() -> None:
    space, rng = BranchingSpace(), np.random.default_rng(0)
    reader = GraphReader(space)
    originals = [space.simplify(space.sample(rng)) for _ in range(20)]
    twins = [relabelled(architecture, rng) for architecture in originals]
    parameters = new_trunk(2, len(reader.ops), len(reader.features), 8, 3, torch.Generator().manual_seed(0))
    together = vectors(parameters, reader.read(originals))
    torch.testing.assert_close(together, vectors(parameters, reader.read(twins)), atol=1e-5, rtol=1e-4)
    for row, architecture in enumerate(originals):
        alone = vectors(parameters, reader.read([architecture]))
        torch.testing.assert_close(together[:, row : row + 1], alone, atol=1e-5, rtol=1e-4)


def test_the_direction_of_edges_matters() -> None:
    parameters, some = network(), graphs()
    turned = replace(some, incoming=some.incoming.transpose(1, 2))
    assert (vectors(parameters, some) - vectors(parameters, turned)).abs().max() > 0.1


def test_comparisons_are_antisymmetric_and_dominance_excludes_its_reverse() -> None:
    parameters, some = network(), graphs()
    side = torch.randn(2, 6, 3, generator=torch.Generator().manual_seed(1))
    points = embedded(parameters, vectors(parameters, some), side)
    odds = wins(parameters, points, points)
    torch.testing.assert_close(odds, -odds.transpose(1, 2), atol=1e-5, rtol=1e-5)
    logits = dominance(parameters, points, points)
    torch.testing.assert_close(logits[..., 0], logits[..., 1].transpose(1, 2), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(logits[..., 2], logits[..., 2].transpose(1, 2), atol=1e-5, rtol=1e-5)
    form = parameters["relation.0"][1]
    left, right = points[1, 2], points[1, 4]
    plain = scores(parameters, points)[1]
    by_hand = plain[4] - plain[2] + left @ form @ right - right @ form @ left
    assert float(odds[1, 2, 4]) == pytest.approx(float(by_hand), abs=1e-5)


def test_members_train_as_if_alone() -> None:
    parameters, some = network(), graphs()
    targets = torch.arange(6.0)
    rows = [torch.arange(6), torch.arange(6)]
    schedule = Schedule(steps=5, rate=0.01, decay=0.1, batch=10)

    def objective(current: Parameters, chosen: Tensor, progress: float) -> Tensor:
        batch = some.at(chosen)
        points = embedded(current, vectors(current, batch), torch.zeros(*chosen.shape, 3))
        return ((scores(current, points) - targets[chosen]) ** 2).mean(dim=1)

    both = trained(parameters, rows, objective, schedule, torch.Generator().manual_seed(0))
    for member in range(2):
        own = {name: value[member : member + 1] for name, value in parameters.items()}
        alone = trained(own, rows[:1], objective, schedule, torch.Generator().manual_seed(0))
        for name, value in alone.items():
            torch.testing.assert_close(both[name][member : member + 1], value, atol=1e-4, rtol=1e-3)
    assert (both["head.score"] - parameters["head.score"]).abs().max() > 0.005


def test_batches_show_every_member_its_own_rows_and_none_twice_in_an_epoch() -> None:
    rows = [torch.arange(0, 9), torch.arange(9, 19)]
    seen: list[Tensor] = []

    def objective(current: Parameters, chosen: Tensor, progress: float) -> Tensor:
        seen.append(chosen)
        return current["x"].sum(dim=1)

    start = {"x": torch.ones(2, 1)}
    trained(start, rows, objective, Schedule(6, 0.01, 0.0, 4), torch.Generator().manual_seed(0))
    assert [tuple(chosen.shape) for chosen in seen] == [(2, 3)] * 6
    for epoch in (seen[:3], seen[3:]):
        for member, own in enumerate(rows):
            shown = torch.cat([chosen[member] for chosen in epoch]).tolist()
            assert len(set(shown)) == 9
            assert set(shown) <= set(own.tolist())
    assert float(start["x"].sum()) == 2.0  # what is given stays as it is
