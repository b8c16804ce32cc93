"""The classifier against loops written by hand."""

import inspect
import math
import pickle
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from evonas.core.failure import Failure
from evonas.core.objective import Training
from evonas.core.split import Split
from evonas.datasets.digits import Digits
from evonas.trainers.classifier import Classifier
from evonas.trainers.score import score
from spaces.cell201 import Cell201

SPACE = Cell201(skeleton="compact", channels=4, input_shape=(1, 8, 8))
CONVOLUTIONS = SPACE.parse("|nor_conv_3x3~0|+|skip_connect~0|nor_conv_1x1~1|+|avg_pool_3x3~0|none~1|nor_conv_3x3~2|")


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def digits() -> tuple[Split, Split]:
    splits = Digits(train=150).load()
    return splits.train, splits.validation


def cell(seed: int = 0) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return SPACE.build(SPACE.simplify(CONVOLUTIONS))


def perceptron(seed: int = 0) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(nn.Flatten(), nn.Linear(64, 12), nn.Tanh(), nn.Linear(12, 10))


def trained(trainer: Classifier, model: nn.Module, digits: Any, seed: int = 0) -> Training:
    training = trainer.train(model, *digits, seed)
    assert isinstance(training, Training), training
    return training


def batches(examples: int, batch_size: int, epochs: int, seed: int) -> list[list[Tensor]]:
    """Rows of every step of every epoch; what is left over at an epoch's end is not used."""
    order = torch.Generator().manual_seed(seed)
    found = []
    for _ in range(epochs):
        rows = torch.randperm(examples, generator=order)
        found.append([rows[start : start + batch_size] for start in range(0, examples - batch_size + 1, batch_size)])
    return found


