"""Laws of every dataset that the room holds."""

import pickle

import pytest
import torch

from evonas.campaign.rooms import ROOMS
from evonas.datasets.dataset import Dataset, Split, Splits
from spaces.discovery import discover, summary

FOUND = discover(ROOMS["dataset"])
every_dataset = pytest.mark.parametrize("name", FOUND)


def loaded(name: str) -> tuple[Dataset, Splits]:
    dataset = FOUND[name]()
    return dataset, dataset.load()


def parts(splits: Splits) -> dict[str, Split]:
    return {"train": splits.train, "validation": splits.validation, "test": splits.test}


def rows(split: Split) -> list[bytes]:
    return [row.numpy().tobytes() for row in split.inputs]


def test_the_room_is_not_empty() -> None:
    assert "digits" in FOUND


@every_dataset
def test_examples_have_the_shapes_and_types_promised(name: str) -> None:
    assert summary(FOUND[name])
    dataset, splits = loaded(name)
    for title, split in parts(splits).items():
        assert len(split) > 0, title
        assert split.inputs.shape == (len(split), *dataset.input_shape), title
        assert split.targets.shape == (len(split),), title
        assert split.inputs.dtype == torch.float32, title
        assert split.targets.dtype == torch.int64, title
        assert bool(torch.isfinite(split.inputs).all()), title
        assert int(split.targets.min()) >= 0, title
        assert int(split.targets.max()) < dataset.classes, title
    assert set(splits.train.targets.tolist()) == set(range(dataset.classes)), "every class can be learnt"


@every_dataset
def test_no_example_is_in_two_splits(name: str) -> None:
    _, splits = loaded(name)
    train, validation, test = (set(rows(split)) for split in parts(splits).values())
    assert not train & validation
    assert not train & test
    assert not validation & test


@every_dataset
def test_inputs_are_standardised_by_the_training_split(name: str) -> None:
    _, splits = loaded(name)
    assert float(splits.train.inputs.double().mean()) == pytest.approx(0.0, abs=1e-4)
    assert float(splits.train.inputs.double().std()) == pytest.approx(1.0, abs=1e-3)


@every_dataset
def test_loading_is_repeatable_and_touches_no_global_generator(name: str) -> None:
    dataset, first = loaded(name)
    torch.manual_seed(11)
    before = torch.get_rng_state()
    again = pickle.loads(pickle.dumps(dataset)).load()
    assert torch.equal(torch.get_rng_state(), before)
    for one, other in zip(parts(first).values(), parts(again).values(), strict=True):
        assert torch.equal(one.inputs, other.inputs)
        assert torch.equal(one.targets, other.targets)


@every_dataset
def test_it_is_pickled_without_its_data(name: str) -> None:
    dataset, _ = loaded(name)
    assert len(pickle.dumps(dataset)) < 1000
