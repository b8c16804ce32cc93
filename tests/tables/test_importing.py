"""Published measurements, in small files of the official layouts; the archives themselves are nowhere in here."""

from __future__ import annotations

import base64
import bz2
import csv
import json
import os
import pickle
import struct
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from evonas.cli.main import app
from evonas.tables.importing import FORMATS, import_table
from evonas.tables.table import Table
from evonas.tables.unpickling import torch_unpickled, unpickled
from spaces.cell101 import Cell101
from spaces.cell201 import Cell201
from spaces.discovery import discover, summary
from spaces.transformer import Transformer

CELLS = [
    "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|nor_conv_1x1~2|",
    "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|",
]


def imported(name: str, source: Path) -> list[dict[str, str]]:
    target = source.parent / "imported.csv"
    import_table(name, source, target)
    with target.open(newline="") as file:
        return list(csv.DictReader(file))


def results(index: int, epochs: int) -> dict[str, Any]:
    """``ArchResults.state_dict()`` of NAS-Bench-201's API, with two seeds."""

    def run(seed: int) -> dict[str, Any]:
        last = epochs - 1
        return {
            "name": "infer.tiny",
            "net_state_dict": {"weight": torch.zeros(3)},
            "train_acc1es": {last: 99.0},
            "train_losses": {last: 0.1},
            "train_times": OrderedDict((epoch, 2.0) for epoch in range(epochs)),
            "arch_config": {"channel": 16, "num_cells": 5, "arch_str": CELLS[index], "class_num": 10},
            "params": np.float64(0.5 + index),
            "flop": 10.25,
            "seed": seed,
            "epochs": epochs,
            "latency": [0.01, 0.03],
            "eval_names": ["x-valid", "ori-test"],
            "eval_acc1es": {f"x-valid@{last}": 80.0 + seed, f"ori-test@{last}": np.float32(70.5)},
            "eval_losses": {},
            "eval_times": {},
        }

    return {
        "arch_index": index,
        "arch_str": CELLS[index],
        "all_results": {("cifar10-valid", seed): run(seed) for seed in (1, 3)},
        "dataset_seed": {"cifar10-valid": [1, 3]},
        "clear_net_done": False,
    }


def archive(*names: str) -> dict[str, Any]:
    infos = {index: {name: results(index, int(name) if name.isdigit() else 12) for name in names} for index in (0, 1)}
    return {"meta_archs": CELLS, "arch2infos": infos, "evaluated_indexes": {0, 1}, "total_archs": 2}


def check_archive(rows: list[dict[str, str]], epochs: int) -> None:
    assert [row["arch"] for row in rows] == CELLS
    told = {name: float(text) for name, text in rows[1].items() if name != "arch"}
    assert told[f"cifar10-valid_x-valid_acc_{epochs}ep"] == 81.0
    assert told[f"cifar10-valid_x-valid_acc_{epochs}ep_mean"] == 82.0
    assert told[f"cifar10-valid_ori-test_acc_{epochs}ep_mean"] == 70.5
    assert told["cifar10-valid_params_m"] == 1.5
    assert told["cifar10-valid_flops_m"] == 10.25
    assert told["cifar10-valid_latency_s"] == pytest.approx(0.02)
    assert told[f"cifar10-valid_train_seconds_{epochs}ep"] == 2.0 * epochs


@pytest.mark.parametrize("zipped", [True, False], ids=["torch from 1.6", "torch before 1.6"])
def test_nasbench201(tmp_path: Path, zipped: bool) -> None:
    path = tmp_path / "NAS-Bench-201.pth"
    torch.save(archive("less"), path, _use_new_zipfile_serialization=zipped)
    check_archive(imported("nasbench201", path), 12)


