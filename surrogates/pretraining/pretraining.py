"""Learns a trunk from targets that cost nothing, or that earlier work left behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from scipy.special import ndtri
from scipy.stats import rankdata
from torch import Tensor
from torch.nn import functional

from spaces.space import Space
from surrogates.message_passing.graph_tensors import GraphReader, GraphTensors
from surrogates.message_passing.network import OPERATIONS, Parameters, new_trunk, node_states, pooled, weights
from surrogates.message_passing.pretrained import Card, Pretrained
from surrogates.message_passing.training import Schedule, trained
from surrogates.predictor import FloatArray
from surrogates.pretraining.corpus import Corpus
from surrogates.ranking import kendall_tau
from surrogates.threads import one_torch_thread

IntArray = npt.NDArray[np.int64]

MASKED = "masked operations"
"""Name of the self-supervised task's score: the share of hidden operations that are told right."""

_TARGETS_HEAD, _LEVELS_HEAD, _OPERATIONS_HEAD = "pretraining.targets", "pretraining.levels", "pretraining.operations"
_NAMELESS_SHARE = 0.25  # of graphs, read by descriptors alone, so that operations of other spaces can be, too
_MASKED_SHARE = 0.3  # of graphs
_LEAST = 20
_BATCH = 128
_DECAY = 0.01


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to pretrain.

    Attributes:
        members: Networks; a predictor with more members repeats them.
        hidden: Width of a node's state.
        layers: Rounds of messages.
        steps: Steps of the optimiser.
        rate: Largest learning rate.
        masked: Whether to learn hidden operations, too.
        held_out: Share of the corpus that is never trained on and gives the scores.
    """

    members: int = 6
    hidden: int = 32
    layers: int = 3
    steps: int = 1500
    rate: float = 0.005
    masked: bool = True
    held_out: float = 0.1


def pretrain(
    space: Space,
    space_name: str,
    corpus: Corpus,
    recipe: Recipe,
    rng: np.random.Generator,
    tell: Callable[[float], None],
) -> Pretrained:
    """Learns every target of the corpus at once, and hidden operations where the recipe says so.

    Targets are learned as normal scores of their ranks, on squared errors; what is not known counts for nothing. In
    three of ten graphs a random node and its successors are hidden and their operations are learned (cross-entropy);
    such graphs do not count for the targets. In a quarter, names of operations are hidden and descriptors remain.

    Args:
        space: The corpus's space.
        space_name: For the card.
        corpus: What is known.
        recipe: How.
        rng: Source of all randomness.
        tell: Is told the share of the training that is over.

    Raises:
        ValueError: There is nothing to learn, or too little to learn from.
    """
    n = len(corpus.graphs)
    if n < _LEAST:
        raise ValueError(f"pretraining needs at least {_LEAST} different architectures; got {n}. Sample more")
    if not (corpus.names or recipe.masked):
        raise ValueError("pretraining needs something to learn: free targets, proxies, journals, tables, or masked")
    if not 0 < recipe.held_out < 1:
        raise ValueError(f"held_out must lie between 0 and 1; got {recipe.held_out}. Try 0.1")
    reader = GraphReader(space)
    order = rng.permutation(n)
    count = min(max(2, round(recipe.held_out * n)), n - 2)
    unseen, seen = np.sort(order[:count]), np.sort(order[count:])
    generator = torch.Generator().manual_seed(int(rng.integers(2**63)))
    with one_torch_thread():
        graphs = reader.read(corpus.graphs)
        targets = torch.from_numpy(_normal_scores(corpus.values, seen)).float()
        parameters = _trained(reader, graphs, targets, torch.from_numpy(seen), recipe, generator, tell)
        scores = _scores(parameters, graphs.at(torch.from_numpy(unseen)), corpus, unseen, recipe, generator)
    trunk = {name: value for name, value in parameters.items() if not name.startswith("pretraining.")}
    names = (*corpus.names, *((MASKED,) if recipe.masked else ()))
    card = Card(space_name, reader.ops, reader.features, names, corpus.data_hash(), scores, len(seen))
    return Pretrained(trunk, card)


def _trained(
    reader: GraphReader,
    graphs: GraphTensors,
    targets: Tensor,
    seen: Tensor,
    recipe: Recipe,
    generator: torch.Generator,
    tell: Callable[[float], None],
) -> Parameters:
    e, h, v = recipe.members, recipe.hidden, len(reader.ops)
    parameters = new_trunk(e, v, len(reader.features), h, recipe.layers, generator) | {
        _TARGETS_HEAD: weights(e, 2 * h, targets.shape[1], generator),
        _LEVELS_HEAD: torch.zeros(e, 1, targets.shape[1]),
        _OPERATIONS_HEAD: weights(e, h, v, generator),
    }

    def objective(current: Parameters, rows: Tensor, progress: float) -> Tensor:
        tell(progress)
        whole = graphs.at(rows)
        disturbed, masked = _disturbed(whole, v, recipe.masked, generator)
        states = node_states(current, disturbed)
        vectors = pooled(current, states, whole.real)
        known = ~torch.isnan(targets[rows]) & ~masked.any(dim=-1, keepdim=True)
        errors = (_predicted(current, vectors) - torch.nan_to_num(targets[rows])) ** 2 * known
        loss = errors.sum(dim=(1, 2)) / known.sum(dim=(1, 2)).clamp_min(1)
        wrong = functional.cross_entropy(
            _told(current, states).movedim(-1, 1), whole.ops.clamp_max(v - 1), reduction="none"
        )
        return loss + (wrong * masked).sum(dim=(1, 2)) / masked.sum(dim=(1, 2)).clamp_min(1)

    schedule = Schedule(recipe.steps, recipe.rate, _DECAY, _BATCH)
    return trained(parameters, [seen] * e, objective, schedule, generator)


def _disturbed(graphs: GraphTensors, ops: int, masks: bool, generator: torch.Generator) -> tuple[GraphTensors, Tensor]:
    """Graphs ``(e, b)`` with some names and some nodes hidden, and which nodes these are, shape ``(e, b, m)``."""
    lots = torch.rand(*graphs.ops.shape[:2], 2, 1, generator=generator)
    alive = graphs.real > 0
    centre = (torch.rand(graphs.ops.shape, generator=generator) * graphs.real).argmax(dim=-1)
    chosen = functional.one_hot(centre, graphs.ops.shape[-1]).to(graphs.incoming.dtype)
    around = chosen + (graphs.incoming @ chosen[..., None])[..., 0]  # the node and its successors
    masked = (around > 0) & alive & (lots[..., 0, :] < (_MASKED_SHARE if masks else 0.0))
    nameless = alive & (lots[..., 1, :] < _NAMELESS_SHARE)
    hidden = torch.where(masked, ops + 1, torch.where(nameless, ops, graphs.ops))
    return replace(graphs, ops=hidden, features=graphs.features * ~masked[..., None]), masked


def _predicted(parameters: Parameters, vectors: Tensor) -> Tensor:
    return torch.baddbmm(parameters[_LEVELS_HEAD], vectors, parameters[_TARGETS_HEAD])


def _told(parameters: Parameters, states: Tensor) -> Tensor:
    e, n, m, h = states.shape
    return torch.bmm(states.reshape(e, n * m, h), parameters[_OPERATIONS_HEAD]).view(e, n, m, -1)


def _scores(
    parameters: Parameters,
    graphs: GraphTensors,
    corpus: Corpus,
    unseen: IntArray,
    recipe: Recipe,
    generator: torch.Generator,
) -> dict[str, float | None]:
    """Kendall tau of each target, and how many hidden operations are told right, on architectures never trained on."""
    with torch.inference_mode():
        predicted = _predicted(parameters, pooled(parameters, node_states(parameters, graphs), graphs.real)).mean(dim=0)
        found: dict[str, float | None] = {}
        for column, name in enumerate(corpus.names):
            truth = corpus.values[unseen, column]
            known = ~np.isnan(truth)
            found[name] = kendall_tau(predicted[:, column].double().numpy()[known], truth[known])
        if recipe.masked:
            every = GraphTensors(*(part[None] for part in (graphs.ops, graphs.features, graphs.incoming, graphs.real)))
            v = parameters[OPERATIONS].shape[1] - 2
            disturbed, masked = _disturbed(every, v, True, generator)
            one = GraphTensors(disturbed.ops[0], disturbed.features[0], disturbed.incoming[0], disturbed.real[0])
            told = _told(parameters, node_states(parameters, one)).mean(dim=0).argmax(dim=-1)
            right = (told == graphs.ops)[masked[0]]
            found[MASKED] = float(right.double().mean()) if len(right) else None
    return found


def _normal_scores(values: FloatArray, seen: IntArray) -> FloatArray:
    """Normal quantiles of ranks among the seen rows, shape ``(n, t)``; NaN for rows not seen or values not known."""
    found = np.full(values.shape, np.nan)
    for column in range(values.shape[1]):
        rows = seen[~np.isnan(values[seen, column])]
        if len(rows):
            found[rows, column] = ndtri((rankdata(values[rows, column]) - 0.5) / len(rows))
    return found
