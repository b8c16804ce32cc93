"""Any callable is an objective: what it is given is read off its parameters' names."""

import functools
from collections.abc import Callable
from typing import Any

import cloudpickle
import numpy as np
import pytest
import torch

from evonas.core.failure import Failure
from evonas.core.objective import Subject, Training, measured
from evonas.objectives.function import Function
from spaces.cell201 import Cell201

SPACE = Cell201(skeleton="compact", channels=4, input_shape=(1, 8, 8))
ARCHITECTURE = SPACE.simplify(SPACE.sample(np.random.default_rng(0)))
BUILT, FITTED = torch.nn.Linear(3, 2), torch.nn.Linear(4, 2)
TRAINING = Training(FITTED, {"validation_error": 0.5}, torch.zeros(2, 3), torch.zeros(2), 1, 0.5)
AT_ONCE = Subject(ARCHITECTURE, SPACE)
UNTRAINED = Subject(ARCHITECTURE, SPACE, built=BUILT)
TRAINED = Subject(ARCHITECTURE, SPACE, trained=TRAINING)


def given(seen: list[Any]) -> Callable[..., float]:
    """Notes what it is called with."""

    def note(*values: Any) -> float:
        seen.extend(values)
        return 1.0

    return note


@pytest.mark.parametrize(
    ("make", "needs", "subject", "received"),
    [
        (lambda f: lambda architecture: f(architecture), "architecture", AT_ONCE, [ARCHITECTURE]),
        (lambda f: lambda space: f(space), "architecture", AT_ONCE, [SPACE]),
        (lambda f: lambda cost: f(cost), "architecture", AT_ONCE, [SPACE.cost(ARCHITECTURE)]),
        (lambda f: lambda model: f(model), "model", UNTRAINED, [BUILT]),
        (lambda f: lambda training: f(training), "training", TRAINED, [TRAINING]),
        (lambda f: lambda model, cost: f(model, cost), "model", UNTRAINED, [BUILT, SPACE.cost(ARCHITECTURE)]),
        (lambda f: lambda cost, training: f(cost, training), "training", TRAINED, [SPACE.cost(ARCHITECTURE), TRAINING]),
        (lambda f: lambda training, model: f(training, model), "training", TRAINED, [TRAINING, FITTED]),
        (lambda f: lambda space, architecture: f(space, architecture), "architecture", AT_ONCE, [SPACE, ARCHITECTURE]),
        (lambda f: lambda genes: f(genes), "architecture", AT_ONCE, [ARCHITECTURE]),
        (lambda f: lambda model, scale=2: f(model, scale), "model", UNTRAINED, [BUILT, 2]),
        (lambda f: lambda cost, model=None: f(cost, model), "architecture", AT_ONCE, [SPACE.cost(ARCHITECTURE), None]),
        (lambda f: lambda cost, *rest, **more: f(cost, rest, more), "architecture", AT_ONCE, None),
        (lambda f: lambda *, model, cost: f(model, cost), "model", UNTRAINED, [BUILT, SPACE.cost(ARCHITECTURE)]),
        (lambda f: lambda *, genes: f(genes), "architecture", AT_ONCE, [ARCHITECTURE]),
        (lambda f: lambda model, /, *, space: f(model, space), "model", UNTRAINED, [BUILT, SPACE]),
    ],
)
def test_parameters_receive_what_their_names_say(
    make: Callable[..., Callable[..., float]], needs: str, subject: Subject, received: list[Any] | None
) -> None:
    seen: list[Any] = []
    objective = Function(make(given(seen)))
    assert objective.needs == needs
    assert objective.measure(subject) == 1.0
    if received is not None:
        assert len(seen) == len(received)
        assert all(one is other or one == other for one, other in zip(seen, received, strict=True))
    else:
        assert seen == [SPACE.cost(ARCHITECTURE), (), {}]


@pytest.mark.parametrize(
    ("needs", "subject", "received"),
    [("architecture", AT_ONCE, ARCHITECTURE), ("model", UNTRAINED, BUILT), ("training", TRAINED, TRAINING)],
)
def test_one_parameter_of_another_name_receives_what_needs_says(needs: Any, subject: Subject, received: Any) -> None:
    seen: list[Any] = []
    objective = Function(lambda thing: given(seen)(thing), needs=needs)
    assert (objective.needs, objective.measure(subject)) == (needs, 1.0)
    assert seen[0] is received


def test_a_dearer_need_may_be_said_than_is_asked_for() -> None:
    objective = Function(lambda model: float(model is FITTED), needs="training")
    assert objective.needs == "training"
    assert objective.measure(Subject(ARCHITECTURE, SPACE, built=BUILT, trained=TRAINING)) == 1.0


class Scaled:
    """A callable object, with a method that is one as well."""

    def __init__(self, scale: float) -> None:
        self.scale = scale

    def __call__(self, cost: Any) -> float:
        return cost.macs / self.scale

    def parameters(self, cost: Any) -> float:
        return cost.parameters / self.scale

    @staticmethod
    def weights(model: Any) -> float:
        return float(sum(parameter.numel() for parameter in model.parameters()))


