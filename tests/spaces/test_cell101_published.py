"""``cell101`` against the published figures of NAS-Bench-101."""

import csv
import gzip
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import cell101_reference as reference
import numpy as np
import pytest

from spaces.cell101 import Cell101

DATA = Path(os.environ.get("EVONAS_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))
UNIQUE = {2: 1, 3: 6, 4: 84, 5: 2_441, 6: 62_010, 7: 359_082}  # graphs with exactly so many vertices; in all 423,624
EXTREMES = (227_274, 49_979_274)  # published parameters of the smallest and the largest network


@pytest.fixture(scope="module")
def table() -> list[dict[str, str]]:
    path = DATA / "nasbench101_sample.csv.gz"
    if not path.exists():
        pytest.skip(f"no published table at {path}: set EVONAS_DATA to the folder that holds nasbench101_sample.csv.gz")
    with gzip.open(path, "rt", newline="") as lines:
        return list(csv.DictReader(lines))


def notation(row: dict[str, str]) -> str:
    return f"{row['adjacency_rowmajor']} {row['ops']}"


def test_the_hash_equals_the_benchmarks_in_all_rows(table: list[dict[str, str]]) -> None:
    space = Cell101()
    equal = [space.module_hash(space.parse(notation(row))) == row["module_hash"] for row in table]
    assert (len(equal), sum(equal)) == (10_000, 10_000)


def test_parameters_equal_the_table_in_all_rows(table: list[dict[str, str]]) -> None:
    space = Cell101()
    equal = [space.cost(space.parse(notation(row))).parameters == int(row["trainable_parameters"]) for row in table]
    assert (len(equal), sum(equal)) == (10_000, 10_000)


def test_all_rows_read_back_and_have_keys_of_their_own(table: list[dict[str, str]]) -> None:
    space = Cell101()
    cells = [space.parse(notation(row)) for row in table]
    for row, cell in zip(table, cells, strict=True):
        assert space.format(cell) == reference.text(reference.module(notation(row)))
        assert space.simplify(cell) == cell
    assert len({row["module_hash"] for row in table}) == len({cell.key for cell in cells}) == 10_000


def test_built_networks_have_the_published_parameters(table: list[dict[str, str]]) -> None:
    """The first of each number of inner vertices that feed the output; three do not divide 128."""
    space = Cell101()
    chosen: dict[int, dict[str, str]] = {}
    for row in table:
        matrix, _ = reference.module(notation(row))
        sources = sum(line[-1] for line in matrix[1:])
        chosen.setdefault(sources, row)
    assert sorted(chosen) == [1, 2, 3, 4]
    for row in chosen.values():
        model = space.build(space.parse(notation(row)))
        assert sum(weight.numel() for weight in model.parameters()) == int(row["trainable_parameters"])


def keys_of_all(vertices: int) -> tuple[dict[str, str], int]:
    """Keys of all graphs with exactly so many vertices, each with one notation, and how many matrices there are.

    Each is isomorphic to a labelling of the first matrix of its unlabelled class, so one matrix of a class is enough.
    """
    space = Cell101()
    keys: dict[str, str] = {}
    classes: set[str] = set()
    matrices = list(reference.every_module(vertices, 9, reference.OPS[:1]))
    for matrix, ops in matrices:
        plain = space.parse(reference.text((matrix, ops))).key
        if plain not in classes:
            classes.add(plain)
            for text in labelled(matrix):
                keys.setdefault(space.parse(text).key, text)
    return keys, len(matrices)


def labelled(matrix: reference.Matrix) -> Iterator[str]:
    number = len(matrix) - 2
    for code in range(3**number):
        names = [reference.OPS[code // 3**place % 3] for place in range(number)]
        yield reference.text((matrix, ["input", *names, "output"]))


@pytest.mark.parametrize("vertices", [2, 3, 4, 5])
def test_distinct_graphs_by_vertices_are_as_many_as_published(vertices: int) -> None:
    """Counted over every labelled matrix, by our key, by the benchmark's hash, and by the first of the enumeration."""
    space = Cell101()
    keys, hashes, firsts = set(), set(), set()
    for found in reference.every_module(vertices, 9):
        cell = space.parse(reference.text(found))
        keys.add(space.simplify(cell).key)
        hashes.add(space.module_hash(cell))
        firsts.add(reference.text(reference.first(found)))
    assert len(keys) == len(hashes) == len(firsts) == UNIQUE[vertices]
    assert keys == keys_of_all(vertices)[0].keys()


@pytest.mark.slow
def test_there_are_423624_distinct_graphs_up_to_seven_vertices() -> None:
    found = {vertices: keys_of_all(vertices) for vertices in range(2, 8)}
    assert {vertices: len(keys) for vertices, (keys, _) in found.items()} == UNIQUE
    assert sum(len(keys) for keys, _ in found.values()) == 423_624
    space = Cell101()
    parameters = [space.cost(space.parse(text)).parameters for keys, _ in found.values() for text in keys.values()]
    assert (min(parameters), max(parameters)) == EXTREMES
    assert space.size == sum(number * 3 ** (vertices - 2) for vertices, (_, number) in found.items())


def test_the_size_is_the_number_of_all_labelled_matrices() -> None:
    total = 0
    for vertices in range(2, 8):
        pairs = [(x, y) for y in range(vertices) for x in range(y)]
        bits = np.arange(2 ** len(pairs), dtype=np.uint32)
        entries = {pair: (bits >> place & 1).astype(bool) for place, pair in enumerate(pairs)}
        good = sum(entry.astype(np.uint8) for entry in entries.values()) <= 9
        for vertex in range(vertices - 1):
            good &= np.any([entry for (x, _), entry in entries.items() if x == vertex], axis=0)
            good &= np.any([entry for (_, y), entry in entries.items() if y == vertex + 1], axis=0)
        total += int(good.sum()) * 3 ** (vertices - 2)
    assert Cell101().size == total == 1_293_208


CHAIN = "0111010" + "0010000" + "0001000" + "0000100" + "0000010" + "0000001" + "0" * 7  # the input feeds four of five
NARROW = "0100000" + "0010010" + "0001001" + "0000101" + "0000001" + "0000001" + "0" * 7  # four feed the output


def test_the_smallest_and_the_largest_published_cell() -> None:
    """The slow count of all graphs finds none smaller and none larger."""
    space = Cell101()
    largest = space.parse(f"{CHAIN} input,{'conv3x3-bn-relu,' * 5}output")
    smallest = space.parse(f"{NARROW} input,{'maxpool3x3,' * 5}output")
    assert space.cost(smallest).parameters == EXTREMES[0]
    assert space.cost(largest).parameters == EXTREMES[1]


def test_sizes_of_drawn_cells_follow_the_enumeration() -> None:
    """Nine in ten have seven vertices; drawn shares lie within five standard deviations of the enumerated ones."""
    space, rng = Cell101(), np.random.default_rng(0)
    drawn = Counter(len(space.sample(rng).nodes) for _ in range(20_000))
    for vertices in (5, 6):
        labelled_matrices = sum(1 for _ in reference.every_module(vertices, 9, reference.OPS[:1])) * 3 ** (vertices - 2)
        share = labelled_matrices / 1_293_208
        assert abs(drawn[vertices] / 20_000 - share) < 5 * (share * (1 - share) / 20_000) ** 0.5
