"""Training together is training alone."""

import copy
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from evonas.core.failure import Failure
from evonas.core.objective import Training
from evonas.core.split import Split
from evonas.core.stop import Stop
from evonas.core.stopping import StoppingRule
from evonas.datasets.digits import Digits
from evonas.packing import CapturedStep, peak_bytes
from evonas.trainers._descent import descend
from evonas.trainers._packed_descent import descend_together
from evonas.trainers._recipe import Recipe
from evonas.trainers._running_average import RunningAverage
from spaces.cell201 import Cell201

RECIPE = Recipe(
    title="classifier",
    epochs=2,
    batch_size=32,
    learning_rate=0.05,
    momentum=0.9,
    weight_decay=5e-4,
    optimiser="sgd",
    schedule="one_cycle",
    precision="float32",
    ema=0.0,
    clip=1.0,
    halve_batch=False,
    device="cpu",
)
SPACE = Cell201(skeleton="compact", channels=4, input_shape=(1, 8, 8))


def networks(count: int) -> list[nn.Module]:
    rng = np.random.default_rng(0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return [SPACE.build(SPACE.simplify(SPACE.sample(rng))).double() for _ in range(count)]


def examples(count: int) -> tuple[Split, Split]:
    splits = Digits().load()
    train, validation = (split.first(count) for split in (splits.train, splits.validation))
    return tuple(Split(split.ready(split.inputs).double(), split.targets) for split in (train, validation))  # type: ignore[return-value]


def trained_together(
    models: list[nn.Module],
    train: Split,
    validation: Split,
    recipes: list[Recipe],
    stopping: Sequence[StoppingRule | None] = (),
) -> dict[int, Training | Failure | Stop]:
    return dict(descend_together(models, train, validation, recipes, range(len(models)), stopping))


def the_same(one: Training | Failure | Stop, other: Training | Failure | Stop | None, tolerance: float = 1e-12) -> None:
    assert isinstance(one, Training)
    assert isinstance(other, Training)
    for name, value in one.model.state_dict().items():
        assert torch.allclose(other.model.state_dict()[name], value, rtol=0, atol=tolerance), name


@pytest.mark.parametrize(
    ("changes", "tolerance"),
    # Where a gradient is nought, AdamW divides its rounding by its rounding.
    [
        ({}, 1e-12),
        ({"ema": 0.8, "mixup": 0.4, "flip": True, "cutout": 2, "halve_batch": True}, 1e-12),
        ({"optimiser": "adamw", "crop": 1, "label_smoothing": 0.1, "mixup": 1.0}, 1e-6),
    ],
)
def test_the_outcomes_are_those_of_one_at_a_time(changes: dict[str, object], tolerance: float) -> None:
    recipe = replace(RECIPE, **changes)  # type: ignore[arg-type]
    train, validation = examples(200)
    models = networks(3)
    alone = [descend(model, train, validation, recipe, seed) for seed, model in enumerate(copy.deepcopy(models))]
    together = trained_together(models, train, validation, [recipe] * 3)
    assert set(together) == {0, 1, 2}
    for number, one in enumerate(alone):
        other = together[number]
        assert isinstance(one, Training)
        assert isinstance(other, Training)
        metrics = {**one.metrics, "packed": 3.0}
        assert dict(other.metrics) == pytest.approx(metrics, abs=1e-6)  # the mean loss is kept in float32
        assert [*other.curve[-1]] == [*one.curve[-1], "packed"]
        assert other.epochs == one.epochs == 2
        the_same(one, other, tolerance)


def test_networks_of_one_recipe_train_together_and_each_by_its_own() -> None:
    train, validation = examples(100)
    models = networks(5)
    slow = replace(RECIPE, learning_rate=0.01)
    recipes = [RECIPE, slow, RECIPE, slow, replace(RECIPE, epochs=1)]
    expected = descend(copy.deepcopy(models[3]), train, validation, slow, seed=3)
    together = trained_together(models, train, validation, recipes)
    assert set(together) == {0, 1, 2, 3}, "the last has nothing to be packed with"
    the_same(expected, together[3])
    assert isinstance(together[3], Training)
    assert together[3].metrics["packed"] == 2


class Impatient(StoppingRule):
    """Gives up after an epoch."""

    def verdict(self, losses: Sequence[float]) -> str:
        return "as scripted" if len(losses) == 1 else ""


@pytest.mark.parametrize("changes", [{}, {"optimiser": "adamw", "ema": 0.7, "mixup": 0.5, "crop": 1}])
def test_one_that_is_given_up_leaves_its_pack_and_the_others_go_on_with_all_that_is_theirs(
    changes: dict[str, object],
) -> None:
    train, validation = examples(100)
    recipe = replace(RECIPE, epochs=3, **changes)  # type: ignore[arg-type]
    models = [*networks(3), unpackable_layer()]
    rules = [None, Impatient({}, np.zeros((0, 1))), None, None]
    alone = [
        descend(model, train, validation, recipe, seed, rules[seed]) for seed, model in enumerate(copy.deepcopy(models))
    ]
    together = trained_together(models, train, validation, [recipe] * 4, rules)
    assert isinstance(alone[1], Stop)
    assert isinstance(together[1], Stop)
    assert together[1].losses == pytest.approx(alone[1].losses, abs=1e-6)
    assert (together[1].full_epochs, together[1].message) == (3, "as scripted")
    for number in (0, 2, 3):
        the_same(alone[number], together[number], 1e-6 if recipe.optimiser == "adamw" else 1e-12)


def unpackable_layer() -> nn.Module:
    """A network with a layer that runs alone in a pack: it has weights and statistics in it, of no dimension, too."""

    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.tensor(0.5, dtype=torch.float64))
            self.statistics = nn.BatchNorm2d(1).double()
            self.register_forward_hook(lambda module, given, result: result * 1.0)

        def forward(self, x: Tensor) -> Tensor:
            return self.statistics(x) * self.scale

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return nn.Sequential(Own(), nn.Flatten(), nn.Linear(64, 10, dtype=torch.float64))