def scaled_macs(scale: float, cost: Any) -> float:
    return cost.macs / scale


COST = SPACE.cost(ARCHITECTURE)


@pytest.mark.parametrize(
    ("function", "name", "needs", "subject", "expected"),
    [
        (Scaled(1000.0), "Scaled", "architecture", AT_ONCE, COST.macs / 1000),
        (Scaled(10.0).parameters, "parameters", "architecture", AT_ONCE, COST.parameters / 10),
        (Scaled.weights, "weights", "model", UNTRAINED, 8.0),
        (functools.partial(scaled_macs, 10.0), "scaled_macs", "architecture", AT_ONCE, COST.macs / 10),
        (functools.partial(scaled_macs, scale=10.0), "scaled_macs", "architecture", AT_ONCE, COST.macs / 10),
        (functools.partial(functools.partial(scaled_macs), 5.0), "scaled_macs", "architecture", AT_ONCE, COST.macs / 5),
        (
            functools.partial(lambda scale, cost: cost.macs / scale, 2),
            "objective",
            "architecture",
            AT_ONCE,
            COST.macs / 2,
        ),
        (lambda cost: cost.macs, "objective", "architecture", AT_ONCE, COST.macs),
    ],
)
def test_every_kind_of_callable(function: Any, name: str, needs: str, subject: Subject, expected: float) -> None:
    objective = Function(function)
    assert (objective.name, objective.needs) == (name, needs)
    assert objective.measure(subject) == pytest.approx(expected)


@pytest.mark.parametrize(("needs", "subject"), [(None, AT_ONCE), ("training", TRAINED)])
def test_a_callable_without_a_signature_receives_what_needs_says(needs: Any, subject: Subject) -> None:
    class Unsigned:
        __signature__ = "none"

        def __call__(self, *values: Any) -> float:
            return float(values == ((TRAINING,) if needs == "training" else (ARCHITECTURE,)))

    assert Function(Unsigned(), needs=needs).measure(subject) == 1.0
    assert Function(max, needs=needs).needs == (needs or "architecture")


def test_names_goals_and_units() -> None:
    objective = Function(lambda cost: 1.0, "throughput", goal="max", unit="images/s")
    assert (objective.name, objective.goal, objective.unit) == ("throughput", "max", "images/s")
    plain = Function(lambda cost: 1.0)
    assert (plain.name, plain.goal, plain.unit) == ("objective", "min", "")


PARAMETERS = "its parameters may be architecture, space, cost, model, training"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"measure": 5}, "an objective is a callable or a component's name; got 5"),
        ({"measure": "macs"}, "an objective is a callable or a component's name; got 'macs'"),
        ({"measure": lambda cost: 1.0, "name": ""}, "an objective's name is a text that is not empty; got ''"),
        ({"measure": lambda cost: 1.0, "name": 3}, "an objective's name is a text that is not empty; got 3"),
        ({"measure": lambda cost: 1.0, "goal": "least"}, "'objective': goal must be one of min, max. Got 'least'"),
        (
            {"measure": lambda cost: 1.0, "needs": "nothing"},
            "'objective': needs must be one of architecture, model, training. Got 'nothing'",
        ),
        ({"measure": lambda: 1.0}, rf"objective 'objective': {PARAMETERS}. Got \(\)"),
        ({"measure": lambda *values: 1.0}, rf"{PARAMETERS}. Got \(\)"),
        ({"measure": lambda model=None: 1.0}, rf"{PARAMETERS}. Got \(\)"),
        ({"measure": lambda model, data: 1.0}, rf"{PARAMETERS}. Got \(model, data\)"),
        ({"measure": lambda left, right: 1.0, "needs": "model"}, rf"{PARAMETERS}. Got \(left, right\)"),
        ({"measure": lambda cost, *, data: 1.0}, rf"{PARAMETERS}. Got \(cost, data\)"),
        (
            {"measure": lambda model: 1.0, "needs": "architecture"},
            "objective 'objective' asks for 'model' but says needs='architecture'; say needs='model'",
        ),
        (
            {"measure": lambda cost, *, training: 1.0, "needs": "model"},
            "asks for 'training' but says needs='model'; say needs='training'",
        ),
    ],
)
def test_what_cannot_be_an_objective_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Function(**arguments)


def test_it_crosses_to_a_worker_with_its_closure() -> None:
    scale = 4.0
    copy = cloudpickle.loads(cloudpickle.dumps(Function(lambda cost: cost.macs / scale, "scaled")))
    assert (copy.name, copy.measure(AT_ONCE)) == ("scaled", COST.macs / 4)


def test_what_it_raises_or_returns_amiss_is_a_failure() -> None:
    failure = measured(Function(lambda cost: cost.no_such_figure), AT_ONCE)
    assert isinstance(failure, Failure)
    assert "objective 'objective' raised AttributeError" in failure.message
    failure = measured(Function(lambda cost: "many", "word"), AT_ONCE)
    assert isinstance(failure, Failure)
    assert "objective 'word' returned 'many' (str)" in failure.message