@pytest.mark.parametrize("epochs", [1, 3])
def test_it_is_sgd_with_a_one_cycle_schedule(digits: Any, epochs: int) -> None:
    mine, reference = cell(), cell()
    training = trained(Classifier(epochs=epochs, device="cpu"), mine, digits, seed=5)

    reference.to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    inputs, targets = digits[0].inputs, digits[0].targets
    inputs = inputs.contiguous(memory_format=torch.channels_last)
    optimiser = torch.optim.SGD(
        reference.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4, nesterov=True, fused=True
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=0.1, epochs=epochs, steps_per_epoch=2, cycle_momentum=False
    )
    means = []
    for epoch in batches(150, 64, epochs, seed=5):
        losses = []
        for rows in epoch:
            loss = nn.functional.cross_entropy(reference(inputs[rows]), targets[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            losses.append(loss.item())
        means.append(sum(losses) / len(losses))

    for name, value in reference.state_dict().items():
        assert torch.equal(mine.state_dict()[name], value), name
    assert [point["train_loss"] for point in training.curve] == pytest.approx(means, rel=1e-6)


def one_cycle(step: int, steps: int, peak: float) -> float:
    """Smith and Topin's schedule with cosine annealing: up from peak/25 over 30 %, then down to peak/25e4."""

    def cosine(start: float, end: float, share: float) -> float:
        return end + (start - end) / 2 * (1 + math.cos(math.pi * share))

    top, last = 0.3 * steps - 1, steps - 1
    if step <= top:
        return cosine(peak / 25, peak, step / top)
    return cosine(peak, peak / 25e4, (step - top) / (last - top))


@pytest.mark.parametrize(
    ("momentum", "epochs", "batch_size", "weight_decay", "learning_rate"),
    [(0.9, 4, 32, 5e-4, 0.05), (0.5, 4, 32, 0.0, 0.05), (0.0, 4, 50, 1e-2, 0.1), (0.9, 2, 10, 5e-4, 0.01)],
)
def test_every_step_is_the_textbooks(
    digits: Any, momentum: float, epochs: int, batch_size: int, weight_decay: float, learning_rate: float
) -> None:
    mine, reference = perceptron(), perceptron().double()
    trained(Classifier(epochs, batch_size, learning_rate, momentum, weight_decay, "cpu"), mine, digits, seed=1)

    inputs, targets = digits[0].inputs.double(), digits[0].targets
    rows_by_step = [rows for epoch in batches(150, batch_size, epochs, seed=1) for rows in epoch]
    parameters = list(reference.parameters())
    velocities: list[Tensor | None] = [None] * len(parameters)
    for step, rows in enumerate(rows_by_step):
        logits = reference(inputs[rows])
        loss = (logits.logsumexp(dim=1) - logits[torch.arange(len(rows)), targets[rows]]).mean()
        rate = one_cycle(step, len(rows_by_step), learning_rate)
        for index, (parameter, slope) in enumerate(zip(parameters, torch.autograd.grad(loss, parameters), strict=True)):
            gradient = slope + weight_decay * parameter.detach()
            before = velocities[index]
            velocity = gradient if before is None else momentum * before + gradient
            velocities[index] = velocity
            with torch.no_grad():
                parameter -= rate * (gradient + momentum * velocity)
    for name, value in reference.state_dict().items():
        torch.testing.assert_close(mine.state_dict()[name].double(), value, rtol=1e-3, atol=1e-4, msg=name)


BASE: dict[str, Any] = {
    "epochs": 2,
    "batch_size": 32,
    "learning_rate": 0.1,
    "momentum": 0.9,
    "weight_decay": 5e-4,
    "optimiser": "sgd",
    "schedule": "one_cycle",
    "label_smoothing": 0.0,
    "mixup": 0.0,
    "crop": 1,
    "flip": False,
    "cutout": 0,
    "augmentation": 1.0,
    "ema": 0.0,
    "clip": 0.0,
    "precision": "auto",
}
OTHER: dict[str, Any] = {
    "epochs": 3,
    "batch_size": 33,
    "learning_rate": 0.2,
    "momentum": 0.8,
    "weight_decay": 5e-2,
    "optimiser": "adamw",
    "schedule": "cosine",
    "label_smoothing": 0.1,
    "mixup": 0.4,
    "crop": 2,
    "flip": True,
    "cutout": 3,
    "augmentation": 0.5,
    "ema": 0.5,
    "clip": 0.01,
    "precision": "bfloat16",
}


def test_no_hyperparameter_is_ignored(digits: Any) -> None:
    assert set(BASE) == set(OTHER) == set(inspect.signature(Classifier).parameters) - {"device", "halve_batch"}
    weights = {}
    for changed in (None, *BASE):
        arguments = BASE if changed is None else {**BASE, changed: OTHER[changed]}
        model = perceptron()
        trained(Classifier(**arguments, device="cpu"), model, digits)
        weights[changed] = torch.cat([value.flatten() for value in model.parameters()])
    for changed in BASE:
        assert not torch.allclose(weights[changed], weights[None], rtol=0, atol=1e-6), changed


def test_training_learns_digits() -> None:
    splits = Digits().load()
    model = Cell201(skeleton="compact", channels=8, input_shape=(1, 8, 8))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = model.build(
            model.simplify(
                model.parse(
                    "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"
                )
            )
        )
    _, untrained = score(network, splits.validation)
    training = trained(Classifier(), network, (splits.train, splits.validation))
    assert untrained > 0.6
    assert training.validation_error < 0.08
    assert training.curve[-1]["train_loss"] < training.curve[0]["train_loss"] / 5


def test_channels_last_is_a_layout_and_no_other_result(digits: Any) -> None:
    mine, reference = cell(), cell().train()
    trained(Classifier(epochs=1, batch_size=50, learning_rate=0.01, device="cpu"), mine, digits)
    assert mine[0][0].weight.is_contiguous(memory_format=torch.channels_last)  # type: ignore[index,union-attr]
    optimiser = torch.optim.SGD(reference.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4, nesterov=True)
    for step, rows in enumerate(batches(150, 50, 1, seed=0)[0]):
        optimiser.param_groups[0]["lr"] = one_cycle(step, 3, 0.01)
        optimiser.zero_grad()
        nn.functional.cross_entropy(reference(digits[0].inputs[rows]), digits[0].targets[rows]).backward()
        optimiser.step()
    for name, value in reference.state_dict().items():
        torch.testing.assert_close(mine.state_dict()[name], value, rtol=1e-3, atol=1e-4, msg=name)


def test_inputs_that_are_no_images_train_too() -> None:
    inputs, targets = torch.randn(20, 3, generator=torch.Generator().manual_seed(0)), torch.arange(20) % 2
    training = trained(Classifier(epochs=2, device="cpu"), nn.Linear(3, 2), (Split(inputs, targets),) * 2)
    assert training.epochs == 2


def test_a_batch_larger_than_the_data_is_all_the_data(digits: Any) -> None:
    large, whole = perceptron(), perceptron()
    trained(Classifier(epochs=2, batch_size=10**6, device="cpu"), large, digits)
    trained(Classifier(epochs=2, batch_size=150, device="cpu"), whole, digits)
    assert all(torch.equal(one, other) for one, other in zip(large.parameters(), whole.parameters(), strict=True))
    assert not torch.equal(next(large.parameters()), next(perceptron().parameters()))


def failed(trainer: Classifier, digits: Any) -> Failure:
    failure = trainer.train(perceptron(), *digits, 0)
    assert isinstance(failure, Failure), failure
    assert failure.kind == "divergence"
    return failure


def test_a_loss_that_leaves_the_numbers_is_a_divergence(digits: Any) -> None:
    class Cubic(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(64, 10)

        def forward(self, x: Tensor) -> Tensor:
            outputs: Tensor = self.linear(x.flatten(1))
            return outputs**3

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = Cubic()
    failure = Classifier(epochs=3, learning_rate=1e12, device="cpu").train(model, *digits, 0)
    assert isinstance(failure, Failure)
    assert failure.kind == "divergence"
    told = r"the training loss became (nan|inf) in epoch [123] of 3; a learning_rate below 1e\+12 may help"
    assert re.fullmatch(told, failure.message)


def test_training_data_that_are_infinite_are_a_divergence(digits: Any) -> None:
    broken = torch.where(torch.arange(150).view(-1, 1, 1, 1) == 7, math.inf, digits[0].inputs)
    failure = failed(Classifier(epochs=2, device="cpu"), (Split(broken, digits[0].targets), digits[1]))
    assert failure.message == "the training loss became nan in epoch 1 of 2; a learning_rate below 0.1 may help"


def test_validation_data_that_are_infinite_are_a_divergence(digits: Any) -> None:
    broken = Split(digits[1].inputs * math.inf, digits[1].targets)
    failure = failed(Classifier(epochs=2, device="cpu"), (digits[0], broken))
    assert failure.message == "the validation loss is nan after 2 epochs; a learning_rate below 0.1 may help"


@pytest.mark.parametrize(
    ("argument", "values", "rule"),
    [
        ("epochs", [0, -1, 1.5, math.inf, "3", None], "a whole number of at least 1; got "),
        ("batch_size", [1, 0, -64, 64.0, None], "a whole number of at least 2, for batch normalisation; got "),
        ("learning_rate", [0, -0.1, math.inf, math.nan], "positive and finite; got "),
        ("momentum", [-0.1, 1, 1.5, math.nan], r"in \[0, 1\); got "),
        ("weight_decay", [-1e-9, math.inf, math.nan], "finite and not negative; got "),
        ("optimiser", ["adam", ""], "one of sgd, adamw; got "),
        ("schedule", ["linear"], "one of one_cycle, cosine; got "),
        ("precision", ["float16"], "one of auto, float32, bfloat16; got "),
        ("label_smoothing", [-0.1, 1, math.nan], r"in \[0, 1\); got "),
        ("ema", [-0.1, 1], r"in \[0, 1\); got "),
        ("mixup", [-1, math.nan], "finite and not negative; got "),
        ("clip", [-1, math.inf], "finite and not negative; got "),
        ("crop", [-1, 0.5], "a whole number of pixels, 0 for none; got "),
        ("cutout", [-1, 0.5], "a whole number of pixels, 0 for none; got "),
        ("augmentation", [-0.1, 1.5], r"a share of the examples, in \[0, 1\]; got "),
        ("device", ["gpu", "", 3.5, None, "cuda:x"], "'auto' or a torch device such as 'cpu' or 'cuda:0'; got "),
    ],
)
def test_arguments_that_break_a_rule_are_refused(argument: str, values: list[Any], rule: str) -> None:
    for value in values:
        with pytest.raises(ValueError, match=f"classifier: {argument} must be {rule}"):
            Classifier(**{argument: value})


def test_a_device_that_is_not_there_is_refused() -> None:
    told = "classifier: device must exist on this machine, which has [0-9]+ CUDA devices; got 'cuda:99': take 'auto'"
    with pytest.raises(ValueError, match=told):
        Classifier(device="cuda:99")


def test_numpys_integers_are_whole_numbers() -> None:
    assert Classifier(epochs=np.int64(2), batch_size=np.int32(8)).epochs == 2  # type: ignore[arg-type]


def test_it_is_pickled_small() -> None:
    copy = pickle.loads(pickle.dumps(Classifier(epochs=3, learning_rate=0.2)))
    assert vars(copy) == vars(Classifier(epochs=3, learning_rate=0.2))
    assert len(pickle.dumps(copy)) < 1000


class InPlace(nn.Module):
    """Works in place on what it is given, and is different while it trains."""

    def __init__(self) -> None:
        super().__init__()
        self.drop = nn.Dropout(0.9)
        self.linear = nn.Linear(5, 4)

    def forward(self, x: Tensor) -> Tensor:
        outputs: Tensor = self.drop(self.linear(x.relu_()))
        return outputs


@pytest.mark.parametrize("batch_size", [1, 7, 1024])
def test_a_score_is_the_mean_loss_and_the_share_of_wrong_answers(batch_size: int) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        model = InPlace().train()
        inputs, targets = torch.randn(23, 5), torch.arange(23) % 4
    copy = inputs.clone()
    loss, error = score(model, Split(inputs, targets), batch_size)

    weight, bias = (parameter.detach().numpy().astype(np.float64) for parameter in model.linear.parameters())
    logits = np.maximum(copy.numpy().astype(np.float64), 0) @ weight.T + bias
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    answers = targets.numpy()
    assert loss == pytest.approx(-np.log(shares[np.arange(23), answers]).mean(), rel=1e-5)
    assert error == (logits.argmax(axis=1) != answers).sum() / 23
    assert 0 < error < 1
    assert not model.training
    assert torch.equal(inputs, copy), "the data are left as they are"
    assert all(parameter.grad is None for parameter in model.parameters())


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")
def test_it_trains_on_a_gpu() -> None:
    splits = Digits().load()
    data = (splits.train, splits.validation)
    training = trained(Classifier(), cell(), data)
    assert training.inputs.is_cuda
    assert next(training.model.parameters()).is_cuda
    assert training.validation_error < 0.2
