"""The laws of a search space: plain functions of any space and a seed. ``test_space_laws.py`` runs them over all."""

import pickle
import random
import zlib

import networkx
import numpy as np
import torch
from torch.nn.modules.batchnorm import _NormBase
from torch.utils.flop_counter import FlopCounterMode

from spaces import Architecture, Space


def sampling_stays_inside_and_within_the_vocabulary(space: Space, seed: int) -> None:
    architecture = space.sample(np.random.default_rng(seed))
    space.check(architecture)
    for node in architecture.nodes:
        assert node.op in space.ops
        assert {name for name, _ in node.attributes} <= set(space.attributes)


def randomness_comes_from_the_generator_alone(space: Space, seed: int) -> None:
    def walk(rng: np.random.Generator) -> list[Architecture]:
        left, right = space.sample(rng), space.sample(rng)
        return [left, right, space.mutate(left, rng), space.crossover(left, right, rng)]

    before = (random.getstate(), pickle.dumps(np.random.get_state()), torch.get_rng_state())  # noqa: NPY002 - watched
    first, second = walk(np.random.default_rng(seed)), walk(np.random.default_rng(seed))
    after = (random.getstate(), pickle.dumps(np.random.get_state()), torch.get_rng_state())  # noqa: NPY002 - watched
    assert first == second
    assert before[:2] == after[:2]
    assert torch.equal(before[2], after[2])


def a_pickled_space_is_the_same_space(space: Space, seed: int) -> None:
    twin = pickle.loads(pickle.dumps(space))
    architecture = space.sample(np.random.default_rng(seed))
    assert twin.sample(np.random.default_rng(seed)) == architecture
    assert twin.cost(architecture) == space.cost(architecture)


def mutation_is_one_edit_that_changes_the_function(space: Space, seed: int) -> None:
    rng = np.random.default_rng(seed)
    parent = space.sample(rng)
    for _ in range(5):
        child = space.mutate(parent, rng)
        space.check(child)
        assert child in space.neighbours(parent)
        assert space.simplify(child).key != space.simplify(parent).key
        parent = child


def crossover_stays_inside_and_equal_parents_have_equal_children(space: Space, seed: int) -> None:
    rng = np.random.default_rng(seed)
    left, right = space.sample(rng), space.sample(rng)
    space.check(space.crossover(left, right, rng))
    assert space.crossover(left, left, rng) == left


def neighbours_are_inside_distinct_and_others(space: Space, seed: int) -> None:
    architecture = space.sample(np.random.default_rng(seed))
    neighbours = list(space.neighbours(architecture))
    assert neighbours
    assert len(set(neighbours)) == len(neighbours)
    assert architecture not in neighbours
    for neighbour in neighbours:
        space.check(neighbour)


def simplify_is_idempotent(space: Space, seed: int) -> None:
    once = space.simplify(space.sample(np.random.default_rng(seed)))
    twice = space.simplify(once)
    assert twice == once
    assert twice.key == once.key


def the_order_of_nodes_says_nothing(space: Space, seed: int) -> None:
    rng = np.random.default_rng(seed)
    raw = space.sample(rng)
    identity = space.simplify(raw).key
    for graph in (raw, space.simplify(raw)):
        shuffled = relabelled(graph, rng)
        assert shuffled.key == graph.key
        assert space.simplify(shuffled).key == identity
        assert space.cost(shuffled) == space.cost(graph)


