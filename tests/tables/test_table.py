"""Tables of measurements: what is read, and what is refused."""

import gzip

import numpy as np
import pytest

from evonas.tables.table import Table
from spaces.macro import Macro

TEXT = "arch,accuracy,note\n00000000,45.5,small\n22212220,,best\n11111111,nan,\n"


def write(folder, text, name="table.csv"):
    path = folder / name
    path.write_text(text)
    return path


@pytest.fixture
def space():
    return Macro()


def test_reads_columns_and_architectures(tmp_path, space):
    table = Table.read(write(tmp_path, TEXT), space)
    assert len(table) == 3
    assert table.names == ("accuracy", "note")
    np.testing.assert_array_equal(table.column("accuracy"), [45.5, np.nan, np.nan])
    assert [space.format(architecture) for architecture in table.architectures] == ["00000000", "22212220", "11111111"]


def test_compressed_tables_read_alike(tmp_path, space):
    path = tmp_path / "table.csv.gz"
    path.write_bytes(gzip.compress(TEXT.encode()))
    assert Table.read(path, space).cells == Table.read(write(tmp_path, TEXT), space).cells


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"table.csv:1 a table needs a column 'arch' .* it has none"),
        ("name,accuracy\n00000000,1\n", r"a column 'arch' .* it has name, accuracy. Convert other forms"),
        ("arch,a,a\n00000000,1,2\n", r"table.csv:1 every column needs a name of its own; got arch, a, a"),
        ("arch,a\n", r"table.csv has no row below its header"),
        ("arch,a\n00000000,1\n22222222\n", r"table.csv:3 expected 2 values, as in the first line; got 1"),
        ("arch,a\n00000000,1\n00000000,2\n", r"table.csv:3 architecture '00000000' stands in line 2 too"),
        ('arch,a\n"00000000,1\n', r"table.csv:2 is not readable as CSV: unexpected end of data"),
    ],
)
def test_refuses(tmp_path, space, text, message):
    with pytest.raises(ValueError, match=message):
        Table.read(write(tmp_path, text), space)


def test_refuses_a_truncated_archive(tmp_path, space):
    path = tmp_path / "table.csv.gz"
    path.write_bytes(gzip.compress(TEXT.encode())[:-12])
    with pytest.raises(ValueError, match=r"table.csv.gz:\d+ is not readable as CSV: Compressed file ended"):
        Table.read(path, space)


def test_refuses_architectures_outside_the_space(tmp_path, space):
    with pytest.raises(ValueError, match=r"table.csv: row 2 is not in the space: .*3"):
        _ = Table.read(write(tmp_path, "arch,a\n00000000,1\n00000003,2\n"), space).architectures


def test_refuses_columns_that_are_not_there_or_hold_text(tmp_path, space):
    table = Table.read(write(tmp_path, TEXT), space)
    with pytest.raises(ValueError, match="has no column 'error'; it has accuracy, note"):
        table.column("error")
    with pytest.raises(ValueError, match="column 'note' must hold numbers; row 1 holds 'small'"):
        table.column("note")
