"""The message-passing network: several independent members computed at once, along a leading dimension.

Parameters are plain tensors by name, all with the members first, so that members train in one batched pass and files
hold nothing but tensors. (torch-geometric's dense layers hold the weights of one network; an ensemble would be a loop.)
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from surrogates.message_passing.graph_tensors import GraphTensors

Parameters = dict[str, Tensor]

OPERATIONS, FEATURES = "operations", "features"
"""Names of the parameters whose rows stand for operations and for features by name."""


def new_trunk(
    members: int, ops: int, features: int, hidden: int, layers: int, generator: torch.Generator
) -> Parameters:
    """Freshly drawn parameters of ``node_states`` and ``pooled``.

    Args:
        members: ``e``, networks that are independent of each other.
        ops: Number of operations ``v``; two more rows stand for padding and for a masked operation.
        features: Number of features ``f``.
        hidden: Width ``h`` of a node's state.
        layers: Rounds of message passing.
        generator: Source of all draws.
    """
    parameters = {
        OPERATIONS: 0.5 * torch.randn(members, ops + 2, hidden, generator=generator),
        FEATURES: weights(members, features, hidden, generator),
    }
    for layer in range(layers):
        drawn = [weights(members, hidden, hidden, generator) for _ in ("own", "incoming", "outgoing")]
        parameters[f"{layer}.messages"] = torch.cat(drawn, dim=1)
        parameters[f"{layer}.bias"] = torch.zeros(members, 1, hidden)
    parameters["gate"] = weights(members, hidden, hidden, generator)
    return parameters


def weights(members: int, inputs: int, outputs: int, generator: torch.Generator) -> Tensor:
    """Shape ``(e, inputs, outputs)``, drawn so that the variance of what passes stays as it is."""
    return torch.randn(members, inputs, outputs, generator=generator) / math.sqrt(max(inputs, 1))


def node_states(parameters: Mapping[str, Tensor], graphs: GraphTensors) -> Tensor:
    """States of the nodes after all rounds, shape ``(e, n, m, h)``.

    A node's first state is a learned vector of its operation plus a linear map of its features. In each round it adds
    ``silu(norm(own W + Σ over predecessors W' + Σ over successors W'' + b))`` to its state: messages pass forwards
    and backwards along the edges with weights of their own, and a residual path keeps what was there.

    Args:
        parameters: Those of ``new_trunk``.
        graphs: ``n`` graphs that all members read, or ``(e, n)``, for each member its own.
    """
    shared = graphs.ops.dim() == 2
    members = len(parameters[OPERATIONS])
    ops, features, incoming, real = (
        (part.expand(members, *part.shape) if shared else part)
        for part in (graphs.ops, graphs.features, graphs.incoming, graphs.real)
    )
    e, n, m = ops.shape
    member = torch.arange(members).view(-1, 1)
    flat = parameters[OPERATIONS][member, ops.reshape(e, n * m)]
    flat = torch.baddbmm(flat, features.reshape(e, n * m, -1), parameters[FEATURES])
    alive = real.reshape(e, n * m, 1)
    edges = incoming.reshape(e * n, m, m)
    layer = 0
    while f"{layer}.messages" in parameters:
        states = flat.view(e * n, m, -1)
        received = torch.bmm(edges, states).view(e, n * m, -1)
        returned = torch.bmm(edges.transpose(1, 2), states).view(e, n * m, -1)
        everything = torch.cat([flat, received, returned], dim=-1)
        update = torch.baddbmm(parameters[f"{layer}.bias"], everything, parameters[f"{layer}.messages"])
        flat = flat + functional.silu(functional.layer_norm(update, update.shape[-1:])) * alive
        layer += 1
    return flat.view(e, n, m, -1)


def pooled(parameters: Mapping[str, Tensor], states: Tensor, real: Tensor) -> Tensor:
    """One vector a graph, shape ``(e, n, 2 h)``: its nodes' states weighed by attention, and their gated sum.

    Attention is a softmax over the nodes for each of the ``h`` channels (Li et al., "Gated graph sequence neural
    networks", ICLR 2016, eq. 7); it does not change when a graph is doubled; the sum of ``sigmoid(gate) · state`` over
    the square root of the number of nodes does.

    Args:
        parameters: Those of ``new_trunk``.
        states: Shape ``(e, n, m, h)``.
        real: Shape ``(n, m)`` or ``(e, n, m)``, 1 for nodes.
    """
    e, n, m, h = states.shape
    gates = torch.bmm(states.reshape(e, n * m, h), parameters["gate"]).view(e, n, m, h)
    present = real[..., None]
    attention = torch.softmax(gates.masked_fill(present == 0, -1e9), dim=-2)
    gated = torch.sigmoid(gates) * states * present
    size = real.sum(dim=-1, keepdim=True).clamp_min(1)
    return torch.cat([(attention * states).sum(dim=-2), gated.sum(dim=-2) / size.sqrt()], dim=-1)