def test_nats_bench_as_one_file_and_as_a_folder(tmp_path: Path) -> None:
    whole = archive("12", "200")
    path = tmp_path / "NATS-tss.pickle.pbz2"
    path.write_bytes(bz2.compress(pickle.dumps(whole)))
    rows = imported("nats_bench", path)
    check_archive(rows, 12)
    check_archive(rows, 200)
    folder = tmp_path / "simple"
    folder.mkdir()
    meta = {"meta_archs": CELLS, "total_archs": 2, "evaluated_indexes": {0, 1}}
    (folder / "meta.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps(meta)))
    for index, infos in whole["arch2infos"].items():
        (folder / f"{index:06d}.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps(infos)))
    (tmp_path / "imported.csv").unlink()
    assert imported("nats_bench", folder) == rows


def test_hw_nas_bench(tmp_path: Path) -> None:
    configs = [{"name": "infer.tiny", "C": 16, "N": 5, "arch_str": arch, "num_classes": 10} for arch in CELLS]
    metrics = {"config": configs, "edgegpu_latency": [5.5, np.float64(6.5)], "edgegpu_energy": [1.5, 2.5]}
    path = tmp_path / "HW-NAS-Bench.pickle"
    path.write_bytes(
        pickle.dumps({"nasbench201": {"cifar10": metrics, "cifar100": metrics}, "fbnet": {"cifar100": {}}})
    )
    rows = imported("hw_nas_bench", path)
    assert [row["arch"] for row in rows] == CELLS
    assert [float(row["cifar10_edgegpu_latency_ms"]) for row in rows] == [5.5, 6.5]
    assert float(rows[0]["cifar100_edgegpu_energy_mj"]) == 1.5


def test_nasbench_suite_zero(tmp_path: Path) -> None:
    """NASLib's operations: 0 skip, 1 none, 2 3x3, 3 1x1, 4 pooling; its edges: 1-2, 1-3, 1-4, 2-3, 2-4, 3-4."""
    cell = {"id": 3, "val_accuracy": 88.5, "snip": {"score": 1.5, "time": 0.1}, "nwot": {"score": 700.0, "time": 0.2}}
    path = tmp_path / "zc_nasbench201.json"
    path.write_text(json.dumps({"cifar10": {"(2, 1, 4, 0, 1, 3)": cell}, "cifar100": {"(2, 1, 4, 0, 1, 3)": cell}}))
    (row,) = imported("nasbench_suite_zero", path)
    assert row["arch"] == "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2|"
    assert Cell201().format(Cell201().parse(row["arch"])) == row["arch"]
    assert (row["cifar10_val_accuracy"], row["cifar100_proxy_snip"]) == ("88.5", "1.5")
    assert "cifar10_id" not in row


def test_nasbench101(tmp_path: Path) -> None:
    """Records as ``nasbench/api.py`` reads them; the protocol buffer is written here by hand from its definition."""

    def double(field: int, value: float) -> bytes:
        return bytes([field << 3 | 1]) + struct.pack("<d", value)

    def metrics(accuracy: float) -> str:
        stages = [
            double(1, epoch) + double(2, 1000.5) + double(3, 1.0) + double(4, accuracy) + double(5, accuracy - 0.01)
            for epoch in (0, 54, 108)
        ]
        stages[2] += bytes([6 << 3 | 2, 4]) + b"path"
        message = b"".join(bytes([1 << 3 | 2, len(stage)]) + stage for stage in stages)
        return base64.b64encode(message + bytes([2 << 3, 0xAC, 0x02]) + double(3, 5.0)).decode()  # 300 parameters

    content = b""
    for accuracy in (0.9, 0.93):
        record = json.dumps(["aa", 108, "010001000", "input,conv3x3-bn-relu,output", metrics(accuracy)]).encode()
        content += struct.pack("<Q", len(record)) + b"crc1" + record + b"crc2"
    path = tmp_path / "nasbench.tfrecord"
    path.write_bytes(content)
    (row,) = imported("nasbench101", path)
    Cell101().check(Cell101().parse(row["arch"]))
    assert float(row["valid_acc_108ep"]) == 0.9
    assert float(row["valid_acc_108ep_mean"]) == pytest.approx(0.915)
    assert float(row["test_acc_108ep_mean"]) == pytest.approx(0.905)
    assert (row["parameters"], row["train_seconds_108ep"]) == ("300", "1000.5")
    path.write_bytes(content[:-3])
    with pytest.raises(ValueError, match=r"nasbench.tfrecord ends within a record, or is no tfrecord"):
        import_table("nasbench101", path, tmp_path / "other.csv")


@pytest.mark.parametrize(
    ("name", "file", "space", "column"),
    [
        ("nasbench101_csv", "nasbench101_sample.csv.gz", Cell101(), "val_acc_ep108"),
        ("hwgpt_csv", "hwgpt_small.csv.gz", Transformer("hwgpt"), "perplexity"),
    ],
)
def test_published_tables_without_notations(tmp_path: Path, name: str, file: str, space: Any, column: str) -> None:
    published = Path(os.environ["EVONAS_DATA"]) / file
    if not published.is_file():
        pytest.skip(f"{file} is not in the folder that EVONAS_DATA names")
    target = tmp_path / "table.csv.gz"
    assert import_table(name, published, target)[0] == 10_000
    table = Table.read(target, space)
    space.check(space.parse(table.notations[0]))
    assert np.isfinite(table.column(column)).all()


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("made-by-a-pickle",)


@pytest.mark.parametrize("format_name", ["hw_nas_bench", "nasbench201", "nats_bench"])
def test_nothing_that_a_pickle_names_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format_name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "evil"
    if format_name == "nasbench201":
        torch.save({"meta_archs": Evil()}, path)
    else:
        content = pickle.dumps({"nasbench201": Evil()})
        path.write_bytes(bz2.compress(content) if format_name == "nats_bench" else content)
    with pytest.raises(
        ValueError, match=r"evil is not readable as a pickle of data: it asks for posix.mkdir, and only"
    ):
        import_table(format_name, path, tmp_path / "out.csv")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["evil"]


@pytest.mark.parametrize(
    "named",
    [b"cbuiltins\neval\n.", b"cbuiltins\ngetattr\n.", b"cos\nsystem\n.", b"cnumpy\nload\n.", b"ctorch\nload\n."],
)
def test_only_data_can_be_named(tmp_path: Path, named: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(named)
    with path.open("rb") as stream, pytest.raises(ValueError, match=r"it asks for .*, and only numbers, texts"):
        unpickled(stream, path)


def test_arrays_and_containers_come_back_and_tensors_do_not(tmp_path: Path) -> None:
    path = tmp_path / "file.pth"
    torch.save({"a": np.arange(6.0).reshape(2, 3), "b": OrderedDict(x={1, 2}), "c": torch.ones(3), "d": (1, "t")}, path)
    read = torch_unpickled(path)
    np.testing.assert_array_equal(read["a"], [[0, 1, 2], [3, 4, 5]])
    assert (read["b"], read["d"]) == (OrderedDict(x={1, 2}), (1, "t"))
    assert not isinstance(read["c"], torch.Tensor)


@pytest.mark.parametrize("name", discover(FORMATS))
def test_what_is_not_of_the_form_is_told_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    assert summary(discover(FORMATS)[name])
    path = tmp_path / "file"
    path.write_bytes(b'{"cifar10": 3}')
    with pytest.raises((ValueError, OSError), match=r"file|stream"):
        import_table(name, path, tmp_path / "out.csv")
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_the_command_names_the_forms_and_overwrites_nothing(tmp_path: Path) -> None:
    source, target = tmp_path / "zc.json", tmp_path / "table.csv"
    source.write_text(json.dumps({"cifar10": {"(2, 1, 4, 0, 1, 3)": {"val_accuracy": 88.5}}}))
    run = CliRunner().invoke(app, ["table", "import", "nasbench_suite_zero", str(source), str(target)])
    assert run.exit_code == 0, run.output
    assert "1 architectures with cifar10_val_accuracy" in run.output
    again = CliRunner().invoke(app, ["table", "import", "nasbench_suite_zero", str(source), str(target)])
    assert "exists already" in str(again.exception)
    wrong = CliRunner().invoke(app, ["table", "import", "nats_benhc", str(source), str(target)])
    assert "Did you mean 'nats_bench'?" in str(wrong.exception)