def test_one_that_diverges_is_a_failure_and_the_others_train_on() -> None:
    train, validation = examples(100)
    models = networks(3)
    with torch.no_grad():
        next(models[1].parameters()).fill_(float("nan"))
    expected = descend(copy.deepcopy(models[2]), train, validation, RECIPE, seed=2)
    together = trained_together(models, train, validation, [RECIPE] * 3)
    assert isinstance(together[1], Failure)
    assert together[1].kind == "divergence"
    assert "became nan in epoch 1 of 2" in together[1].message
    the_same(expected, together[2])


def test_what_cannot_be_packed_is_left_out_and_the_others_train_together() -> None:
    models = networks(4)
    for unpackable in (0, 2):
        models[unpackable] = nn.Sequential(models[unpackable], nn.Dropout(0.5))
    train, validation = examples(64)
    together = trained_together(models, train, validation, [RECIPE] * 4)
    assert set(together) == {1, 3}
    assert all(isinstance(one, Training) and one.metrics["packed"] == 2 for one in together.values())


def test_a_dry_step_without_memory_leaves_everything_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    train, validation = examples(64)
    models = [unpackable_layer(), unpackable_layer()]
    before = copy.deepcopy([model.state_dict() for model in models])

    def scarce(average: RunningAverage, model: nn.Module) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(RunningAverage, "update", scarce)
    assert trained_together(models, train, validation, [replace(RECIPE, ema=0.5)] * 2) == {}
    for model, was in zip(models, before, strict=True):
        assert all(torch.equal(value, was[name]) for name, value in model.state_dict().items())
        assert all(parameter.grad is None for parameter in model.parameters())


def test_packs_are_as_large_as_the_measured_memory_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    train, validation = examples(64)
    models = networks(4)
    found: dict[tuple[int, ...], int] = {}

    def measured(step: object, device: torch.device) -> int:
        found[len(found),] = peak_bytes(step, device)  # type: ignore[arg-type]
        return found[len(found) - 1,]

    monkeypatch.setattr("evonas.trainers._packed_descent.peak_bytes", measured)
    trained_together(networks(4), train, validation, [RECIPE] * 4)
    all_four = next(iter(found.values()))
    monkeypatch.setattr("evonas.trainers._packed_descent.free_bytes", lambda device: all_four)  # of which 0.8 are taken
    together = trained_together(models, train, validation, [RECIPE] * 4)
    sizes = [one.metrics["packed"] for one in together.values() if isinstance(one, Training)]
    assert 0 < len(sizes) <= 4
    assert max(sizes) < 4


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device; this machine has none")
@pytest.mark.parametrize(
    "changes", [{}, {"optimiser": "adamw"}, {"schedule": "cosine", "crop": 1}, {"device": "cuda"}, {"device": "auto"}]
)
def test_on_a_gpu_the_outcomes_are_those_of_the_processor(changes: dict[str, object]) -> None:
    train, validation = examples(200)
    models = networks(3)
    recipe = replace(RECIPE, **{"device": "cuda:0", "crop": 0, **changes})  # type: ignore[arg-type]
    plain = replace(recipe, device="cpu") if not recipe.crop else recipe  # a GPU's generator draws other numbers
    alone = [descend(model, train, validation, plain, seed) for seed, model in enumerate(copy.deepcopy(models))]
    together = trained_together(models, train, validation, [recipe] * 3)
    assert set(together) == {0, 1, 2}
    for number, one in enumerate(alone):
        other = together[number]
        assert isinstance(one, Training)
        assert isinstance(other, Training)
        assert other.metrics["validation_loss"] == pytest.approx(one.metrics["validation_loss"], abs=1e-4)
        assert "pack_peak_memory_mb" in other.metrics


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device; this machine has none")
@pytest.mark.filterwarnings("ignore:Synchronization debug mode is a prototype")
def test_no_step_waits_for_the_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    train, validation = examples(200)
    steps = []

    def watched(captured: CapturedStep, *batch: Tensor) -> Tensor:
        torch.cuda.set_sync_debug_mode("error")
        try:
            steps.append(1)
            return original(captured, *batch)
        finally:
            torch.cuda.set_sync_debug_mode("default")

    original = CapturedStep._on_cuda
    monkeypatch.setattr(CapturedStep, "_on_cuda", watched)
    assert len(trained_together(networks(2), train, validation, [replace(RECIPE, device="cuda:0")] * 2)) == 2
    assert len(steps) > 4
