"""Augmentation, mixing, losses and streaming, against the same made one example at a time."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from evonas.core.objective import Training
from evonas.core.split import Split
from evonas.trainers._augmentation import DRAWN, augmented
from evonas.trainers._batches import Batches
from evonas.trainers._descent import placed
from evonas.trainers.classifier import Classifier
from evonas.trainers.regressor import Regressor
from evonas.trainers.score import loss_of, score

CPU = torch.device("cpu")
IMAGES = torch.rand(64, 2, 6, 5, generator=torch.Generator().manual_seed(0)) + 0.1


def varied(images: Tensor = IMAGES, seed: int = 1, **changes: Any) -> Tensor:
    uniforms = torch.rand(DRAWN, len(images), generator=torch.Generator().manual_seed(seed))
    return augmented(images, uniforms, Classifier(device="cpu", **changes).recipe)


def shifts(image: Tensor, margin: int) -> dict[bytes, tuple[int, int]]:
    """Every shift of an image by up to ``margin``, made by hand; what leaves it is 0."""
    found = {}
    _, height, width = image.shape
    for down in range(-margin, margin + 1):
        for right in range(-margin, margin + 1):
            moved = torch.zeros_like(image)
            for y in range(height):
                for x in range(width):
                    if 0 <= y + down < height and 0 <= x + right < width:
                        moved[:, y, x] = image[:, y + down, x + right]
            found[moved.numpy().tobytes()] = (down, right)
    return found


def test_a_crop_is_a_shift_of_each_image_by_itself() -> None:
    cropped = varied(crop=2).contiguous().numpy()
    drawn = [shifts(image, 2).get(after.tobytes()) for image, after in zip(IMAGES, cropped, strict=True)]
    assert None not in drawn
    assert len(set(drawn)) > 15, "of 25"


def test_a_flip_mirrors_half_of_the_images() -> None:
    after = varied(flip=True)
    same = (after == IMAGES).flatten(1).all(dim=1)
    mirrored = (after == IMAGES.flip(-1)).flatten(1).all(dim=1)
    assert bool((same ^ mirrored).all())
    assert 20 < int(mirrored.sum()) < 44


def test_a_cutout_takes_a_square_out() -> None:
    areas = set()
    for image, after in zip(IMAGES, varied(cutout=3), strict=True):
        gone = after == 0
        assert torch.equal(after[~gone], image[~gone])
        assert torch.equal(gone[0], gone[1]), "the same place in every channel"
        rows, columns = gone[0].any(dim=1).nonzero().flatten(), gone[0].any(dim=0).nonzero().flatten()
        assert int(gone[0].sum()) == len(rows) * len(columns), "a rectangle"
        assert len(rows) == int(rows[-1] - rows[0]) + 1 <= 3
        areas.add((len(rows), len(columns)))
    assert areas == {(2, 2), (2, 3), (3, 2), (3, 3)}, "cut off at the border, else whole"


def test_augmentation_is_the_share_of_examples_that_are_changed() -> None:
    for share, least, most in ((0.0, 0, 0), (0.25, 6, 28), (1.0, 60, 64)):
        after = varied(crop=2, cutout=2, augmentation=share)
        changed = int((after != IMAGES).flatten(1).any(dim=1).sum())
        assert least <= changed <= most, share


def test_the_seed_fixes_every_draw_and_the_layout_is_channels_last() -> None:
    arguments = {"crop": 1, "flip": True, "cutout": 2}
    assert torch.equal(varied(**arguments), varied(**arguments))
    assert not torch.equal(varied(**arguments), varied(seed=2, **arguments))
    assert varied(crop=1, flip=True).is_contiguous(memory_format=torch.channels_last)
    with pytest.raises(ValueError, match=r"crop, flip and cutout are for images; inputs are of shape \(10,\)"):
        varied(torch.zeros(3, 10), crop=1)


def test_no_draw_reaches_beyond_its_range() -> None:
    almost_one = torch.full((DRAWN, len(IMAGES)), 1 - 2**-24)
    recipe = Classifier(device="cpu", crop=4, cutout=2).recipe
    moved = augmented(IMAGES, almost_one, recipe)
    assert torch.equal(moved[:, :, 0, 0], IMAGES[:, :, 4, 4]), "shifted by the whole margin"


def batches(seeds: Sequence[int] = (0,), train: Split | None = None, **changes: Any) -> Batches:
    return Batches(train or data(), Classifier(device="cpu", **changes).recipe, seeds, CPU)


def test_an_epoch_sees_every_example_once_and_the_next_in_another_order() -> None:
    train = Split(torch.arange(50.0)[:, None], torch.arange(50))
    drawn = batches(train=train, batch_size=16)
    epochs = [torch.cat([batch.targets[0] for batch in drawn.epoch()]).tolist() for _ in range(2)]
    assert [len(set(epoch)) for epoch in epochs] == [48, 48], "what fills no batch is left out"
    assert epochs[0] != epochs[1]
    assert all(torch.equal(batch.inputs[0, :, 0].long(), batch.targets[0]) for batch in drawn.epoch())


def test_several_are_drawn_for_as_each_alone_also_when_some_have_left() -> None:
    arguments: dict[str, Any] = {"train": pixels(40), "batch_size": 16, "mixup": 0.3, "crop": 1, "cutout": 2}
    together, alone = batches((3, 4, 5), **arguments), [batches([seed], **arguments) for seed in (3, 4, 5)]
    for staying in ([0, 1, 2], [2, 0]):
        together.keep(staying)
        alone = [alone[place] for place in staying]
        for batch, *own in zip(together.epoch(), *(each.epoch() for each in alone), strict=True):
            for place, single in enumerate(own):
                for all_of_them, its in zip(batch.tensors, single.tensors, strict=True):
                    assert torch.equal(all_of_them[place], its[0])


def test_mixup_weighs_a_batch_with_another_order_of_it() -> None:
    train = Split(torch.arange(800.0)[:, None], torch.arange(800))
    drawn = [batch for _ in range(20) for batch in batches(range(10), train, mixup=0.4, batch_size=80).epoch()]
    weights = torch.cat([batch.tensors[3] for batch in drawn]).numpy()
    assert len(weights) == 2000
    assert weights.mean() == pytest.approx(0.5, abs=0.03)
    assert weights.var() == pytest.approx(1 / (4 * (2 * 0.4 + 1)), rel=0.1), "the variance of Beta(0.4, 0.4)"
    for inputs, own, others, weight in (batch.tensors for batch in drawn):
        assert torch.equal(own.sort(dim=1).values, others.sort(dim=1).values)
        mixed = weight[:, None] * own + (1 - weight[:, None]) * others
        torch.testing.assert_close(inputs[:, :, 0], mixed.float(), rtol=1e-5, atol=1e-3)
    with pytest.raises(ValueError, match="mixup mixes numbers, and token ids are none: leave it out"):
        batches(train=Split(torch.arange(8)[:, None], torch.arange(8)), mixup=0.4)


def data(count: int = 48, regression: bool = False) -> Split:
    rng = torch.Generator().manual_seed(3)
    inputs = torch.randn(count, 4, generator=rng)
    weights = torch.tensor([[1.0, -2.0, 0.0, 0.5], [0.0, 1.0, 1.0, -1.0]])
    goals = inputs @ weights.T + 0.5
    return Split(inputs, goals if regression else (goals[:, 0] > 0.5).long())


def linear(outputs: int = 2) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return nn.Linear(4, outputs)


def trained(trainer: Any, model: nn.Module, train: Split, validation: Split | None = None) -> Training:
    training = trainer.train(model, train, validation or train, 0)
    assert isinstance(training, Training), training
    return training


def test_one_step_of_mixup_smoothing_and_clipping_is_the_textbooks() -> None:
    model, reference, train = linear(), linear(), data()
    trainer = Classifier(1, 48, 0.5, 0.0, 0.0, "cpu", schedule="cosine", mixup=0.7, label_smoothing=0.2, clip=0.05)
    trained(trainer, model, train)

    (batch,) = Batches(train, trainer.recipe, [0], CPU).epoch()
    mixed, targets, others, weight = (each[0] for each in batch.tensors)
    answers = weight * torch.nn.functional.one_hot(targets, 2) + (1 - weight) * torch.nn.functional.one_hot(others, 2)
    answers = 0.8 * answers + 0.2 / 2
    loss = -(answers * reference(mixed).log_softmax(dim=1)).sum(dim=1).mean()
    slopes = torch.autograd.grad(loss, list(reference.parameters()))
    norm = math.sqrt(sum(float(slope.square().sum()) for slope in slopes))
    assert norm > 0.05
    for mine, before, slope in zip(model.parameters(), reference.parameters(), slopes, strict=True):
        torch.testing.assert_close(mine, before - 0.5 * 0.05 / norm * slope, rtol=1e-4, atol=1e-6)


def test_the_moving_average_of_the_weights_is_what_is_measured() -> None:
    arguments = {"epochs": 1, "batch_size": 16, "momentum": 0.0, "weight_decay": 0.0, "device": "cpu"}
    paths = []
    model = linear()
    for parameter in [*model.parameters()]:
        paths.append([])
        parameter.register_post_accumulate_grad_hook(lambda p, path=paths[-1]: path.append(p.detach().clone()))
    trained(Classifier(**arguments), model, data())
    last = [parameter.detach().clone() for parameter in model.parameters()]
    averaged = linear()
    training = trained(Classifier(ema=0.8, **arguments), averaged, data())
    for path, end, mine in zip(paths, last, averaged.parameters(), strict=True):
        steps = [*path[1:], end]  # weights after each of three steps
        expected = 0.8 * (0.8 * steps[0] + 0.2 * steps[1]) + 0.2 * steps[2]
        torch.testing.assert_close(mine, expected, rtol=1e-5, atol=1e-6)
    assert score(averaged, data())[0] == training.metrics["validation_loss"]


def test_a_regression_finds_a_linear_map_and_its_error_is_the_root_of_the_mean_square() -> None:
    train, held = data(400, True), data(48, True)
    model = linear()
    training = trained(Regressor(epochs=60, learning_rate=0.05, weight_decay=0.0, device="cpu"), model, train, held)
    assert training.validation_error < 0.05
    with torch.no_grad():
        wrong = (model(held.inputs) - held.targets).double().numpy()
    assert training.validation_error == pytest.approx(math.sqrt((wrong**2).mean()), rel=1e-5)
    assert training.metrics["validation_loss"] == pytest.approx((wrong**2).mean(), rel=1e-5)
    with pytest.raises(ValueError, match=r"the network gives \(48, 3\) where targets are \(48, 2\)"):
        Regressor(device="cpu", epochs=1).train(linear(3), held, held, 0)


@pytest.mark.parametrize("every", [False, True])
def test_a_language_model_answers_for_every_position_or_the_last(every: bool) -> None:
    rng = torch.Generator().manual_seed(0)
    targets = torch.randint(5, (9, 4), generator=rng)
    outputs = torch.randn(9, 5, 4, generator=rng) if every else torch.randn(9, 5, generator=rng)
    shares = outputs.double().softmax(dim=1).numpy()
    answers = targets.numpy()
    if every:
        expected = -np.mean([math.log(shares[n, answers[n, t], t]) for n in range(9) for t in range(4)])
    else:
        expected = -np.mean([math.log(shares[n, answers[n, 3]]) for n in range(9)])
    assert float(loss_of(outputs, targets)) == pytest.approx(expected, rel=1e-5)

    class Fixed(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return outputs[x[:, 0]]

    inputs = torch.arange(9)[:, None].expand(9, 4)
    loss, error = score(Fixed(), Split(inputs, targets), batch_size=2)
    assert loss == pytest.approx(expected, rel=1e-5)
    right = targets if every else targets[:, -1]
    assert error == float((outputs.argmax(dim=1) != right).double().mean())


def pixels(count: int) -> Split:
    rng = torch.Generator().manual_seed(4)
    images = torch.randint(256, (count, 3, 4, 4), dtype=torch.uint8, generator=rng)
    mean, deviation = torch.tensor([100.0, 120, 140]).view(3, 1, 1), torch.tensor([70.0, 60, 50]).view(3, 1, 1)
    return Split(images, torch.arange(count) % 2, mean, deviation)


def test_pixels_train_as_their_standardised_selves() -> None:
    def network() -> nn.Module:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(2)
            return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(16, 2))

    raw = pixels(40)
    shape = (1, 3, 1, 1)
    by_hand = (raw.inputs.double().numpy() - np.reshape([100, 120, 140], shape)) / np.reshape([70, 60, 50], shape)
    ready = Split(torch.from_numpy(by_hand.astype(np.float32)), raw.targets)
    one, other = (trained(Classifier(epochs=2, batch_size=8, device="cpu"), network(), each) for each in (raw, ready))
    assert one.metrics["validation_loss"] == pytest.approx(other.metrics["validation_loss"], rel=1e-5)
    torch.testing.assert_close(one.inputs, other.inputs)
    assert one.inputs.dtype == torch.float32


def test_inputs_without_room_stay_where_they_are_and_others_move_whole() -> None:
    meta = torch.device("meta")  # a device without memory: shows what would move
    fits, large = placed(pixels(10), meta, room_bytes=480), placed(pixels(10), meta, room_bytes=479)
    assert (fits.inputs.device.type, fits.targets.device.type) == ("meta", "meta")
    assert (large.inputs.device.type, large.targets.device.type) == ("cpu", "cpu")
    assert large.mean is not None
    assert large.mean.device.type == "meta", "batches are standardised where they are trained on"
    assert fits.inputs.dtype == torch.uint8


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")
def test_streamed_and_resident_data_train_the_same_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    def run() -> Training:
        with torch.random.fork_rng():
            torch.manual_seed(2)
            model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(16, 2))
        return trained(Classifier(epochs=2, batch_size=8, device="cuda:0", crop=1, flip=True), model, pixels(40))

    resident = run()
    monkeypatch.setattr("evonas.trainers._descent.ROOM_FOR_DATA", 0.0)
    streamed = run()
    assert streamed.metrics["validation_loss"] == pytest.approx(resident.metrics["validation_loss"], rel=1e-2)
    assert resident.metrics["peak_memory_mb"] > 0
