"""How many layers lie on the longest path through a network."""

from __future__ import annotations

from typing import Any

from torch import Tensor

_LAYERS = ("Convolution", "Addmm", "Mm", "Linear", "MkldnnLinear")


def autograd_depth(outputs: Tensor) -> int:
    """Weight layers on the longest path from the network's parameters to its outputs.

    The graph that torch recorded for the backward pass is walked; convolutions and products with a weight matrix count,
    products of activations, as in attention, do not.
    """
    depths: dict[Any, int] = {}
    waiting = [(outputs.grad_fn, False)]
    while waiting:
        node, is_left = waiting.pop()
        if node is None or (node in depths and not is_left):
            continue
        sources = [source for source, _ in node.next_functions if source is not None]
        if is_left:
            layer = node.name().startswith(_LAYERS)
            depths[node] = max((depths[source] for source in sources), default=0) + layer
        else:
            waiting.append((node, True))
            waiting += [(source, False) for source in sources if source not in depths]
    return depths.get(outputs.grad_fn, 0)
