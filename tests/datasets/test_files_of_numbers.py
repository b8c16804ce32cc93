"""Arrays, tables and text, against what was written there."""

import builtins
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from dataset_files import npz, table, table_text, text

from evonas.datasets.arrays import Arrays
from evonas.datasets.dataset import Splits
from evonas.datasets.loading import description, loaded
from evonas.datasets.tabular import Tabular
from evonas.datasets.text import Text


def joined(splits: Splits, name: str) -> Any:
    return (
        torch.cat([getattr(split, name) for split in (splits.train, splits.validation, splits.test)]).double().numpy()
    )


def test_arrays_are_the_files_rows_standardised_by_those_trained_on(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    inputs, targets = rng.normal(size=(50, 3)) * [1, 10, 100] + 5, rng.integers(4, size=50)
    np.save(tmp_path / "x.npy", inputs)
    np.save(tmp_path / "y.npy", targets)
    splits = Arrays(inputs=str(tmp_path / "x.npy"), targets=str(tmp_path / "y.npy")).load()
    # Each column's values keep their order, so that ranks tell which row is which.
    found = joined(splits, "inputs")
    order = np.argsort(found[:, 0])
    np.testing.assert_array_equal(joined(splits, "targets")[order], targets[np.argsort(inputs[:, 0])])
    train = inputs[
        np.isin(np.argsort(np.argsort(inputs[:, 0])), np.argsort(np.argsort(found[:, 0]))[: len(splits.train)])
    ]
    expected = (inputs - train.mean(axis=0)) / train.std(axis=0)
    np.testing.assert_allclose(found[order], expected[np.argsort(inputs[:, 0])], atol=1e-5)


def test_arrays_of_pixels_stay_bytes_and_numbers_are_a_regression(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    pixels = rng.integers(256, size=(40, 2, 4, 4)).astype(np.uint8)
    goals = rng.normal(7, 3, size=(40, 2))
    dataset = Arrays(str(npz(tmp_path, inputs=pixels, targets=goals)))
    splits = loaded(dataset)
    assert (dataset.regression, dataset.classes, dataset.input_shape) == (True, 2, (2, 4, 4))
    assert splits.train.inputs.dtype == torch.uint8
    assert splits.train.targets.double().mean(dim=0).abs().max() < 1e-5
    assert {row.tobytes() for row in pixels} == {row.tobytes() for row in joined(splits, "inputs").astype(np.uint8)}


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        ({"inputs": None}, r"holds no array 'inputs'|cannot be read"),
        ({"targets": None}, r"holds no array 'targets'; save it with np\.savez"),
        ({"targets": np.arange(59)}, "inputs and targets must be equally many; got 60 and 59"),
        ({"targets": np.arange(60) - 1}, "classes are numbered from 0; targets hold -1"),
        ({"targets": np.array(["a"] * 60)}, "targets must be whole numbers of shape"),
        ({"inputs": np.array([{}] * 60)}, r"inputs must be numbers of shape \(n, \.\.\.\); got object"),
        ({"targets": np.array([{}] * 60)}, "Python objects are not read"),
        ({"inputs": np.zeros(60)}, r"inputs must be numbers of shape \(n, \.\.\.\); got float64 of shape \(60,\)"),
    ],
)
def test_arrays_of_the_wrong_kind_are_refused_when_they_are_named(tmp_path: Path, arrays: Any, told: str) -> None:
    with pytest.raises(ValueError, match=f"arrays: .*({told})"):
        Arrays(str(npz(tmp_path, **arrays)))


def test_faulty_arrays_are_refused_when_they_are_loaded(tmp_path: Path) -> None:
    holes = np.ones((60, 7))
    holes[[4, 9], 2] = np.nan
    with pytest.raises(ValueError, match="2 of 60 rows hold NaN or infinite numbers, the first is row 4"):
        loaded(Arrays(str(npz(tmp_path, inputs=holes))))
    with pytest.raises(ValueError, match="Arrays: all 36 training examples are of class 0; add another"):
        loaded(Arrays(str(npz(tmp_path, targets=np.zeros(60, dtype=int)))))
    with pytest.raises(
        ValueError, match="Arrays: the target is the same number in every training example; take another"
    ):
        loaded(Arrays(str(npz(tmp_path, targets=np.full(60, 2.5)))))
    path = npz(tmp_path)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ValueError, match=r"arrays: arrays\.npz cannot be read as numpy's file of inputs"):
        Arrays(str(path))
    with pytest.raises(ValueError, match=r"give path, an \.npz file, or inputs and targets, two \.npy files"):
        Arrays(inputs=str(path))
    with pytest.raises(ValueError, match=r"path is an \.npz file of both; give x\.npy as inputs or targets"):
        Arrays("x.npy")


