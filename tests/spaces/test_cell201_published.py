"""``cell201`` against the published figures of NAS-Bench-201."""

import csv
import gzip
import json
import os
from pathlib import Path

import cell201_reference as reference
import pytest

from spaces.cell201 import Cell201

AVERAGED = json.loads((Path(__file__).parent / "nasbench201_averaged_rows.json").read_text())
"""Indices of the cells whose published counts average runs of different cells, and so differ from the cell's own."""

DATA = Path(os.environ.get("EVONAS_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))


@pytest.fixture(scope="module")
def table() -> list[dict[str, str]]:
    path = DATA / "nasbench201.csv.gz"
    if not path.exists():
        pytest.skip(f"no published table at {path}: set EVONAS_DATA to the folder that holds nasbench201.csv.gz")
    with gzip.open(path, "rt", newline="") as lines:
        return list(csv.DictReader(lines))


def test_the_extremes_are_the_published_ones() -> None:
    """Of all 15,625 cells with 16 channels, 5 cells a stage and 10 classes."""
    space = Cell201()
    costs = [space.cost(space.parse(text)) for text in reference.every_notation()]
    assert space.size == len(costs) == 15_625
    assert (min(cost.parameters for cost in costs), max(cost.parameters for cost in costs)) == (73_306, 1_531_546)
    assert (min(cost.macs for cost in costs), max(cost.macs for cost in costs)) == (7_783_040, 220_119_680)


def test_there_are_5425_distinct_networks() -> None:
    """At most the published 6,466: those keep a convolution of nothing apart from nothing, and count two convolutions
    of the same input as one; here a convolution of nothing is nothing, and sharing a result is not computing it twice.
    """
    space = Cell201()
    assert len({space.simplify(space.parse(text)).key for text in reference.every_notation()}) == 5_425


def test_the_table_holds_every_notation_and_reads_back(table: list[dict[str, str]]) -> None:
    space = Cell201()
    assert {row["arch"] for row in table} == set(reference.every_notation())
    for row in table:
        assert space.format(space.parse(row["arch"])) == row["arch"]


def test_parameters_equal_the_table_in_15421_rows(table: list[dict[str, str]]) -> None:
    """The other 204 published values are averages over runs of different cells."""
    space = Cell201(classes=10)
    equal = [space.cost(space.parse(row["arch"])).parameters == round(float(row["params_m"]) * 1e6) for row in table]
    assert (len(equal), sum(equal)) == (15_625, 15_421)
    assert [int(row["index"]) for row, same in zip(table, equal, strict=True) if not same] == AVERAGED["parameters"]


def test_macs_equal_the_table_in_15475_rows(table: list[dict[str, str]]) -> None:
    """The published count has a head of 100 classes and two digits."""
    space = Cell201(classes=100)
    equal = [round(space.cost(space.parse(row["arch"])).macs / 1e6, 2) == float(row["flops_m"]) for row in table]
    assert (len(equal), sum(equal)) == (15_625, 15_475)
    assert [int(row["index"]) for row, same in zip(table, equal, strict=True) if not same] == AVERAGED["macs"]


def test_there_are_6466_classes_under_the_benchmarks_own_isomorphism(table: list[dict[str, str]]) -> None:
    space = Cell201()
    ours = [space.benchmark_class(space.parse(row["arch"])) for row in table]
    published = [row["isomorphism_class"] for row in table]
    assert len(set(ours)) == len(set(published)) == len(set(zip(ours, published, strict=True))) == 6_466


def test_cells_of_one_published_class_compute_the_same_sum(table: list[dict[str, str]]) -> None:
    """Up to the sharing of results, which the published isomorphism does not see."""
    published: dict[str, set[reference.Sum]] = {}
    for row in table:
        published.setdefault(row["isomorphism_class"], set()).add(reference.expression(row["arch"], named=False))
    assert len(published) == 6_466
    assert all(len(sums) == 1 for sums in published.values())
