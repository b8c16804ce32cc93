"""Laws of every trainer that the room holds."""

import math
import pickle
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from evonas.campaign.reading.rooms import ROOMS
from evonas.core.objective import Training
from evonas.core.split import Split
from evonas.trainers.joint_trainer import JointTrainer
from evonas.trainers.trainer import Trainer
from spaces.discovery import discover, summary

FOUND = discover(ROOMS["trainer"])
every_trainer = pytest.mark.parametrize("name", FOUND)

_RNG = torch.Generator().manual_seed(0)


def split(count: int, regression: bool) -> Split:
    inputs = torch.randn(count, 1, 4, 4, generator=_RNG)
    return Split(inputs, torch.randn(count, 3, generator=_RNG) if regression else torch.arange(count) % 3)


DATA = {regression: (split(96, regression), split(30, regression)) for regression in (False, True)}


def network(seed: int = 0) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(16, 3))


def trained(trainer: Trainer, seed: int = 0, **changed: Any) -> Training:
    train, validation = DATA[trainer.regression]
    training = trainer.train(network(), train, changed.get("validation", validation), seed, changed.get("settings", {}))
    assert isinstance(training, Training), training
    return training


def weights(training: Training) -> dict[str, Tensor]:
    return {name: value.cpu() for name, value in training.model.state_dict().items()}


def same(left: Training, right: Training) -> bool:
    mine, yours = weights(left), weights(right)
    return all(torch.equal(mine[name], yours[name]) for name in mine) and left.metrics == right.metrics


def test_the_room_is_not_empty() -> None:
    assert "classifier" in FOUND


@every_trainer
def test_a_seed_gives_the_same_weights_bit_for_bit(name: str) -> None:
    assert summary(FOUND[name])
    trainer = FOUND[name](device="cpu")
    assert same(trained(trainer, 3), trained(trainer, 3))
    assert same(trained(trainer, 3), trained(pickle.loads(pickle.dumps(trainer)), 3))
    assert not same(trained(trainer, 3), trained(trainer, 4))


@every_trainer
def test_no_global_generator_is_read_or_written(name: str) -> None:
    trainer = FOUND[name](device="cpu")
    found = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        before = torch.get_rng_state(), np.random.get_state()[1].tolist()  # noqa: NPY002
        found.append(trained(trainer))
        assert torch.equal(torch.get_rng_state(), before[0])
        assert np.random.get_state()[1].tolist() == before[1]  # noqa: NPY002
    assert same(*found)


@every_trainer
def test_the_record_is_whole(name: str) -> None:
    trainer = FOUND[name]()
    training = trained(trainer)
    assert training.epochs == trainer.epochs == len(training.curve)
    assert {"validation_error", "validation_loss", "train_loss"} <= set(training.metrics)
    assert all(math.isfinite(value) for value in training.metrics.values())
    assert all(math.isfinite(value) for epoch in training.curve for value in epoch.values())
    assert training.curve[-1]["validation_error"] == training.validation_error
    assert training.seconds > 0
    assert not any(module.training for module in training.model.modules())
    validation = DATA[trainer.regression][1]
    assert torch.equal(training.targets.cpu(), validation.targets)
    assert torch.equal(training.inputs.cpu(), validation.inputs)


@every_trainer
def test_the_data_stay_as_they_are_whatever_objectives_do(name: str) -> None:
    trainer = FOUND[name](device="cpu")
    tensors = [tensor for part in DATA[trainer.regression] for tensor in (part.inputs, part.targets)]
    copies = [tensor.clone() for tensor in tensors]
    training = trained(trainer)
    training.inputs.requires_grad_(True)
    with torch.no_grad():
        training.inputs.add_(1.0)
        training.targets.zero_()
    assert not any(tensor.requires_grad for tensor in tensors)
    assert all(torch.equal(tensor, copy) for tensor, copy in zip(tensors, copies, strict=True))


@every_trainer
def test_validation_data_are_never_trained_on(name: str) -> None:
    trainer = FOUND[name](device="cpu")
    held = DATA[trainer.regression][1]
    training = trained(trainer, validation=Split(torch.zeros_like(held.inputs), held.targets))
    mine, yours = weights(training), weights(trained(trainer))
    assert all(torch.equal(mine[key], yours[key]) for key in mine)


@every_trainer
def test_an_architectures_recipe_stands_in_place_of_the_trainers_own(name: str) -> None:
    own = FOUND[name](device="cpu", epochs=2, learning_rate=0.01, weight_decay=0.1)
    other = FOUND[name](device="cpu")
    searched = {"epochs": 2.0, "learning_rate": 0.01, "weight_decay": 0.1, "embed_dim": 7.0}
    training = trained(other, settings=searched)
    assert same(training, trained(own))
    assert training.epochs == 2
    assert not same(training, trained(other))
    with pytest.raises(ValueError, match=r"sets augmentation=0\.5, .* give the trainer crop, flip or cutout"):
        trained(other, settings={"augmentation": 0.5})
    with pytest.raises(ValueError, match="learning_rate must be positive and finite; got 0"):
        trained(other, settings={"learning_rate": 0.0})


class Greedy(nn.Module):
    """Runs out of memory on more than 20 examples."""

    def __init__(self, fails_at: int) -> None:
        super().__init__()
        self.inner = network()
        self.fails_at, self.calls = fails_at, 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        if len(x) > 20 and self.training and self.calls >= self.fails_at:
            raise torch.OutOfMemoryError("CUDA out of memory")
        outputs: Tensor = self.inner(x)
        return outputs


@every_trainer
def test_half_the_batch_where_memory_runs_out_and_the_campaign_allows(name: str) -> None:
    small = trained(FOUND[name](device="cpu", epochs=2, batch_size=16))
    greedy = FOUND[name](device="cpu", epochs=2, batch_size=64, halve_batch=True)
    train, validation = DATA[greedy.regression]
    training = greedy.train(Greedy(fails_at=2), train, validation, 0)
    assert isinstance(training, Training), training
    assert {key: value for key, value in training.metrics.items() if key != "batch_size"} == small.metrics
    assert training.curve[-1]["batch_size"] == training.metrics["batch_size"] == 16
    with pytest.raises(torch.OutOfMemoryError, match="out of memory"):
        FOUND[name](device="cpu", batch_size=64).train(Greedy(fails_at=1), train, validation, 0)


@pytest.mark.parametrize("name", [name for name in FOUND if issubclass(FOUND[name], JointTrainer)])
def test_together_each_is_trained_as_alone_by_its_own_settings(name: str) -> None:
    trainer = FOUND[name](device="cpu", epochs=2)
    train, validation = (Split(each.inputs.double(), each.targets) for each in DATA[trainer.regression])
    if trainer.regression:
        train, validation = (Split(each.inputs, each.targets.double()) for each in (train, validation))
    settings = [{"learning_rate": 0.02}, {}, {"learning_rate": 0.02}, {}]
    alone = [trainer.train(network(seed).double(), train, validation, seed, own) for seed, own in enumerate(settings)]
    models = [network(seed).double() for seed in range(4)]
    together = dict(trainer.train_together(models, train, validation, range(4), settings))
    assert set(together) == {0, 1, 2, 3}
    for number, one in enumerate(alone):
        other = together[number]
        assert isinstance(one, Training)
        assert isinstance(other, Training)
        assert other.metrics["packed"] == 2
        assert all(
            torch.allclose(value, weights(one)[key], rtol=0, atol=1e-12) for key, value in weights(other).items()
        )
        assert other.metrics["validation_loss"] == pytest.approx(one.metrics["validation_loss"], abs=1e-12)
