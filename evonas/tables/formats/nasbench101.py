"""NAS-Bench-101's tfrecord."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from evonas.tables.table_format import Row, TableFormat

_EVALUATION_DATA, _TRAINABLE_PARAMETERS = 1, 2  # fields of ModelMetrics
_TRAINING_TIME, _VALIDATION_ACCURACY, _TEST_ACCURACY = 2, 4, 5  # fields of EvaluationData
_FINAL = 2  # of the evaluations at the start, half way and at the end


class NasBench101(TableFormat):
    """NAS-Bench-101 (Ying et al., ICML 2019), ``nasbench_full.tfrecord`` or ``nasbench_only108.tfrecord``, for cell101.

    Of every length of training, the first run and the mean of all runs; accuracies are shares. Checksums of records
    are not verified.
    """

    def rows(self, path: Path) -> Iterator[Row]:
        rows: dict[str, dict[str, str | float | int]] = {}
        runs: dict[tuple[str, int], int] = {}
        with path.open("rb") as stream:
            for number, record in enumerate(_records(stream, path), start=1):
                try:
                    module_hash, epochs, adjacency, operations, metrics = json.loads(record)
                    fields = _fields(base64.b64decode(metrics))
                    final = _fields(fields[_EVALUATION_DATA][_FINAL])  # type: ignore[arg-type]
                    row = rows.setdefault(
                        module_hash, {"arch": f"{adjacency} {operations}", "module_hash": module_hash}
                    )
                    row["parameters"] = int(fields[_TRAINABLE_PARAMETERS][0])
                    run = runs[module_hash, epochs] = runs.get((module_hash, epochs), 0) + 1
                    for name, field in (
                        (f"valid_acc_{epochs}ep", _VALIDATION_ACCURACY),
                        (f"test_acc_{epochs}ep", _TEST_ACCURACY),
                        (f"train_seconds_{epochs}ep", _TRAINING_TIME),
                    ):
                        value = _double(final[field][0])
                        row.setdefault(name, value)
                        mean = float(row.get(f"{name}_mean", 0.0))
                        row[f"{name}_mean"] = mean + (value - mean) / run
                except (KeyError, IndexError, TypeError, ValueError, struct.error) as error:
                    raise ValueError(
                        f"{path}: record {number} has not NAS-Bench-101's layout: {type(error).__name__} {error}"
                    ) from error
        yield from rows.values()


def _records(stream: IO[bytes], path: Path) -> Iterator[bytes]:
    """A tfrecord's records: each its length in 8 bytes, a checksum in 4, its bytes, and a checksum in 4."""
    while header := stream.read(12):
        length = struct.unpack("<Q", header[:8])[0] if len(header) == 12 else -1
        record = stream.read(length) if 0 <= length < 1 << 24 else b""
        if len(record) != length or len(stream.read(4)) != 4:
            raise ValueError(f"{path} ends within a record, or is no tfrecord")
        yield record


def _fields(message: bytes) -> dict[int, list[int | bytes]]:
    """A protocol buffer's fields by number, in order; numbers of 64 bits and texts as their bytes."""
    found: dict[int, list[int | bytes]] = {}
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        value: int | bytes
        if tag & 7 == 0:
            value, position = _varint(message, position)
        elif tag & 7 in (1, 2, 5):
            length = {1: 8, 5: 4}.get(tag & 7, 0)
            if tag & 7 == 2:
                length, position = _varint(message, position)
            value, position = message[position : position + length], position + length
        else:
            raise ValueError(f"a protocol buffer has no wire type {tag & 7}")
        found.setdefault(tag >> 3, []).append(value)
    if position != len(message):
        raise ValueError("a protocol buffer ends within a field")
    return found


def _varint(message: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[position]
        value |= (byte & 127) << shift
        position, shift = position + 1, shift + 7
        if byte < 128:
            return value, position


def _double(value: int | bytes) -> float:
    number: float = struct.unpack("<d", value)[0]  # type: ignore[arg-type]
    return number
