"""DARTS in its own terms, states and genotypes: what ``darts`` is checked against. Nothing here uses ``spaces``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import networkx
import torch
from torch import Tensor
from torch.nn import functional

Cell = list[list[tuple[str, int]]]  # of each intermediate node, its (operation, state) pairs

GENOTYPES = {
    "DARTS_V2": """Genotype(
        normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1),
                ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)],
        normal_concat=[2, 3, 4, 5],
        reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1),
                ('max_pool_3x3', 0), ('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)],
        reduce_concat=[2, 3, 4, 5])""",
    "PC_DARTS": """Genotype(
        normal=[('sep_conv_3x3', 1), ('skip_connect', 0), ('sep_conv_3x3', 0), ('dil_conv_3x3', 1),
                ('sep_conv_5x5', 0), ('sep_conv_3x3', 1), ('avg_pool_3x3', 0), ('dil_conv_3x3', 1)],
        normal_concat=range(2, 6),
        reduce=[('sep_conv_5x5', 1), ('max_pool_3x3', 0), ('sep_conv_5x5', 1), ('sep_conv_5x5', 2),
                ('sep_conv_3x3', 0), ('sep_conv_3x3', 3), ('sep_conv_3x3', 1), ('sep_conv_3x3', 2)],
        reduce_concat=range(2, 6))""",
    "P_DARTS": """Genotype(
        normal=[('skip_connect', 0), ('dil_conv_3x3', 1), ('skip_connect', 0), ('sep_conv_3x3', 1),
                ('sep_conv_3x3', 1), ('sep_conv_3x3', 3), ('sep_conv_3x3', 0), ('dil_conv_5x5', 4)],
        normal_concat=range(2, 6),
        reduce=[('avg_pool_3x3', 0), ('sep_conv_5x5', 1), ('sep_conv_3x3', 0), ('dil_conv_5x5', 2),
                ('max_pool_3x3', 0), ('dil_conv_3x3', 1), ('dil_conv_3x3', 1), ('dil_conv_5x5', 3)],
        reduce_concat=range(2, 6))""",
    "SNAS": """Genotype(
        normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('skip_connect', 0), ('dil_conv_3x3', 1),
                ('skip_connect', 1), ('skip_connect', 0), ('skip_connect', 0), ('sep_conv_3x3', 1)],
        normal_concat=range(2, 6),
        reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('max_pool_3x3', 1), ('skip_connect', 2),
                ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0), ('dil_conv_5x5', 2)],
        reduce_concat=range(2, 6))""",
    "MdeNAS": """Genotype(
        normal=[('sep_conv_5x5', 1), ('sep_conv_3x3', 0), ('skip_connect', 0), ('sep_conv_5x5', 1),
                ('sep_conv_5x5', 3), ('sep_conv_3x3', 1), ('dil_conv_5x5', 3), ('max_pool_3x3', 4)],
        normal_concat=range(2, 6),
        reduce=[('max_pool_3x3', 0), ('sep_conv_5x5', 1), ('skip_connect', 0), ('skip_connect', 1),
                ('sep_conv_3x3', 3), ('skip_connect', 2), ('dil_conv_3x3', 3), ('sep_conv_5x5', 0)],
        reduce_concat=range(2, 6))""",
}


def genotype(normal: Cell, reduction: Cell) -> str:
    """The published text of two cells."""
    first, second = (str([chosen for pair in cell for chosen in pair]) for cell in (normal, reduction))
    return f"Genotype(normal={first}, normal_concat=range(2, 6), reduce={second}, reduce_concat=range(2, 6))"


def cells_of(text: str) -> tuple[Cell, Cell]:
    """Both cells of a genotype, the two inputs of an intermediate node sorted by state."""
    found = [(op, int(state)) for op, state in re.findall(r"'(\w+)', (\d)", text)]
    pairs = [sorted(found[start : start + 2], key=lambda chosen: chosen[1]) for start in range(0, 16, 2)]
    return pairs[:4], pairs[4:]


def sums(text: str) -> networkx.DiGraph:
    """What each operation and each block sums, with multiplicities, where identities are seen through.

    Nodes are cell inputs, operations other than identities, and blocks; two genotypes compute the same function up to
    the numbering of weights where these graphs are isomorphic.
    """
    graph = networkx.DiGraph()
    for kind, cell in enumerate(cells_of(text)):
        states = [Counter({(kind, "in", 0): 1}), Counter({(kind, "in", 1): 1})]
        for state in (0, 1):
            graph.add_node((kind, "in", state), label=f"{kind} input {state}")
        for node, pair in enumerate(cell):
            total: Counter[tuple[int, object, int]] = Counter()
            for side, (op, state) in enumerate(pair):
                if op == "skip_connect" and not (kind and state < 2):
                    total.update(states[state])
                    continue
                name = (kind, node, side)
                graph.add_node(name, label=f"{kind} {op}")
                graph.add_edges_from((origin, name, {"count": n}) for origin, n in states[state].items())
                total[name] += 1
            graph.add_node((kind, "block", node), label=f"{kind} block")
            graph.add_edges_from((origin, (kind, "block", node), {"count": n}) for origin, n in total.items())
            states.append(total)
    return graph


def same_function(first: str, second: str) -> bool:
    return networkx.is_isomorphic(
        sums(first),
        sums(second),
        node_match=lambda a, b: a["label"] == b["label"],
        edge_match=lambda a, b: a["count"] == b["count"],
    )


def output(text: str, cells: int, weights: Iterator[Tensor], x: Tensor) -> Tensor:
    """Logits of the whole network in evaluation mode with fresh normalisations.

    Args:
        text: The genotype.
        cells: Number of cells.
        weights: Convolutions in the order of the published network: stem; of each cell the two preprocessings, then
            the operations by intermediate node and state; at last the head's weight and bias.
        x: Examples, ``(batch, channels, height, width)``.
    """

    def normalised(value: Tensor) -> Tensor:
        return value / (1 + 1e-5) ** 0.5

    def pointwise(value: Tensor) -> Tensor:
        return normalised(functional.conv2d(value.clamp(min=0), next(weights)))

    def factorised(value: Tensor) -> Tensor:
        value = value.clamp(min=0)
        halves = [functional.conv2d(value[:, :, shift::2, shift::2], next(weights)) for shift in (0, 1)]
        return normalised(torch.cat(halves, dim=1))

    def depthwise(value: Tensor, kernel: int, stride: int, dilation: int) -> Tensor:
        value = value.clamp(min=0)
        pad = dilation * (kernel - 1) // 2
        value = functional.pad(value, (pad,) * 4)
        value = functional.conv2d(value, next(weights), stride=stride, dilation=dilation, groups=value.shape[1])
        return normalised(functional.conv2d(value, next(weights)))

    def operation(op: str, value: Tensor, stride: int) -> Tensor:
        if op == "none":
            return 0 * value[:, :, ::stride, ::stride]
        if op == "skip_connect":
            return value if stride == 1 else factorised(value)
        if op == "max_pool_3x3":
            return functional.max_pool2d(value, 3, stride, 1)
        if op == "avg_pool_3x3":
            shares = functional.avg_pool2d(torch.ones_like(value), 3, stride, 1)
            return functional.avg_pool2d(value, 3, stride, 1) / shares
        kernel = int(op[-1])
        if op.startswith("dil"):
            return depthwise(value, kernel, stride, 2)
        return depthwise(depthwise(value, kernel, stride, 1), kernel, 1, 1)

    before_last = last = normalised(functional.conv2d(x, next(weights), padding=1))
    after_reduction = False
    for number in range(cells):
        reduction = number in (cells // 3, 2 * cells // 3)
        states = [(factorised if after_reduction else pointwise)(before_last), pointwise(last)]
        for pair in cells_of(text)[reduction]:
            terms = [operation(op, states[state], 2 if reduction and state < 2 else 1) for op, state in pair]
            states.append(terms[0] + terms[1])
        before_last, last = last, torch.cat(states[2:], dim=1)
        after_reduction = reduction
    return last.mean(dim=(2, 3)) @ next(weights).T + next(weights)
