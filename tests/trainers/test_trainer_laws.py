"""Laws of every trainer that the room holds."""

import math
import pickle

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from evonas.campaign.rooms import ROOMS
from evonas.core.objective import Training
from evonas.trainers.trainer import Trainer
from spaces.discovery import discover, summary

FOUND = discover(ROOMS["trainer"])
every_trainer = pytest.mark.parametrize("name", FOUND)

_RNG = torch.Generator().manual_seed(0)
TRAIN = torch.randn(96, 1, 4, 4, generator=_RNG), torch.arange(96) % 3
VALIDATION = torch.randn(30, 1, 4, 4, generator=_RNG), torch.arange(30) % 3


def network(seed: int = 0) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(16, 3))


def trained(trainer: Trainer, seed: int = 0) -> Training:
    training = trainer.train(network(), TRAIN, VALIDATION, seed)
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
    assert torch.equal(training.targets.cpu(), VALIDATION[1])
    assert torch.equal(training.inputs.cpu(), VALIDATION[0])


@every_trainer
def test_the_data_stay_as_they_are_whatever_objectives_do(name: str) -> None:
    copies = [tensor.clone() for tensor in (*TRAIN, *VALIDATION)]
    training = trained(FOUND[name](device="cpu"))
    training.inputs.requires_grad_(True)
    with torch.no_grad():
        training.inputs.add_(1.0)
        training.targets.zero_()
    assert not VALIDATION[0].requires_grad
    assert all(torch.equal(tensor, copy) for tensor, copy in zip((*TRAIN, *VALIDATION), copies, strict=True))


@every_trainer
def test_validation_data_are_never_trained_on(name: str) -> None:
    trainer = FOUND[name](device="cpu")
    other = torch.zeros_like(VALIDATION[0]), VALIDATION[1]
    training = trainer.train(network(), TRAIN, other, 0)
    assert isinstance(training, Training)
    mine, yours = weights(training), weights(trained(trainer, 0))
    assert all(torch.equal(mine[key], yours[key]) for key in mine)
