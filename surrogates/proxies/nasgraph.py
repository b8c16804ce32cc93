"""How densely an architecture's channels are connected."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor
from torch.nn import functional

from spaces.architecture import Architecture, Node
from surrogates.operation_descriptors import DESCRIPTORS, described
from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy import Proxy
from surrogates.proxies.proxy_failure import ProxyFailure

_PASSING = frozenset({"identity", "pooling", "joining", "normalisation", "activation", "input", "output"})
_UNDEFINED = frozenset({"expansion", "attention", "linear", "splitting"})


class Nasgraph(Proxy):
    """Average degree of the graph of channels that an architecture is converted to (Huang et al., "Graph is all you
    need? Lightweight data-agnostic neural architecture search without training", arXiv 2405.01306, and the authors'
    code), for convolutional operations: more is better.

    Each operation is a block with ``channels`` channels, and each of its channels a node of an undirected graph. A
    channel i of an operation has an edge to channel j of an operation that receives it where an image of ones in
    channel i, and zeros in all others, makes the receiving block put out what is not zero in channel j; blocks that
    convolve end in ReLU. Channels without an edge are no nodes. The network never runs.

    The authors convert the network or a smaller surrogate of it; here it is the architecture's graph, once, as its
    space simplifies it. Weights are standard normal, one draw for each kind of convolution, so that isomorphic graphs
    have one score.

    Args:
        channels: Of every operation, at least 1.

    Raises:
        ValueError: There are no channels.
    """

    needs = frozenset({"architecture"})

    def __init__(self, channels: int = 16) -> None:
        if channels < 1:
            raise ValueError(f"nasgraph: channels must be at least 1; got {channels}")
        self.channels = channels

    def score(self, probe: Probe) -> float:
        """Edges at a node, at least 1.

        Raises:
            ProxyFailure: An operation has no conversion, or nothing is connected.
        """
        graph: Architecture = probe.architecture
        blocks = [self._block(node) for node in graph.nodes]
        connected = torch.zeros(len(blocks), self.channels, dtype=torch.bool)
        edges = 0
        for source, target in graph.edges:
            edges += int(blocks[target].sum())
            connected[source] |= blocks[target].any(dim=0)
            connected[target] |= blocks[target].any(dim=1)
        if not edges:
            raise ProxyFailure("nasgraph needs operations that are connected; none are")
        return 2 * edges / int(connected.sum())

    def _block(self, node: Node) -> Tensor:
        """``(channels, channels)`` booleans: does an output (row) see an input (column)?"""
        known = {**described(node.op), **{name: value for name, value in node.attributes if name in DESCRIPTORS}}
        if not known.keys() & _UNDEFINED:
            if "zero" in known:
                return torch.zeros(self.channels, self.channels, dtype=torch.bool)
            if "convolution" in known and "kernel" in known and "conv" in node.op.lower():
                # The literature's dilated convolutions are separable, too.
                separable = bool(known.keys() & {"depthwise", "dilated"})
                return _convolution(self.channels, int(known["kernel"]), separable)
            if "convolution" not in known and known.keys() & _PASSING:
                return torch.eye(self.channels, dtype=torch.bool)
        raise ProxyFailure(
            f"nasgraph converts convolutions of a known kernel, pooling and connections; {node.op!r} is none of them"
        )


@cache
def _convolution(channels: int, kernel: int, separable: bool) -> Tensor:
    """Edges of a convolution with padding and ReLU.

    On an image of ones it puts out as many different values as its kernel has elements, one for each way in which the
    border cuts the kernel off; an image of the kernel's size shows all of them.
    """
    drawn = torch.Generator().manual_seed(0)
    weight = torch.randn(channels, channels, 1 if separable else kernel, 1 if separable else kernel, generator=drawn)
    if separable:
        weight = weight * torch.randn(1, channels, kernel, kernel, generator=drawn)
    ones = torch.ones(1, 1, kernel, kernel)
    outputs = functional.conv2d(ones, weight.reshape(-1, 1, kernel, kernel), padding=kernel // 2)
    return (outputs[0] > 0).flatten(1).any(dim=1).reshape(channels, channels)