def simplify_keeps_the_outputs(space: Space, seed: int) -> None:
    """Weights are a function of their shape alone, so equal operations have equal weights wherever they stand."""
    architecture = space.sample(np.random.default_rng(seed))
    inputs = exact(example(space, seed))
    outputs = []
    shuffled = relabelled(architecture, np.random.default_rng(seed))
    for graph in (architecture, space.simplify(architecture), shuffled):
        model = space.build(graph).double().eval()
        for module in model.modules():
            if not isinstance(module, _NormBase):  # these stay fresh: a dead one must not have learnt a constant
                for weight in module.parameters(recurse=False):
                    fill(weight, str(tuple(weight.shape)))
        with torch.no_grad():
            outputs.append(model(inputs))
    torch.testing.assert_close(outputs[1], outputs[0], rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(outputs[2], outputs[0], rtol=1e-9, atol=1e-9)


def json_and_notation_round_trip(space: Space, seed: int) -> None:
    architecture = space.sample(np.random.default_rng(seed))
    assert space.parse(space.format(architecture)) == architecture
    for graph in (architecture, space.simplify(architecture)):
        assert Architecture.from_json(graph.to_json()) == graph
        assert "\n" not in graph.to_json()


def cost_is_torchs_own_count(space: Space, seed: int) -> None:
    architecture = space.sample(np.random.default_rng(seed))
    for graph in (architecture, space.simplify(architecture)):
        model = space.build(graph).eval()
        counter = FlopCounterMode(display=False)
        with counter, torch.no_grad():
            model(example(space, seed)[:1])
        cost = space.cost(graph)
        assert cost.parameters == sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
        assert 2 * cost.macs == counter.get_total_flops()


def build_runs_forward_and_backward(space: Space, seed: int) -> None:
    architecture = space.sample(np.random.default_rng(seed))
    for graph in (architecture, space.simplify(architecture)):
        model = space.build(graph).train()
        inputs = example(space, seed)
        outputs = model(inputs)
        assert outputs.shape == (len(inputs), space.classes)
        outputs.square().sum().backward()
        gradients = [weight.grad for weight in model.parameters() if weight.grad is not None]
        assert gradients
        assert all(bool(gradient.isfinite().all()) for gradient in gradients)
        assert any(bool(gradient.abs().sum() > 0) for gradient in gradients)


def channels_last_changes_nothing(space: Space, seed: int) -> None:
    inputs = exact(example(space, seed))
    if inputs.ndim != 4:
        return
    model = space.build(space.sample(np.random.default_rng(seed))).double().eval()
    with torch.no_grad():
        plain = model(inputs)
        last = model.to(memory_format=torch.channels_last)(inputs.to(memory_format=torch.channels_last))
    torch.testing.assert_close(plain, last, rtol=1e-9, atol=1e-9)


def every_function_is_reached_from_every_other_by_mutations(space: Space) -> None:
    """One strongly connected component of the members, joined by the mutations there are, holds every function.

    Members outside it repeat functions of its members: where mutations must change the function, some ways to write a
    function are cut off (265 of the 15,625 cells of ``cell201``, where so many edges are none that another path needs
    two edits, the first of which changes nothing).
    """
    members = {space.sample(np.random.default_rng(0))}
    waiting = list(members)
    graph: networkx.DiGraph = networkx.DiGraph()
    while waiting:
        member = waiting.pop()
        here = space.simplify(member).key
        graph.add_node(member, function=here)
        for neighbour in space.neighbours(member):
            if neighbour not in members:
                members.add(neighbour)
                waiting.append(neighbour)
            if space.simplify(neighbour).key != here:
                graph.add_edge(member, neighbour)
    assert len(members) == space.size  # edits that may change nothing lead everywhere
    functions = networkx.get_node_attributes(graph, "function")
    largest = max(networkx.strongly_connected_components(graph), key=lambda some: len({functions[one] for one in some}))
    assert {functions[member] for member in largest} == set(functions.values())


CHEAP = (
    sampling_stays_inside_and_within_the_vocabulary,
    randomness_comes_from_the_generator_alone,
    a_pickled_space_is_the_same_space,
    mutation_is_one_edit_that_changes_the_function,
    crossover_stays_inside_and_equal_parents_have_equal_children,
    neighbours_are_inside_distinct_and_others,
    simplify_is_idempotent,
    the_order_of_nodes_says_nothing,
    json_and_notation_round_trip,
)
BUILDING = (
    simplify_keeps_the_outputs,
    cost_is_torchs_own_count,
    build_runs_forward_and_backward,
    channels_last_changes_nothing,
)


def example(space: Space, seed: int) -> torch.Tensor:
    """Three random examples, ``(3, *input_shape)``: real numbers, or token ids where the space has a vocabulary."""
    generator = torch.Generator().manual_seed(seed)
    if space.vocabulary is not None:
        return torch.randint(space.vocabulary, (3, *space.input_shape), generator=generator)
    return torch.randn((3, *space.input_shape), generator=generator)


def exact(inputs: torch.Tensor) -> torch.Tensor:
    """Real numbers in double precision; token ids as they are."""
    return inputs.double() if inputs.is_floating_point() else inputs


def fill(weight: torch.Tensor, name: str) -> None:
    """Writes random numbers that depend on ``name`` alone, of the size of PyTorch's default initialisation."""
    generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
    fan_in = weight[0].numel()
    with torch.no_grad():
        weight.copy_(torch.randn(weight.shape, generator=generator, dtype=weight.dtype) / fan_in**0.5)


def relabelled(architecture: Architecture, rng: np.random.Generator) -> Architecture:
    """The same graph with its nodes in a random topological order."""
    n = len(architecture.nodes)
    waiting = {node: {source for source, target in architecture.edges if target == node} for node in range(n)}
    order: list[int] = []
    while waiting:
        ready = sorted(node for node, sources in waiting.items() if sources <= set(order))
        order.append(ready[int(rng.integers(len(ready)))])
        del waiting[order[-1]]
    place = {node: position for position, node in enumerate(order)}
    edges = sorted((place[source], place[target]) for source, target in architecture.edges)
    return Architecture(tuple(architecture.nodes[node] for node in order), tuple(edges), architecture.settings)
