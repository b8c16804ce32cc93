"""What trainings cost: the trainer beside loops written by hand, and candidates an hour on a GPU."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from evonas.benchmarks.progress_line import tracked
from evonas.core.failure import Failure
from evonas.core.split import Split
from evonas.datasets.dataset import Splits
from evonas.datasets.digits import Digits
from evonas.trainers.classifier import Classifier
from spaces.cell201 import Cell201
from surrogates.threads import one_torch_thread

Way = Callable[[nn.Module, Splits, Classifier], None]

IMAGES = 50_000  # CIFAR's training images
GPU_BATCH = 256
DEPTHS = (1, 5)
"""Cells a stage of the NAS-Bench-201 networks that are measured."""


def measure_training(candidates: int, repeats: int, epochs: int) -> list[dict[str, Any]]:
    """Trains sampled candidates of the shipped demo in three ways, in turn, on one thread.

    ``trainer`` is the classifier. ``bare`` is the same training written by hand: resident batches, channels last, the
    optimiser unfused. ``plain`` is PyTorch's usual eager loop: a ``DataLoader`` and the default memory format. Seconds
    are of the processor, the least of the repetitions for each candidate and way, summed over the candidates.

    Returns:
        A row for each way: ``candidates_per_hour`` of one thread; ``seconds_over_trainer``, its seconds over the
        trainer's; where there is a CUDA device also the rows of ``measure_gpu``.
    """
    space = Cell201(skeleton="compact", channels=(4, 8, 16), input_shape=(1, 8, 8))
    rng = np.random.default_rng(0)
    architectures = [space.simplify(space.sample(rng)) for _ in range(candidates)]
    splits = Digits().load()
    trainer = Classifier(epochs=epochs, device="cpu")
    ways: dict[str, Way] = {"trainer": _by_trainer, "bare": _bare, "plain": _plain}
    least: dict[str, list[float]] = {name: [np.inf] * candidates for name in ways}
    with one_torch_thread(), torch.random.fork_rng(devices=[]):
        for repeat in tracked(range(-1, repeats)):  # the first warms up: libraries keep what they make for a shape
            for place, architecture in enumerate(architectures):
                for name in np.roll(list(ways), place + repeat).tolist():
                    torch.default_generator.manual_seed(place)
                    model = space.build(architecture)
                    started = time.process_time()
                    ways[name](model, splits, trainer)
                    seconds = time.process_time() - started
                    if repeat >= 0:
                        least[name][place] = min(least[name][place], seconds)
    base = sum(least["trainer"])
    rows = [
        {
            "device": "cpu",
            "way": name,
            "candidates_per_hour": 3600 * candidates / sum(seconds),
            "seconds_over_trainer": sum(seconds) / base,
            "epochs": epochs,
        }
        for name, seconds in least.items()
    ]
    return [*rows, *(measure_gpu(max(2, candidates // 4)) if torch.cuda.is_available() else [])]


def measure_gpu(candidates: int, depths: Sequence[int] = DEPTHS) -> list[dict[str, Any]]:
    """Candidates of NAS-Bench-201 an hour on the first CUDA device, one at a time, eager, an epoch of training each.

    The skeleton has 16 channels and ``depths`` cells a stage; data are 50,000 images of 32x32 random pixels, resident.

    Returns:
        A row for each skeleton, as ``measure_training`` gives them.
    """
    splits = random_pixels()
    trainer = Classifier(epochs=1, batch_size=GPU_BATCH, device="cuda:0")
    rows = []
    for cells in depths:
        space = Cell201(cells=cells, channels=16, input_shape=(3, 32, 32))
        rng = np.random.default_rng(0)
        architectures = [space.simplify(space.sample(rng)) for _ in range(candidates)]
        _by_trainer(space.build(architectures[0]), splits, trainer)
        torch.cuda.synchronize()
        started = time.perf_counter()
        for architecture in architectures:
            _by_trainer(space.build(architecture), splits, trainer)
        torch.cuda.synchronize()
        rows.append(
            {
                "device": torch.cuda.get_device_name(0),
                "way": f"trainer, N={cells}, one at a time",
                "candidates_per_hour": 3600 * candidates / (time.perf_counter() - started),
                "seconds_over_trainer": 1.0,
                "epochs": 1,
            }
        )
    return rows


@cache
def random_pixels() -> Splits:
    """Images as CIFAR has them, but random: the same work. Made once, for nobody writes to them."""
    rng = torch.Generator().manual_seed(0)
    mean, deviation = torch.full((3, 1, 1), 127.5), torch.full((3, 1, 1), 73.9)

    def split(count: int) -> Split:
        pixels = torch.randint(256, (count, 3, 32, 32), dtype=torch.uint8, generator=rng)
        return Split(pixels, torch.randint(10, (count,), generator=rng), mean, deviation)

    return Splits(split(IMAGES), split(1000), split(1000))


def _by_trainer(model: nn.Module, splits: Splits, trainer: Classifier) -> None:
    outcome = trainer.train(model, splits.train, splits.validation, seed=0)
    if isinstance(outcome, Failure):
        raise RuntimeError(f"a training failed: {outcome}")


def _bare(model: nn.Module, splits: Splits, trainer: Classifier) -> None:
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    inputs = splits.train.inputs.contiguous(memory_format=torch.channels_last)
    targets, size = splits.train.targets, trainer.recipe.batch_size
    steps = len(targets) // size
    optimiser, schedule = _optimiser(model, trainer, steps)
    order = torch.Generator().manual_seed(0)
    for _ in range(trainer.epochs):
        for rows in torch.split(torch.randperm(len(targets), generator=order)[: steps * size], size):
            _step(model, inputs[rows], targets[rows], optimiser, schedule)
    _validate(model, splits.validation.inputs.contiguous(memory_format=torch.channels_last), splits.validation.targets)


def _plain(model: nn.Module, splits: Splits, trainer: Classifier) -> None:
    from torch.utils.data import DataLoader, TensorDataset

    examples = TensorDataset(splits.train.inputs, splits.train.targets)
    order = torch.Generator().manual_seed(0)
    loader = DataLoader(examples, trainer.recipe.batch_size, shuffle=True, drop_last=True, generator=order)
    optimiser, schedule = _optimiser(model, trainer, len(loader))
    for _ in range(trainer.epochs):
        for inputs, targets in loader:
            _step(model, inputs, targets, optimiser, schedule)
    _validate(model, splits.validation.inputs, splits.validation.targets)


def _optimiser(model: nn.Module, trainer: Classifier, steps: int) -> tuple[torch.optim.SGD, Any]:
    recipe = trainer.recipe
    optimiser = torch.optim.SGD(
        model.parameters(), recipe.learning_rate, recipe.momentum, weight_decay=recipe.weight_decay, nesterov=True
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, recipe.learning_rate, total_steps=trainer.epochs * steps, cycle_momentum=False
    )
    return optimiser, schedule


def _step(model: nn.Module, inputs: Tensor, targets: Tensor, optimiser: torch.optim.SGD, schedule: Any) -> None:
    model.train()
    loss = cross_entropy(model(inputs), targets)
    optimiser.zero_grad()
    torch.autograd.backward(loss)
    optimiser.step()
    schedule.step()


def _validate(model: nn.Module, inputs: Tensor, targets: Tensor) -> None:
    model.eval()
    with torch.inference_mode():
        (model(inputs).argmax(dim=1) != targets).float().mean().item()
