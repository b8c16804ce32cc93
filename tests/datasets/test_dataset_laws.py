"""Laws of every dataset that the room holds."""

import pickle
from pathlib import Path

import pytest
import torch
from dataset_files import ARGUMENTS, FOUND, made

from evonas.datasets.dataset import Dataset, Split, Splits
from evonas.datasets.loading import description, loaded
from spaces.discovery import summary

every_dataset = pytest.mark.parametrize("name", FOUND)


@pytest.fixture
def data(name: str, tmp_path: Path) -> tuple[Dataset, Splits]:
    dataset = made(name, tmp_path)
    return dataset, dataset.load()


def parts(splits: Splits) -> dict[str, Split]:
    return {"train": splits.train, "validation": splits.validation, "test": splits.test}


def rows(split: Split) -> list[bytes]:
    return [row.numpy().tobytes() for row in split.inputs]


def test_the_room_is_not_empty() -> None:
    assert {"digits", "digits_canvas", "cifar10", "image_folder", "arrays", "tabular", "text"} <= set(FOUND)


@every_dataset
def test_examples_have_the_shapes_and_types_promised(name: str, data: tuple[Dataset, Splits]) -> None:
    assert summary(FOUND[name])
    dataset, splits = data
    for title, split in parts(splits).items():
        assert len(split) > 0, title
        ready = split.ready(split.inputs)
        assert ready.shape == split.inputs.shape == (len(split), *dataset.input_shape), title
        assert split.targets.shape[0] == len(split), title
        if dataset.vocabulary is not None:
            assert ready.dtype == torch.int64, title
            assert 0 <= int(ready.min()) <= int(ready.max()) < dataset.vocabulary, title
        else:
            assert ready.dtype == torch.float32, title
            assert bool(torch.isfinite(ready).all()), title
            assert split.inputs.dtype in (torch.float32, torch.uint8), title
        assert split.targets.dtype == (torch.float32 if dataset.regression else torch.int64), title
        assert 0 <= int(split.targets.min()) <= int(split.targets.max()) < dataset.classes, title
    if dataset.vocabulary is None:
        assert set(splits.train.targets.tolist()) == set(range(dataset.classes)), "every class can be learnt"


@every_dataset
def test_no_example_is_in_two_splits(data: tuple[Dataset, Splits]) -> None:
    train, validation, test = (set(rows(split)) for split in parts(data[1]).values())
    assert not train & validation
    assert not train & test
    assert not validation & test


@every_dataset
def test_inputs_are_standardised_by_the_training_split(data: tuple[Dataset, Splits]) -> None:
    dataset, splits = data
    ready = splits.train.ready(splits.train.inputs).double()
    if dataset.vocabulary is not None:
        assert torch.equal(ready, splits.train.inputs.double()), "token ids are left as they are"
        return
    assert float(ready.mean()) == pytest.approx(0.0, abs=1e-4)
    assert float(ready.std()) == pytest.approx(1.0, abs=2e-3)


@every_dataset
def test_it_says_how_raw_examples_are_prepared_and_what_outputs_are(data: tuple[Dataset, Splits]) -> None:
    dataset, splits = data
    said = splits.preparation
    assert said is not None
    assert said.inputs
    assert len(said.input_mean) == len(said.input_deviation)
    assert len(said.input_mean) in ((0,) if dataset.vocabulary is not None else (1, dataset.input_shape[0]))
    assert len(said.output_mean) == len(said.output_deviation) == (dataset.classes if dataset.regression else 0)
    assert len(said.output_names) in (0, dataset.classes)
    assert 0 not in said.input_deviation


@every_dataset
def test_loading_is_repeatable_and_touches_no_global_generator(data: tuple[Dataset, Splits]) -> None:
    dataset, first = data
    torch.manual_seed(11)
    before = torch.get_rng_state()
    again = pickle.loads(pickle.dumps(dataset)).load()
    assert torch.equal(torch.get_rng_state(), before)
    for one, other in zip(parts(first).values(), parts(again).values(), strict=True):
        assert torch.equal(one.inputs, other.inputs)
        assert torch.equal(one.targets, other.targets)


@every_dataset
def test_it_is_pickled_without_its_data(data: tuple[Dataset, Splits]) -> None:
    assert len(pickle.dumps(data[0])) < 1000


@every_dataset
def test_it_passes_the_checks_and_says_what_was_found(data: tuple[Dataset, Splits]) -> None:
    dataset, splits = data
    told = description(dataset, loaded(dataset, test=True))
    assert told.startswith(f"{len(splits.train):,} train, {len(splits.validation):,} validation, ")
    assert "x".join(map(str, dataset.input_shape)) in told


@pytest.mark.parametrize("name", sorted(ARGUMENTS))
def test_a_path_that_leads_nowhere_is_refused_when_it_is_made(name: str, tmp_path: Path) -> None:
    arguments = {**ARGUMENTS[name](tmp_path), "path": str(tmp_path / "nowhere")}
    with pytest.raises(ValueError, match=f"{name}: there is nothing at .*nowhere; correct the path"):
        FOUND[name](**arguments)
