"""NAS-Bench-201 in the benchmark's own terms, feature maps and cell edges: what ``cell201`` is checked against.

Nothing here uses ``spaces``.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional

OPS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
CELL_EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
PATTERN = re.compile(r"\|(\w+)~0\|\+\|(\w+)~0\|(\w+)~1\|\+\|(\w+)~0\|(\w+)~1\|(\w+)~2\|")

Term = tuple[object, ...]
Sum = frozenset[tuple[Term, int]]  # a sum of terms with their multiplicities


def operations(notation: str) -> tuple[str, ...]:
    match = PATTERN.match(notation)
    assert match is not None
    return match.groups()


def notation(ops: tuple[str, ...]) -> str:
    a, b, c, d, e, f = ops
    return f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|"


def every_notation(ops: tuple[str, ...] = OPS) -> list[str]:
    return [notation(chosen) for chosen in itertools.product(ops, repeat=6)]


def expression(text: str, named: bool) -> Sum:
    """Feature map 3 as a nested sum of terms: ``("x",)`` or an operation of a sum; an operation of nothing is nothing.

    With ``named``, each term carries its edge's number, so that the sharing of an operation's result shows.
    """
    maps: list[Counter[Term]] = [Counter({("x",): 1})]
    for target in (1, 2, 3):
        total: Counter[Term] = Counter()
        for edge, (op, (source, into)) in enumerate(zip(operations(text), CELL_EDGES, strict=True)):
            if into == target and op != "none" and maps[source]:
                if op == "skip_connect":
                    total.update(maps[source])
                else:
                    total[(op, edge if named else None, frozenset(maps[source].items()))] += 1
        maps.append(total)
    return frozenset(maps[3].items())


def live_edges(whole: Sum) -> list[int]:
    """Numbers of the edges whose operation the named expression holds, sorted."""
    found: set[int] = set()
    for term, _ in whole:
        if len(term) == 3:
            found |= {term[1], *live_edges(term[2])}  # type: ignore[arg-type, misc]
    return sorted(found)


def output(text: str, skeleton: str, cells: int, weights: Iterator[Tensor], x: Tensor) -> Tensor:
    """Logits of the whole network in evaluation mode with fresh normalisations.

    Args:
        text: The cell.
        skeleton: ``"nasbench201"`` or ``"compact"``.
        cells: Cells in each stage.
        weights: Convolutions in the order in which the benchmark's network holds them, then the head's weight and bias.
        x: Examples, ``(batch, channels, height, width)``.
    """

    def normalised(value: Tensor) -> Tensor:
        return value / (1 + 1e-5) ** 0.5  # running mean 0, running variance 1, weight 1, bias 0

    def convolved(value: Tensor, kernel: int, stride: int = 1) -> Tensor:
        return normalised(functional.conv2d(value.clamp(min=0), next(weights), stride=stride, padding=kernel // 2))

    def cell(value: Tensor) -> Tensor:
        maps = [value]
        for target in (1, 2, 3):
            total = torch.zeros_like(value)
            for op, (source, into) in zip(operations(text), CELL_EDGES, strict=True):
                if into == target and op == "skip_connect":
                    total = total + maps[source]
                elif into == target and op.startswith("nor_conv"):
                    total = total + convolved(maps[source], int(op[-1]))
                elif into == target and op == "avg_pool_3x3":
                    ones = functional.avg_pool2d(torch.ones_like(value), 3, 1, 1) * 9
                    total = total + functional.avg_pool2d(maps[source], 3, 1, 1) * 9 / ones
            maps.append(total)
        return maps[3]

    x = normalised(functional.conv2d(x, next(weights), padding=1))
    for stage in range(3 if skeleton == "nasbench201" else 2):
        if stage and skeleton == "nasbench201":
            residual = convolved(convolved(x, 3, stride=2), 3)
            x = residual + functional.conv2d(functional.avg_pool2d(x, 2), next(weights))
        elif stage:
            x = normalised(functional.conv2d(functional.avg_pool2d(x, 2), next(weights)))
        for _ in range(cells):
            x = cell(x)
    return normalised(x).clamp(min=0).mean(dim=(2, 3)) @ next(weights).T + next(weights)
