"""Stand-ins for the tests of the core: named objectives, proposals made by hand, and a space of one-layer networks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from torch import nn

from evonas.core.archive import Funnel, Proposal
from evonas.core.objective import Objective, Subject
from spaces.architecture import Architecture, Node
from spaces.space import Cost, Space


class Named(Objective):
    """Measures what it is told to."""

    def __init__(
        self,
        name: str,
        goal: Any = "min",
        needs: Any = "training",
        measure: Callable[[Subject], Any] = lambda subject: 0.0,
    ) -> None:
        self.name, self.goal, self.needs, self.unit = name, goal, needs, ""
        self._measure = measure

    def measure(self, subject: Subject) -> float:
        return self._measure(subject)


class Widths(Space):
    """Networks of one hidden layer; ``width`` is the only gene, and odd widths simplify to the even one below."""

    ops = ("input", "linear", "output")
    attributes = ()
    input_shape = (3,)
    classes = 2
    size = 98

    def sample(self, rng: np.random.Generator) -> Architecture:
        return width_of(int(rng.integers(2, 100)))

    def mutate(self, architecture: Architecture, rng: np.random.Generator) -> Architecture:
        raise NotImplementedError

    def crossover(self, left: Architecture, right: Architecture, rng: np.random.Generator) -> Architecture:
        raise NotImplementedError

    def neighbours(self, architecture: Architecture) -> Iterator[Architecture]:
        raise NotImplementedError

    def check(self, architecture: Architecture) -> None:
        raise NotImplementedError

    def simplify(self, architecture: Architecture) -> Architecture:
        return width_of(_width(architecture) // 2 * 2)

    def cost(self, architecture: Architecture) -> Cost:
        width = _width(architecture)
        return Cost(parameters=6 * width + 2, macs=5 * width)

    def build(self, architecture: Architecture) -> nn.Module:
        width = _width(architecture)
        if width >= 90:
            raise ZeroDivisionError("too wide")
        return nn.Sequential(nn.Linear(3, width), nn.ReLU(), nn.Linear(width, 2))

    def parse(self, text: str) -> Architecture:
        return width_of(int(text))

    def format(self, architecture: Architecture) -> str:
        return str(_width(architecture))


def width_of(width: int) -> Architecture:
    nodes = (Node("input"), Node("linear"), Node("output"))
    return Architecture(nodes, ((0, 1), (1, 2)), (("width", float(width)),))


def _width(architecture: Architecture) -> int:
    return int(dict(architecture.settings)["width"])


def proposal(number: int, exact: Mapping[str, float] | None = None, round_number: int = 0) -> Proposal:
    return Proposal(
        architecture=width_of(number + 2),
        key=f"{number:020x}",
        notation=f"width {number + 2}",
        origin="random",
        exact=exact or {},
        predicted={},
        proxies={},
        funnel=Funnel(round_number, {"proposed": 1}),
    )
