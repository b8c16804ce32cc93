"""Records made by hand: nothing is trained here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from evonas.core.archive import Archive, Estimate, Funnel, Proposal
from evonas.core.evaluation import Evaluation
from evonas.core.failure import Failure
from evonas.core.objective import Objective, Subject
from evonas.core.record import Record
from spaces.architecture import Architecture, Node
from spaces.space import Cost, Space


class Chains(Space):
    """Chains of one to many operations: enough to be drawn and named."""

    ops = ("input", "<conv & 'pool'>", "output")
    attributes = ()
    input_shape = (1, 8, 8)
    classes = 10
    size = 12345

    def sample(self, rng: np.random.Generator) -> Architecture:
        raise NotImplementedError

    def mutate(self, architecture: Architecture, rng: np.random.Generator) -> Architecture:
        raise NotImplementedError

    def crossover(self, left: Architecture, right: Architecture, rng: np.random.Generator) -> Architecture:
        raise NotImplementedError

    def neighbours(self, architecture: Architecture) -> Iterator[Architecture]:
        raise NotImplementedError

    def check(self, architecture: Architecture) -> None:
        raise NotImplementedError

    def simplify(self, architecture: Architecture) -> Architecture:
        return architecture

    def cost(self, architecture: Architecture) -> Cost:
        raise NotImplementedError

    def build(self, architecture: Architecture) -> Any:
        raise NotImplementedError

    def parse(self, text: str) -> Architecture:
        raise NotImplementedError

    def format(self, architecture: Architecture) -> str:
        raise NotImplementedError


class Named(Objective):
    """An objective that is only a name."""

    def __init__(self, name: str, needs: Any = "architecture", goal: Any = "min", unit: str = "") -> None:
        self.name, self.needs, self.goal, self.unit = name, needs, goal, unit

    def measure(self, subject: Subject) -> float:
        raise NotImplementedError


def chain(length: int) -> Architecture:
    nodes = (Node("input"), *[Node(Chains.ops[1])] * length, Node("output"))
    return Architecture(nodes, tuple((i, i + 1) for i in range(len(nodes) - 1)))


class Campaign:
    """Builds an archive trial by trial, and the record of it."""

    def __init__(self, *objectives: Objective, name: str = "by hand") -> None:
        self.name = name
        self.archive = Archive(objectives)
        self.elapsed: dict[int, float] = {}
        self.retrainings: dict[int, Sequence[Evaluation]] = {}
        self.stages: dict[str, float] = {}
        self.manifest: dict[str, Any] = {
            "campaign": {"name": name, "space": {"name": "chains"}, "seed": 7},
            "versions": {"evonas": "0.1.0", "python": "3.11"},
            "machine": {"cores": 2},
            "created": "2025-01-02T03:04:05+00:00",
        }

    def add(
        self,
        values: Mapping[str, float] | None = None,
        round_number: int = 0,
        origin: Any = "random",
        predicted: Mapping[str, tuple[float, float]] | None = None,
        failure: Failure | None = None,
        seconds: float = 1.0,
        counts: Mapping[str, int] | None = None,
        notes: tuple[str, ...] = (),
        notation: str | None = None,
    ) -> int:
        """Adds a trial: trained with ``values``, failed with ``failure``, else pending. Predictions are minimised."""
        number = len(self.archive)
        needs_training = {one.name for one in self.archive.objectives if one.needs == "training"}
        known = dict(values or {})
        self.archive.propose(
            Proposal(
                architecture=chain(1 + number % 5),
                key=f"{number:020x}",
                notation=notation if notation is not None else f"chain {number}",
                origin=origin,
                exact={name: value for name, value in known.items() if name not in needs_training},
                predicted={name: Estimate(*pair) for name, pair in (predicted or {}).items()},
                proxies={"synflow": 12.5},
                funnel=Funnel(round_number, counts or {"drawn": 20, "proposed": 2}, {}, notes),
            )
        )
        if failure is not None:
            self.archive.record(number, Evaluation({}, seconds, failure))
        elif values is not None:
            trained = {name: value for name, value in known.items() if name in needs_training}
            self.archive.record(number, Evaluation(trained, seconds, epochs=15))
        if failure is not None or values is not None:
            self.elapsed[number] = max(self.elapsed.values(), default=0.0) + seconds
        return number

    def record(self) -> Record:
        sessions = [len(self.elapsed)]
        return Record(
            self.name,
            Chains(),
            self.archive,
            self.manifest,
            self.elapsed,
            self.retrainings,
            self.stages,
            sessions,
        )


ERROR = Named("validation_error", "training")
MACS = Named("macs", unit="MAC")
PARAMETERS = Named("parameters")


@pytest.fixture
def campaign() -> Callable[..., Campaign]:
    """An empty campaign of the objectives given; validation error and MACs where none are."""

    def make(*objectives: Objective, name: str = "by hand") -> Campaign:
        return Campaign(*(objectives or (ERROR, MACS)), name=name)

    return make


@pytest.fixture
def objective() -> type[Named]:
    """Makes objectives: ``objective("accuracy", "training", "max", "%")``."""
    return Named


@pytest.fixture
def searched(campaign: Callable[..., Campaign]) -> Campaign:
    """A realistic campaign: 64 trials of three objectives in eight rounds, with a predictor from the second on."""
    made = campaign(ERROR, MACS, PARAMETERS, name="digits")
    rng = np.random.default_rng(5)
    for number in range(64):
        round_number = number // 8
        drawn = round_number == 0 or number % 8 < 2
        macs = float(round(10 ** rng.uniform(4, 6.2)))
        error = float(0.02 + 0.25 * rng.random() ** (1 if drawn else 2.2) + 0.05 * np.exp(-macs / 2e5))
        guess = {} if round_number == 0 else {"validation_error": (error + rng.normal(0, 0.03), 0.03)}
        counts = {"drawn": 2000, "distinct": 1400, "feasible": 1100, "proposed": 8}
        if round_number:
            counts = {
                "drawn": 2000,
                "distinct": 1400,
                "feasible": 1100,
                "predicted": 1100,
                "proxied": 50,
                "proposed": 8,
            }
        failure = (
            Failure("divergence", "the loss became nan in epoch 3; lower the learning rate")
            if number % 17 == 9
            else None
        )
        made.add(
            {"validation_error": error, "macs": macs, "parameters": float(round(macs / 40 + 300 * rng.random()))},
            round_number,
            "random" if drawn else "screened",
            guess,
            failure,
            seconds=float(rng.uniform(0.3, 0.7)),
            counts=counts,
            notes=("proxy synflow could not be computed for 2 candidates",) if round_number == 3 else (),
            notation=f"|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|nor_conv_1x1~1|none~2| c{number}",
        )
    made.stages = {"start workers": 2.1, "propose": 4.2, "wait": 17.4, "journal": 0.3, "retrain front": 9.7}
    for trial in made.archive.front():
        base = trial.values["validation_error"]
        made.retrainings[trial.number] = [
            Evaluation({"test_error": base + 0.01 + rng.normal(0, 0.006), "validation_error": base + 0.005}, 1.0)
            for _ in range(3)
        ]
    return made