def test_a_table_is_numbers_and_an_input_for_each_category(tmp_path: Path) -> None:
    path = str(table(tmp_path))
    dataset = Tabular(path, "species", ignored=["code"])
    assert (dataset.input_shape, dataset.classes) == ((1 + 3 + 1 + 1,), 2)  # length, colours, grade, weight
    assert Tabular(path, "species", categorical=["grade"], ignored=["code"]).input_shape == (1 + 3 + 4 + 1,)
    splits = loaded(dataset)
    inputs = joined(splits, "inputs")
    np.testing.assert_allclose(inputs[:, 0], inputs[:, 5], atol=1e-4)  # weight is twice the length
    colours = inputs[:, 1:4] > 0
    assert (colours.sum(axis=1) == 1).all()
    lengths = np.array([float(line.split(",")[0]) for line in table_text().split("\n")[1:]])
    ranked = np.argsort(np.argsort(lengths))
    rank_of = np.argsort(np.argsort(inputs[:, 0]))
    names = ["blue", "green", "red"]  # sorted
    true = [("red", "green", "blue")[number % 3] for number in np.argsort(ranked)]
    assert [names[int(row.argmax())] for row in colours[np.argsort(rank_of)]] == true


def test_a_tables_regression_is_standardised_by_the_training_rows(tmp_path: Path) -> None:
    dataset = Tabular(str(table(tmp_path)), "weight", regression=True, ignored=["code"])
    splits = loaded(dataset)
    targets = splits.train.targets.double()
    assert splits.train.targets.shape == (len(splits.train), 1)
    assert (float(targets.mean()), float(targets.std(correction=0))) == pytest.approx((0, 1), abs=1e-5)
    assert abs(float(joined(splits, "targets").mean())) > 1e-3, "else this test could not tell them apart"


def test_a_table_says_how_its_lines_became_inputs_and_targets(tmp_path: Path) -> None:
    splits = Tabular(str(table(tmp_path)), "weight", regression=True, ignored=["code"]).load()
    said = splits.preparation
    assert said is not None
    assert said.input_names == (
        "length",
        "colour=blue",
        "colour=green",
        "colour=red",
        "grade",
        "species=s0",
        "species=s1",
    )
    raw = joined(splits, "inputs") * said.input_deviation + said.input_mean
    weights = joined(splits, "targets") * said.output_deviation + said.output_mean
    lines = [line.split(",") for line in table_text().split("\n")[1:]]
    expected = [
        [float(length), colour == "blue", colour == "green", colour == "red", float(grade), kind == "s0", kind == "s1"]
        for length, colour, grade, _, kind, _ in lines
    ]
    order = np.argsort(raw[:, 0])
    np.testing.assert_allclose(raw[order], sorted(np.array(expected).tolist()), atol=1e-5)
    np.testing.assert_allclose(weights[order, 0], sorted(float(line[5]) for line in lines), atol=1e-5)
    classes = Tabular(str(table(tmp_path)), "species", ignored=["code"]).load().preparation
    assert classes is not None
    assert classes.output_names == ("s0", "s1")


def test_parquet_is_the_same_table(tmp_path: Path) -> None:
    csv = pytest.importorskip("pyarrow.csv", reason="pyarrow is not installed")
    from pyarrow import parquet

    path = table(tmp_path)
    parquet.write_table(csv.read_csv(path), tmp_path / "table.parquet")
    one, other = (Tabular(str(file), "species").load() for file in (path, tmp_path / "table.parquet"))
    assert torch.equal(one.train.inputs, other.train.inputs)
    (tmp_path / "table.parquet").write_bytes(b"PAR1")
    with pytest.raises(ValueError, match=r"cannot be read as parquet .* save it again"):
        Tabular(str(tmp_path / "table.parquet"), "species")


def test_parquet_without_pyarrow_names_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "table.parquet").write_bytes(b"")
    found = builtins.__import__

    def without(name: str, *rest: Any, **keywords: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return found(name, *rest, **keywords)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ValueError, match=r"needs the package pyarrow: pip install 'evonas\[parquet\]', or save it as"):
        Tabular(str(tmp_path / "table.parquet"), "species")


def test_a_column_that_only_names_its_row_is_no_input_unless_asked_for(tmp_path: Path) -> None:
    lines = [f"{number},u{number},{number % 2}" for number in range(210)]
    path = str(table(tmp_path, "\n".join(["a,who,kind", *lines])))
    with pytest.raises(ValueError, match=r"column 'who' has 210 different texts in 210 rows: .* list it under ignored"):
        Tabular(path, "kind")
    assert Tabular(path, "kind", ignored=["who"]).input_shape == (1,)
    assert Tabular(path, "kind", categorical=["who"]).input_shape == (211,)


def test_images_with_their_channels_last_are_told(tmp_path: Path) -> None:
    pixels = np.random.default_rng(2).integers(256, size=(60, 8, 8, 3)).astype(np.uint8)
    for inputs, last in ((pixels, True), (pixels.transpose(0, 3, 1, 2), False)):
        dataset = Arrays(str(npz(tmp_path, inputs=inputs)))
        assert ("CHANNELS SEEM TO BE LAST" in description(dataset, loaded(dataset))) == last


LINES = "a,b\n1,x\n2,y\n3,x\n4,y\n"


@pytest.mark.parametrize(
    ("content", "arguments", "told"),
    [
        (LINES, {"target": "c"}, "has the columns a, b; got 'c'"),
        (LINES.replace(",", ";"), {"target": "b"}, "has one column, 'a;b'; fields are separated by commas"),
        (LINES, {"target": "b", "ignored": ["d"]}, "has the columns a, b; got 'd'"),
        (LINES, {"target": "b", "ignored": ["a"]}, "has no column beside the target 'b'"),
        (LINES + "5\n", {"target": "b"}, "as many fields as the first, 2; line 6 of .* has 1"),
        (LINES + ",x\n", {"target": "b"}, "column 'a' has 1 missing or infinite numbers, the first in row 5; fill"),
        (LINES + "nan,x\n", {"target": "b"}, "column 'a' has 1 missing or infinite numbers"),
        (LINES + "5,\n", {"target": "b"}, "the target 'b' is missing in some rows"),
        (LINES, {"target": "b", "regression": True}, "the target 'b' of a regression must hold numbers alone"),
        ("a,a\n" + LINES, {"target": "a"}, "columns of .* have different names; a is there twice"),
        ("a,b\n", {"target": "a"}, "at least three rows; .* has 0 rows"),
        ("", {"target": "a"}, "at least three rows"),
        ("a,b\n" + "\n".join(f"{n},{n}" for n in range(150)), {"target": "a"}, "write regression: true"),
        (
            "a,b\n" + "\n".join(f"1,t{n}" for n in range(1500)),
            {"target": "a", "categorical": ["b"]},
            "1,500 different texts, more than 1,000",
        ),
    ],
)
def test_faulty_tables_are_refused_when_they_are_named(tmp_path: Path, content: str, arguments: Any, told: str) -> None:
    with pytest.raises(ValueError, match=f"tabular: .*{told}"):
        Tabular(str(table(tmp_path, content)), **arguments)


def test_text_is_the_files_bytes_and_those_that_follow(tmp_path: Path) -> None:
    path = text(tmp_path, size=1000)
    content = path.read_bytes()
    splits = Text(str(path), tokens=20).load()
    start = 0
    for split, share in ((splits.train, 0.8), (splits.validation, 0.1), (splits.test, 0.1)):
        stretch = content[start : start + round(1000 * share)]
        count = (len(stretch) - 1) // 20
        assert split.inputs.shape == split.targets.shape == (count, 20)
        assert bytes(split.inputs.flatten().tolist()) == stretch[: count * 20]
        assert bytes(split.targets.flatten().tolist()) == stretch[1 : count * 20 + 1]
        start += len(stretch)


def test_a_text_shorter_than_its_examples_is_refused(tmp_path: Path) -> None:
    path = str(text(tmp_path, size=1000))
    Text(path, tokens=99)
    with pytest.raises(ValueError, match=r"needs at least tokens \+ 1 = 101 bytes, the shortest has 100 of the 1,000"):
        Text(path, tokens=100)
    with pytest.raises(ValueError, match="text: tokens must be a whole number of at least 2; got 1"):
        Text(path, tokens=1)
    with pytest.raises(ValueError, match=r"text: validation and test must leave .*; together they take 1\.1"):
        Text(path, validation=0.6, test=0.5)
    with pytest.raises(ValueError, match="text: test must be a share of the examples between 0 and 1; got 0"):
        Text(path, test=0)
